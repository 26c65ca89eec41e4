"""Modify: change one argument of a random statement.

Lion's third mutation (Chen et al. 2023, §2.1): the argument becomes another name or a constant
drawn from N(0, 1); a constant may instead be multiplied by 2^a with a drawn from N(0, 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from programs.errors import Fault
from programs.genome import Function, Genome
from programs.kind import Kind
from programs.operator import attempt, random_argument, short
from programs.parse import MAX_CONSTANT

NUDGE_SHARE = 0.5


class Modify:
    """Replace one argument."""

    name = "modify"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with one argument changed."""
        if not parents[0].main.body:
            return Fault("there is no statement to modify")
        return attempt(_modify, parents[0], kind, rng)


def _modify(function: Function, kind: Kind, rng: np.random.Generator) -> Function | Fault:
    place = int(rng.integers(len(function.body)))
    statement = function.body[place]
    args = list(statement.args)
    which = int(rng.integers(len(args)))
    old = args[which]
    if isinstance(old, float) and rng.random() < NUDGE_SHARE:
        args[which] = nudged(old, rng)
    else:
        args[which] = random_argument(function.bound(place), rng)
    if args[which] == old:
        return Fault("the new argument is the old one")
    changed = statement.reading(tuple(args))
    body = (*function.body[:place], changed, *function.body[place + 1 :])
    return replace(function, body=body)


def nudged(value: float, rng: np.random.Generator) -> float:
    """Multiply a constant by 2^a, a drawn from N(0, 1)."""
    return short(float(np.clip(value * 2.0 ** rng.normal(), -MAX_CONSTANT, MAX_CONSTANT)))


OPERATOR = Modify()
