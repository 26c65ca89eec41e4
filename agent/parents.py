"""Which candidates a model is shown to build on: good ones, drawn rather than always the best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.claims import cited
from agent.features import features
from agent.proposer import View
from evaluators.candidate import Candidate

POOL = 16
"""The best so many may be drawn."""

OFFERED = 3
"""Of so many drawn, the one least like those chosen is taken."""

STEEPNESS = 1.0
"""The chance of rank r is (r + 1) to the power of minus this."""


def parents(view: View, count: int, rng: np.random.Generator) -> list[Candidate]:
    """Draw up to `count` different candidates of the best, the better ones more often."""
    pool = view.elites(POOL)
    chosen = (pool[i] for i in drawn(len(pool), count, rng))
    return sorted(chosen, key=lambda c: (-(c.score or 0.0), c.index))


def unlike_parents(view: View, count: int, rng: np.random.Generator) -> list[Candidate]:
    """Draw up to `count` of the best that differ: each after the first is the least like, of three.

    Near-copies of one good program would otherwise be most of the pool.
    """
    pool = parents(view, POOL, rng)
    order = [pool[i] for i in drawn(len(pool), len(pool), rng)]
    chosen, rest = order[:1], order[1:]
    while rest and len(chosen) < count:
        offered = rest[:OFFERED]
        apart = [min(_distance(c, other) for other in chosen) for c in offered]
        chosen.append(rest.pop(int(np.argmax(apart))))
    return sorted(chosen, key=lambda c: (-(c.score or 0.0), c.index))


def _distance(one: Candidate, other: Candidate) -> float:
    """Compare programs by their features; free-form ones are taken to be unlike any."""
    a, b = one.program.genome, other.program.genome
    if a is None or b is None:
        return float("inf")
    return float(np.linalg.norm(np.subtract(features(a), features(b))))


def drawn(length: int, count: int, rng: np.random.Generator) -> list[int]:
    """Draw up to `count` different ranks of `length`, the first more often."""
    if not length:
        return []
    chances = (np.arange(length) + 1.0) ** -STEEPNESS
    size = min(count, length)
    return rng.choice(length, size=size, replace=False, p=chances / chances.sum()).tolist()


def with_elites(view: View, chosen: list[Candidate], count: int) -> list[Candidate]:
    """Return the chosen and as many of the best as make `count`, best first."""
    ids = {c.id for c in chosen}
    others = [c for c in view.elites(count) if c.id not in ids][: max(count - len(chosen), 0)]
    return sorted([*chosen, *others], key=lambda c: (-(c.score or 0.0), c.index))


def beyond(view: View, chosen: Sequence[Candidate]) -> str:
    """Say what to beat where the best so far is not among the chosen: it may not be shown."""
    (best,) = view.elites(1)
    known = any(c.id == best.id for c in chosen)
    return "" if known else f", and aim to beat {cited(best)}, the best so far"


def question_seed(rng: np.random.Generator) -> int:
    """Draw the seed that a question carries, so that no two ask for the same sample."""
    return int(rng.integers(2**31))
