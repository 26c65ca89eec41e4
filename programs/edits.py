"""Small changes to a function, from which search operators and simplification are made.

They keep single assignment and nothing else: whether the outcome type-checks is for `check` to say,
and its names are for `tidy` to settle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from programs.genome import Argument, Function, Statement, is_anonymous
from programs.kind import Kind
from programs.operator import returns_with, substituted


def with_statement(function: Function, place: int, statement: Statement) -> Function:
    """Return the function with another statement at `place`."""
    body = (*function.body[:place], statement, *function.body[place + 1 :])
    return replace(function, body=body)


def redirected(
    function: Function,
    place: int,
    old: str,
    new: Argument,
    inserted: Sequence[Statement] = (),
) -> Function:
    """Insert statements before `place`; from there on, `new` is read wherever `old` was."""
    after = substituted(function.body[place:], old, new)
    body = (*function.body[:place], *inserted, *after)
    return replace(function, body=body, returns=returns_with(function, old, new))


def instead(function: Function, place: int, value: Argument) -> Function:
    """Read `value` for the statement at `place`; a value without a name takes over that one's."""
    old = function.body[place].target
    if is_anonymous(old) or not isinstance(value, str) or not is_anonymous(value):
        return redirected(function, place + 1, old, value)

    def named(name: str) -> str:
        return old if name == value else name

    body = (*function.body[:place], *function.body[place + 1 :])
    returns = tuple([named(r) if isinstance(r, str) else r for r in function.returns])
    return replace(function, body=tuple([s.renamed(named) for s in body]), returns=returns)


def first_free(*functions: Function) -> int:
    """Return a number above that of every numbered name, for names that collide with none."""
    numbers = (name.rpartition(".")[2] for f in functions for name in f.bound())
    return 1 + max((int(n) for n in numbers if n.isdecimal()), default=0)


def ancestors(
    statements: Iterable[Statement], names: Iterable[str]
) -> tuple[tuple[Statement, ...], frozenset[str]]:
    """Return the statements that names are computed by, in order, and the inputs they start from.

    An input is a name that none of the statements binds.
    """
    needed, found = set(names), []
    for statement in reversed(tuple(statements)):
        if statement.target in needed:
            needed.discard(statement.target)
            needed.update(statement.names())
            found.append(statement)
    return tuple(reversed(found)), frozenset(needed)


def with_inputs(function: Function, kind: Kind, names: Iterable[str]) -> Function:
    """Return the function taking these inputs too: those required, then states, then the rest."""
    entry = kind.entry
    wanted = {*function.params, *names}
    first = [n for n in entry.inputs if n in wanted and n in entry.required]
    last = [n for n in entry.inputs if n in wanted and n not in entry.required]
    return replace(function, params=(*first, *entry.states(function), *last))
