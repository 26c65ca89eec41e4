"""Nudge a constant: multiply one number of the program by 2^a, a drawn from N(0, 1).

A number that has a name is one number wherever its function reads it.

The only mutation of the Lion paper's tuning baseline (Chen et al. 2023, §2.2, `hparam_tune`), and
the one that leaves a program's structure alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Named
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
    rows = [*(s.args for s in function.body), function.returns]
    old = rows[place][which]
    assert isinstance(old, float)
    new = nudged(old, rng)
    if new == old:
        return Fault("the new constant is the old one")
    for row in range(len(rows)) if isinstance(old, Named) else [place]:
        rows[row] = tuple(
            new if _is_one(arg, old) or (row, at) == (place, which) else arg
            for at, arg in enumerate(rows[row])
        )
    body = tuple(s.reading(args) for s, args in zip(function.body, rows, strict=False))
    return replace(function, body=body, returns=rows[-1])


def _is_one(arg: Argument, other: float) -> bool:
    """Tell whether two constants are one number under one name."""
    if not isinstance(arg, Named) or not isinstance(other, Named):
        return False
    return arg.name == other.name and arg == other


OPERATOR = NudgeConstant()
