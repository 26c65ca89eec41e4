"""Deepen: add a layer that does nothing yet.

Net2DeeperNet (Chen et al. 2016), in three ways: after a `relu`, another map and `relu`, begun as an
identity; beside any value, a residual branch of two maps, begun as zero; of a helper that is a
residual block, one copy more, begun as zero. `programs.net2net.inherited` gives the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from programs.check import Typed
from programs.edits import first_free, redirected, with_statement
from programs.errors import Fault
from programs.genome import CALL, REPEAT, Function, Genome, Statement, base_of
from programs.inline import MAX_COPIES, copies, operands
from programs.kind import Kind, Type
from programs.kinds.networks.features import Feature
from programs.net2net.grow import called, preserving, weighted

ACTIVATIONS = ("relu", "gelu", "silu", "squared_relu")
CONVOLUTION_SHARE = 0.5
"""How often the new maps on a sequence or an image are convolutions."""

COPY_SHARE = 0.5
"""How often another copy of a block is tried before anything else."""


class Deepen:
    """Insert a layer that is an identity at first."""

    name = "deepen"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with one layer or one block more."""
        (parent,) = parents
        typed = weighted(parent, kind)
        if isinstance(typed, Fault):
            return typed
        ways = _ways(parent, typed, rng)
        # A convolution would tie a program to sequences that may be meant for vectors as well.
        anything = kind.settings is not None
        edits = (_deepened(way, typed.kind, anything, rng) for way in ways)
        return preserving(parent, typed, edits, "nothing can be inserted here")


@dataclass(frozen=True, slots=True)
class _Way:
    """A statement of a function, the type of its value, and whether its helper gets a copy."""

    function: Function
    place: int
    type: Type
    copy: bool

    @property
    def statement(self) -> Statement:
        return self.function.body[self.place]


def _ways(parent: Genome, typed: Typed, rng: np.random.Generator) -> list[_Way]:
    """Return what can be done, in random order, copies of a block first every other time."""
    ways = []
    for function in parent.functions:
        types = typed.within(function) or {}
        for place, statement in enumerate(function.body):
            found = types.get(statement.target)
            if isinstance(found, Feature):
                ways.append(_Way(function, place, found, copy=False))
            if statement.op == CALL or (statement.op == REPEAT and copies(statement) < MAX_COPIES):
                ways.append(_Way(function, place, found, copy=True))
    ways = [ways[i] for i in rng.permutation(len(ways))]
    return sorted(ways, key=lambda w: not w.copy) if rng.random() < COPY_SHARE else ways


def _deepened(way: _Way, kind: Kind, anything: bool, rng: np.random.Generator) -> Function:
    function, place, statement = way.function, way.place, way.statement
    if way.copy:
        return with_statement(function, place, _one_more(statement))
    assert isinstance(way.type, Feature)
    spatial = way.type.sort == "image" or (way.type.sort == "sequence" and not anything)
    op = "conv" if spatial and rng.random() < CONVOLUTION_SHARE else "linear"
    number, old = first_free(function), statement.target
    names = [f".{number + i}" for i in range(3)]
    result = f"{base_of(old)}.{number + 3}"
    if statement.op == "relu":
        new = [called(names[0], op, kind, old), called(result, "relu", kind, names[0])]
    else:
        activation = ACTIVATIONS[rng.integers(len(ACTIVATIONS))]
        new = [
            called(names[0], op, kind, old),
            called(names[1], activation, kind, names[0]),
            called(names[2], op, kind, names[1]),
            called(result, "add", kind, old, names[2]),
        ]
    return redirected(function, place + 1, old, result, new)


def _one_more(statement: Statement) -> Statement:
    args = (float(copies(statement) + 1), *operands(statement))
    return Statement(statement.target, REPEAT, args, statement.function)


OPERATOR = Deepen()
