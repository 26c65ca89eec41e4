"""Everything an exporter asks about an optimiser before it writes a line.

scalars     names that no tensor enters: worth computing once per step
types       shapes, from the kind's own typing rules
ranges      what is known of each value, so that needless guards can go
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from programs.check import check, without_dead_code
from programs.errors import Fault, InputError
from programs.genome import Argument, Function, Genome, Statement
from programs.interpret import fold
from programs.kind import Kind, Scope, Type
from programs.kinds.shapes import SCALAR
from programs.ranges import Range, range_of, ranges_of
from programs.tidy import tidy

SHARED = ("lr", "step", "total")


@dataclass(frozen=True, slots=True)
class Analysis:
    """A checked optimiser without dead code, and what is known of its values."""

    function: Function
    kind: Kind
    states: tuple[str, ...]
    scalars: frozenset[str]
    types: Mapping[str, Type]
    ranges: Mapping[str, Range]

    def is_scalar(self, arg: Argument) -> bool:
        """Tell whether no tensor enters the value."""
        return not isinstance(arg, str) or arg in self.scalars

    def is_single(self, arg: Argument) -> bool:
        """Tell whether the value has one element, whatever the parameter's shape."""
        return not isinstance(arg, str) or self.types[arg] == SCALAR

    def range(self, arg: Argument) -> Range:
        """Return what is known of the value."""
        return range_of(arg, self.ranges)

    def made_by(self) -> dict[str, Statement]:
        """Return the statement that binds each name."""
        return {s.target: s for s in self.function.body}

    def ops(self, scope: Scope) -> list[str]:
        """Return the ops that look exactly that far, in order."""
        return [s.op for s in self.function.body if self.kind.ops[s.op].scope is scope]


def analyse(genome: Genome, kind: Kind) -> Analysis:
    """Drop what is dead, fold constants, and find out the rest."""
    genome = tidy(without_dead_code(genome, kind), kind)
    genome = tidy(genome.with_main(folded(genome.main, kind)), kind)
    typed = check(genome, kind)
    if isinstance(typed, Fault):
        raise InputError(f"only a valid program can be exported: {typed}")
    function = genome.main
    states = kind.entry.states(function)
    scalars = _scalars(function)
    ranges = ranges_of(function, states, scalars)
    return Analysis(function, kind, states, scalars, typed.types, ranges)


def _scalars(function: Function) -> frozenset[str]:
    scalars = {p for p in function.params if p in SHARED}
    for statement in function.body:
        if all(n in scalars for n in statement.names()):
            scalars.add(statement.target)
    return frozenset(scalars)


def folded(function: Function, kind: Kind) -> Function:
    """Compute what is made of constants alone; what is not finite stays as it is."""
    known: dict[str, Argument] = {}
    body: list[Statement] = []
    for statement in function.body:
        args = tuple(known.get(a, a) if isinstance(a, str) else a for a in statement.args)
        numbers = [a for a in args if not isinstance(a, str)]
        value = fold(kind.ops[statement.op], kind, numbers) if len(numbers) == len(args) else None
        if value is None:
            body.append(statement.reading(args))
        else:
            known[statement.target] = value
    returns = tuple(known.get(r, r) if isinstance(r, str) else r for r in function.returns)
    return Function(function.name, function.params, tuple(body), returns)
