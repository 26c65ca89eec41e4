"""Modify: change one argument of a random statement.

Lion's third mutation (Chen et al. 2023, §2.1): the argument becomes another name or a constant
drawn from N(0, 1); a constant may instead be multiplied by 2^a with a drawn from N(0, 1). An
attribute takes another of its usual values.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from programs.errors import Fault
from programs.genome import CALL, Argument, Function, Genome, Statement, named_as
from programs.kind import Kind, Param
from programs.operator import Site, attempt, nudged, random_argument

NUDGE_SHARE = 0.5
_VALUE = Param("x")


class Modify:
    """Replace one argument."""

    name = "modify"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with one argument changed."""
        return attempt(_modify, parents[0], kind, rng)


def _modify(site: Site, rng: np.random.Generator) -> Function | Fault:
    function = site.function
    if not function.body:
        return Fault("there is no statement to modify")
    place = int(rng.integers(len(function.body)))
    statement = function.body[place]
    if not statement.args:
        return Fault(f"`{statement.op}` has no argument to modify")
    which = int(rng.integers(len(statement.args)))
    new = _other_argument(statement, which, site, place, rng)
    if new == statement.args[which]:
        return Fault("the new argument is the old one")
    args = (*statement.args[:which], new, *statement.args[which + 1 :])
    body = (*function.body[:place], statement.reading(args), *function.body[place + 1 :])
    return Function(function.name, function.params, body, function.returns)


def _other_argument(
    statement: Statement, which: int, site: Site, place: int, rng: np.random.Generator
) -> Argument:
    old = statement.args[which]
    if statement.function and statement.op != CALL and which == 0:
        return named_as(old, float(max(1, int(old) + rng.choice((-1, 1)))))
    param = _VALUE if statement.function else site.kind.ops[statement.op].params[which]
    if isinstance(old, float) and not param.attribute and rng.random() < NUDGE_SHARE:
        return nudged(old, rng)
    return random_argument(param, site.names(place), rng)


OPERATOR = Modify()
