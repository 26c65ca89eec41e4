"""Replace an op: let a statement call another function on the same arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from programs.check import infer
from programs.edits import with_statement
from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement
from programs.kind import Kind, Op
from programs.operator import Site, attempt, random_argument


class ReplaceOp:
    """Call another function in one statement."""

    name = "replace-op"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with another op in one statement."""
        return attempt(_replace_op, parents[0], kind, rng)


def _replace_op(site: Site, rng: np.random.Generator) -> Function | Fault:
    function, kind = site.function, site.kind
    if not function.body:
        return Fault("there is no statement to change")
    place = int(rng.integers(len(function.body)))
    old = function.body[place]
    if old.function:
        return _other_helper(site, place, rng)
    values = [a for _, a in site.values(old)]
    candidates = (_called(op, old, values, rng) for op in kind.choices if op.name != old.op)
    wanted = site.types[old.target]
    others = [c for c in candidates if c and infer(c, site.types, kind) == wanted]
    if not others:
        return Fault(f"no other function fits the arguments of `{old.op}`")
    return with_statement(function, place, others[rng.integers(len(others))])


def _called(
    op: Op, old: Statement, values: list[Argument], rng: np.random.Generator
) -> Statement | None:
    """Call `op` on the values of a statement, with attributes of its own."""
    if sum(p.attribute is None for p in op.params) != len(values):
        return None
    left = iter(values)
    args = [random_argument(p, (), rng) if p.attribute else next(left) for p in op.params]
    return Statement(old.target, op.name, tuple(args))


def _other_helper(site: Site, place: int, rng: np.random.Generator) -> Function | Fault:
    old = site.function.body[place]
    wanted = site.helpers[old.function]
    others = [f for f, arity in site.helpers.items() if arity == wanted and f != old.function]
    if not others:
        return Fault(f"no other helper takes the arguments of `{old.function}`")
    other = others[rng.integers(len(others))]
    return with_statement(site.function, place, replace(old, function=other))


OPERATOR = ReplaceOp()
