"""Swap: exchange two arguments of a statement, or two lines of the program.

Lines are exchanged as a person would do it in the text: each keeps its words, so a name means the
latest binding before its new place. That turns Lion's "step, then update the momentum" into
"update, then step", which no change of a single argument does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from programs.edits import with_statement
from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement, base_of, is_anonymous
from programs.kind import Kind
from programs.operator import Site, attempt

LINES_SHARE = 0.5


class Swap:
    """Exchange two arguments or two lines."""

    name = "swap"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with two things exchanged."""
        return attempt(_swap, parents[0], kind, rng)


def _swap(site: Site, rng: np.random.Generator) -> Function | Fault:
    function = site.function
    lines, rest = _lines(function)
    places = _swappable(site)
    if len(lines) > 1 and (not places or rng.random() < LINES_SHARE):
        return _swap_lines(function, lines, rest, rng)
    if not places:
        return Fault("there are neither two arguments nor two lines to exchange")
    return _swap_arguments(site, places[rng.integers(len(places))], rng)


def _swappable(site: Site) -> list[int]:
    """Find the statements that an exchange of arguments changes."""
    return [
        place
        for place, s in enumerate(site.function.body)
        if len({a for _, a in site.values(s)}) > 1
        and (s.function or not site.kind.ops[s.op].commutative)
    ]


def _swap_arguments(site: Site, place: int, rng: np.random.Generator) -> Function | Fault:
    statement = site.function.body[place]
    args = list(statement.args)
    places = [i for i, _ in site.values(statement)]
    one, other = rng.choice(places, size=2, replace=False)
    if args[one] == args[other]:
        return Fault("the two arguments are the same")
    args[one], args[other] = args[other], args[one]
    return with_statement(site.function, place, statement.reading(tuple(args)))


Line = list[Statement]
"""A statement with a name, after the nested expressions it is written with."""


def _lines(function: Function) -> tuple[list[Line], Line]:
    """Cut a tidy body into its lines and what the return is written with."""
    lines: list[Line] = []
    line: Line = []
    for statement in function.body:
        line.append(statement)
        if not is_anonymous(statement.target):
            lines.append(line)
            line = []
    return lines, line


def _swap_lines(
    function: Function, lines: list[Line], rest: Line, rng: np.random.Generator
) -> Function | Fault:
    one, other = rng.choice(len(lines), size=2, replace=False)
    lines[one], lines[other] = lines[other], lines[one]
    body = [s for line in (*lines, rest) for s in line]
    return _reread(replace(function, body=tuple(body)))


def _reread(function: Function) -> Function | Fault:
    """Let every name mean the latest binding before it, as Python reads a text."""
    latest: dict[str, Argument] = {p: p for p in function.params}

    def meant(arg: Argument) -> Argument | None:
        if not isinstance(arg, str) or is_anonymous(arg):
            return arg
        return latest.get(base_of(arg))

    body = []
    for statement in function.body:
        args = [meant(a) for a in statement.args]
        if None in args:
            return Fault("a name would be read before it is bound")
        body.append(statement.reading(tuple(a for a in args if a is not None)))
        latest[base_of(statement.target)] = statement.target
    returns = tuple(r for r in map(meant, function.returns) if r is not None)
    return replace(function, body=tuple(body), returns=returns)


OPERATOR = Swap()
