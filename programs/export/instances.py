"""Every application of every function of a network, with the types that flow through it.

A helper may be applied to several shapes, each copy then has sizes of its own. Listing a fact for
all instances of a function shows what is constant and what its module must be told: a *column*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from programs.check import infer, type_of
from programs.errors import Fault, InputError
from programs.genome import RECUR, Function, Genome, Statement
from programs.inline import copies, operands
from programs.kind import Kind, Type
from programs.kinds.networks.layer import Layer, Weight


@dataclass(slots=True)
class Instance:
    """One application: the types of its names, and its children's places by their statement."""

    types: dict[str, Type]
    children: dict[str, list[int]] = field(default_factory=dict)

    def given(self, statement: Statement, kind: Kind) -> list:
        """Return what a layer's rules take: types for values, numbers for attributes."""
        found = []
        for param, arg in zip(kind.ops[statement.op].params, statement.args, strict=True):
            if param.attribute is None:
                found.append(type_of(arg, self.types, kind))
            else:
                assert isinstance(arg, float)
                found.append(int(arg) if param.attribute.whole else arg)
        return found

    def weights(self, statement: Statement, kind: Kind) -> Mapping[str, Weight | None]:
        """Return the weights that a layer makes here."""
        layer = kind.ops[statement.op]
        assert isinstance(layer, Layer)
        return layer.weights(*self.given(statement, kind))


def instances(genome: Genome, kind: Kind) -> dict[str, list[Instance]]:
    """Return the instances of each function of a checked program, in the order they run."""
    walk = _Walk(genome, kind)
    walk.apply(genome.main, list(kind.entry.inputs.values()))
    return walk.found


class _Walk:
    def __init__(self, genome: Genome, kind: Kind) -> None:
        self.kind = kind
        self.functions = {f.name: f for f in genome.functions}
        self.found: dict[str, list[Instance]] = {f.name: [] for f in genome.functions}

    def apply(self, function: Function, given: Sequence[Type]) -> Type:
        """Note an instance and return the type of its result."""
        here = Instance(dict(zip(function.params, given, strict=True)))
        for statement in function.body:
            here.types[statement.target] = self.value(statement, here)
        self.found[function.name].append(here)
        return type_of(function.returns[0], here.types, self.kind)

    def value(self, statement: Statement, here: Instance) -> Type:
        if not statement.function:
            found = infer(statement, here.types, self.kind)
            if isinstance(found, Fault):
                raise InputError(f"only a valid program can be exported: {found}")
            return found
        given = [type_of(a, here.types, self.kind) for a in operands(statement)]
        function = self.functions[statement.function]
        here.children[statement.target] = []
        for _ in range(1 if statement.op == RECUR else copies(statement)):
            given = [self.apply(function, given), *given[1:]]
            here.children[statement.target].append(len(self.found[function.name]) - 1)
        return given[0]
