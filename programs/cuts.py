"""Ways to shorten a program by force: take a value from elsewhere instead of computing it.

shortcuts   whatever stands ready: a constant, any earlier value, another state. `simplify`
            keeps those that change nothing.
ablations   what is left of a statement when its op is taken away: one of its arguments, 0 or
            1. `simplify` keeps those that cost little.
"""

from __future__ import annotations

from collections.abc import Iterator

from programs.edits import redirected
from programs.genome import Argument, Function, Statement, base_of
from programs.kind import Kind

CONSTANTS = (0.0, 1.0)


def shortcuts(function: Function, kind: Kind) -> Iterator[tuple[str, Function]]:
    """Yield the function with a state or a statement replaced by what stands ready."""
    states = kind.entry.states(function)
    for state in states:
        for other in (*CONSTANTS, *(s for s in states if s != state)):
            yield f"`{state}` → `{_shown(other)}`", redirected(function, 0, state, other)
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
    return what, redirected(function, place + 1, statement.target, value)


def _shown(arg: Argument) -> str:
    return (base_of(arg) or "…") if isinstance(arg, str) else f"{arg:.6g}"
