"""Resample a subtree: recompute one value by a fresh random expression of the same type.

The expression is drawn from a weighted grammar over the kind's vocabulary, as in einspace (Ericsson
et al. 2024): a value is a leaf (a name bound before, or a constant) or an op on values, and the
chance of an op falls with the depth, so that expressions end. Arithmetic is drawn more often than
functions of whole tensors, those more often than functions of the whole model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from programs.check import Types, infer
from programs.edits import first_free, redirected
from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement, base_of
from programs.kind import Kind, Op, Param, Scope
from programs.operator import MAX_STATEMENTS, Site, attempt, random_argument, random_value

BRANCHING = (1.0, 0.5, 0.3)
"""The chance that a value at depth 0, 1, 2 is an op; deeper down, all are leaves."""

DRAWS = 100

INFIX_WEIGHT = 4.0
SCOPE_WEIGHT = {Scope.ELEMENT: 1.0, Scope.TENSOR: 0.7, Scope.MODEL: 0.3}


class ResampleSubtree:
    """Replace one value by a random expression."""

    name = "resample-subtree"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with one value computed otherwise."""
        return attempt(_resample, parents[0], kind, rng)


def _resample(site: Site, rng: np.random.Generator) -> Function | Fault:
    function, kind = site.function, site.kind
    if not function.body:
        return Fault("there is no value to resample")
    place = int(rng.integers(len(function.body)))
    old = function.body[place]
    types = site.types_before(place)
    wanted = site.types[old.target]
    first = first_free(function)
    for _ in range(DRAWS):
        growth = _Growth(types, kind, rng, first, base_of(old.target))
        value = growth.value(0)
        if value is not None and growth.types.get(str(value)) == wanted:
            break
    else:
        return Fault(f"no random expression gave {wanted} in {DRAWS} draws")
    if len(function.body) + len(growth.body) > MAX_STATEMENTS:
        return Fault(f"the child would have more than {MAX_STATEMENTS} statements")
    return redirected(function, place, old.target, value, growth.body)


class _Growth:
    """One expression in the making: statements over the names in `types`."""

    def __init__(
        self, types: Types, kind: Kind, rng: np.random.Generator, first: int, base: str
    ) -> None:
        self.kind, self.rng = kind, rng
        self.leaves = list(types)
        self.types = dict(types)
        self.number, self.base = first, base
        self.body: list[Statement] = []

    def value(self, depth: int) -> Argument | None:
        """Draw a value; `None` where its types do not fit."""
        if depth >= len(BRANCHING) or self.rng.random() >= BRANCHING[depth]:
            return random_value(self.leaves, self.rng)
        ops, weights = _grammar(self.kind)
        op = ops[self.rng.choice(len(ops), p=weights)]
        args = [self.argument(p, depth + 1) for p in op.params]
        if None in args:
            return None
        return self.bind(op, [a for a in args if a is not None], depth)

    def argument(self, param: Param, depth: int) -> Argument | None:
        """Draw a value, or a literal where one is wanted."""
        if param.attribute:
            return random_argument(param, (), self.rng)
        return self.value(depth)

    def bind(self, op: Op, args: Sequence[Argument], depth: int) -> str | None:
        """Add the statement; the outermost keeps the name of the value it replaces."""
        target = f"{self.base if depth == 0 else ''}.{self.number + len(self.body)}"
        statement = Statement(target, op.name, tuple(args))
        found = infer(statement, self.types, self.kind)
        if isinstance(found, Fault):
            return None
        self.types[target] = found
        self.body.append(statement)
        return target


@cache
def _grammar(kind: Kind) -> tuple[tuple[Op, ...], np.ndarray]:
    ops = tuple(kind.ops.values())
    weights = np.array([INFIX_WEIGHT if op.infix else SCOPE_WEIGHT[op.scope] for op in ops])
    return ops, weights / weights.sum()


OPERATOR = ResampleSubtree()
