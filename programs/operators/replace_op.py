"""Replace an op: let a statement call another function on the same arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from programs.check import infer
from programs.edits import with_statement
from programs.errors import Fault
from programs.genome import Function, Genome
from programs.kind import Kind
from programs.operator import attempt, types_before


class ReplaceOp:
    """Call another function in one statement."""

    name = "replace-op"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with another op in one statement."""
        if not parents[0].main.body:
            return Fault("there is no statement to change")
        return attempt(_replace_op, parents[0], kind, rng)


def _replace_op(function: Function, kind: Kind, rng: np.random.Generator) -> Function | Fault:
    place = int(rng.integers(len(function.body)))
    old = function.body[place]
    types = types_before(function, place, kind)
    wanted = infer(old, types, kind)
    others = [
        op.name
        for op in kind.ops.values()
        if op.name != old.op and infer(replace(old, op=op.name), types, kind) == wanted
    ]
    if not others:
        return Fault(f"no other function fits the arguments of `{old.op}`")
    changed = replace(old, op=others[rng.integers(len(others))])
    return with_statement(function, place, changed)


OPERATOR = ReplaceOp()
