"""Nudge a constant: multiply one number of the program by 2^a, a drawn from N(0, 1).

The only mutation of the Lion paper's tuning baseline (Chen et al. 2023, §2.2, `hparam_tune`), and
the one that leaves a program's structure alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from programs.edits import with_statement
from programs.errors import Fault
from programs.genome import Function, Genome
from programs.kind import Kind
from programs.operator import Site, attempt, nudged


class NudgeConstant:
    """Multiply one constant by a random power of two."""

    name = "nudge-constant"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with one constant changed."""
        return attempt(_nudge, parents[0], kind, rng)


def _constants(site: Site) -> list[tuple[int, int]]:
    """Find the constants as (statement, argument); the returns count as one statement more.

    Attributes and numbers of copies are no constants: most multiples of theirs are not legal.
    """
    function = site.function
    rows = [site.values(s) for s in function.body]
    rows.append(list(enumerate(function.returns)))
    return [
        (place, which)
        for place, args in enumerate(rows)
        for which, arg in args
        if isinstance(arg, float) and arg != 0
    ]


def _nudge(site: Site, rng: np.random.Generator) -> Function | Fault:
    function, places = site.function, _constants(site)
    if not places:
        return Fault("there is no constant other than 0 to nudge")
    place, which = places[rng.integers(len(places))]
    in_body = place < len(function.body)
    args = list(function.body[place].args if in_body else function.returns)
    old = args[which]
    assert isinstance(old, float)
    args[which] = nudged(old, rng)
    if args[which] == old:
        return Fault("the new constant is the old one")
    if in_body:
        return with_statement(function, place, function.body[place].reading(tuple(args)))
    return replace(function, returns=tuple(args))


OPERATOR = NudgeConstant()
