"""Ways to shorten a program by force: take a value from elsewhere instead of computing it.

shortcuts   whatever stands ready: a constant, any earlier value, another state or parameter.
            `simplify` keeps those that change nothing.
ablations   what is left of a statement when its op is taken away: one of its arguments, 0 or
            1. `simplify` keeps those that cost little.
altered     one of these, or a rewriting, at work on each function of a program in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from programs.check import check
from programs.edits import instead, redirected
from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement, base_of
from programs.kind import Kind

CONSTANTS = (0.0, 1.0)

Change = Callable[[Function, Kind], Iterator[tuple[str, Function]]]
"""Yields changed functions, each with what was done to it."""


def altered(genome: Genome, kind: Kind, change: Change) -> Iterator[tuple[str, Genome]]:
    """Yield the programs that type-check and differ from a genome by a change of one function."""
    for function in genome.functions:
        begins = "" if function is genome.main else f"{function.name}: "
        for what, changed in change(function, kind):
            child = genome.with_function(changed)
            if not isinstance(check(child, kind), Fault):
                yield begins + what, child


def shortcuts(function: Function, kind: Kind) -> Iterator[tuple[str, Function]]:
    """Yield the function with a state, a helper's parameter or a statement replaced."""
    entry = function.name == kind.entry.name
    given = kind.entry.states(function) if entry else function.params
    for name in given:
        for other in (*CONSTANTS, *(n for n in given if n != name)):
            yield f"`{name}` → `{_shown(other)}`", redirected(function, 0, name, other)
    for place, statement in reversed(tuple(enumerate(function.body))):
        names = sorted(function.bound(place), key=lambda n: n not in statement.args)
        for value in (*names, *CONSTANTS):
            yield _taken(function, place, statement, value)


def ablations(function: Function, kind: Kind) -> Iterator[tuple[str, Function]]:
    """Yield the function without one op."""
    for place, statement in enumerate(function.body):
        for value in dict.fromkeys((*statement.args, *CONSTANTS)):
            yield _taken(function, place, statement, value)


def _taken(
    function: Function, place: int, statement: Statement, value: Argument
) -> tuple[str, Function]:
    args = ", ".join(_shown(a) for a in statement.args)
    what = f"`{statement.op}({args})` → `{_shown(value)}`"
    return what, instead(function, place, value)


def _shown(arg: Argument) -> str:
    return (base_of(arg) or "…") if isinstance(arg, str) else f"{arg:.6g}"
