"""Everything an exporter asks about an optimiser before it writes a line.

scalars     names that no tensor enters: worth computing once per step
common      these, and what a norm over the whole model makes of them: one value for all tensors
types       shapes, from the kind's own typing rules
ranges      what is known of each value, so that needless guards can go
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from programs.check import check, without_dead_code
from programs.errors import Fault, InputError
from programs.export.names import Names, python_name
from programs.genome import Argument, Function, Genome, Statement
from programs.interpret import fold
from programs.kind import Kind, Scope, Type
from programs.kinds.shapes import SCALAR, TENSOR, Dims
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
    common: frozenset[str]
    types: Mapping[str, Type]
    ranges: Mapping[str, Range]

    def is_common(self, arg: Argument) -> bool:
        """Tell whether all tensors of a group share the value."""
        return not isinstance(arg, str) or arg in self.common

    def is_uniform(self, statement: Statement) -> bool:
        """Tell whether a statement makes of tensors of w's shape another one."""
        tensors = [a for a in (statement.target, *statement.args) if not self.is_common(a)]
        return all(self.shape(a) == TENSOR for a in tensors)

    def shape(self, arg: Argument) -> Dims:
        """Return the shape of the value."""
        found = self.types[arg] if isinstance(arg, str) else SCALAR
        assert isinstance(found, Dims)
        return found

    def starts(self) -> dict[Dims, str]:
        """Name the places where a tensor's noise starts, by the shape of the noise."""
        asked = (s.args[0] for s in self.function.body if s.op == "noise")
        shapes = dict.fromkeys(self.shape(a) for a in asked)
        names = Names(python_name(n) for n in self.function.bound())
        return {shape: names.numbered("start") for shape in shapes}

    def keys(self) -> dict[str, str]:
        """Name the rows of the table of noise that shared values stand for."""
        asked = (s.args[1] for s in self.function.body if s.op == "noise")
        shared = dict.fromkeys(k for k in asked if isinstance(k, str) and k in self.scalars)
        names = Names(python_name(n) for n in self.function.bound())
        return {key: names.numbered("key") for key in shared}

    def range(self, arg: Argument) -> Range:
        """Return what is known of the value."""
        return range_of(arg, self.ranges)

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
    scalars = shared_values(function)
    common = shared_values(function, {"global_norm"})
    ranges = ranges_of(function, states, scalars)
    return Analysis(function, kind, states, scalars, common, typed.types, ranges)


def shared_values(function: Function, sources: Collection[str] = ()) -> frozenset[str]:
    """Return the names that the shared inputs and the results of some ops determine."""
    found = {p for p in function.params if p in SHARED}
    for statement in function.body:
        if statement.op in sources or all(n in found for n in statement.names()):
            found.add(statement.target)
    return frozenset(found)


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
