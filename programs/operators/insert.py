"""Insert: compute one more value at a random place and let it stand in for an existing one.

Lion's first mutation (Chen et al. 2023, §2.1): a random function of random arguments, assigned to
an existing variable, whose later readers see the new value. Half of the insertions read the value
that they replace, which wraps it instead of throwing it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from programs.check import infer
from programs.errors import Fault
from programs.genome import Function, Genome, Statement, base_of
from programs.kind import Kind
from programs.operator import (
    MAX_STATEMENTS,
    attempt,
    random_argument,
    returns_with,
    substituted,
    types_before,
)

WRAP_SHARE = 0.5


class Insert:
    """Add one statement."""

    name = "insert"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with one more statement."""
        if parents[0].size >= MAX_STATEMENTS:
            return Fault(f"the program already has {MAX_STATEMENTS} statements")
        return attempt(_insert, parents[0], kind, rng)


def _insert(function: Function, kind: Kind, rng: np.random.Generator) -> Function | Fault:
    place = int(rng.integers(len(function.body) + 1))
    types = types_before(function, place, kind)
    names = list(types)
    read_later = _read_from(function, place)
    replaced = names[rng.integers(len(names))]
    if replaced not in read_later:
        return Fault(f"`{replaced}` is not read after that place")
    ops = list(kind.ops.values())
    op = ops[rng.integers(len(ops))]
    args = [random_argument(names, rng) for _ in op.params]
    if rng.random() < WRAP_SHARE:
        args[rng.integers(len(args))] = replaced
    target = f"{base_of(replaced)}.{len(function.body) + 10_000}"
    statement = Statement(target, op.name, tuple(args))
    found = infer(statement, types, kind)
    if isinstance(found, Fault):
        return found
    after = substituted(function.body[place:], replaced, target)
    return replace(
        function,
        body=(*function.body[:place], statement, *after),
        returns=returns_with(function, replaced, target),
    )


def _read_from(function: Function, place: int) -> set[str]:
    read = {name for s in function.body[place:] for name in s.names()}
    return read | {r for r in function.returns if isinstance(r, str)}


OPERATOR = Insert()
