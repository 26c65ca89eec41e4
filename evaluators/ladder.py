"""Who climbs to the next rung: asynchronous successive halving, without waiting for a generation.

ASHA (Li et al. 2020, "A system for massively parallel hyperparameter tuning", algorithm 2): a
program climbs as soon as it is among the best 1/η of those judged on its rung so far and has not
climbed yet. Nobody waits for a rung to fill, so some climb early who would not in the end; that is
the price. Everything here is a pure function of the scores, so a resumed run decides alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.levels import ETA

RESAMPLES = 1_000

ENOUGH = 10
"""The fewest programs for which an interval is given."""

Scores = Sequence[Mapping[str, float]]
"""For every rung, the cheapest first, the scores of those judged there, in order of arrival."""


@dataclass(frozen=True, slots=True)
class Climb:
    """Judge this program next, on this rung."""

    program: str
    rung: int


def next_climb(scores: Scores, eta: int = ETA) -> Climb | None:
    """Return who climbs next, the highest rung first; `None`: try a new program on rung 0.

    The last entry of `scores` is the top rung, from which nobody climbs. Whoever is on its way up
    must be listed above with any score, or not-a-number, so that it is not sent twice. Scores that
    are not finite never climb.
    """
    for rung in reversed(range(len(scores) - 1)):
        for program in top(scores[rung], eta):
            if program not in scores[rung + 1]:
                return Climb(program, rung + 1)
    return None


def top(scores: Mapping[str, float], eta: int = ETA) -> list[str]:
    """Return the best 1/η of a rung, best first; among equals whoever came first."""
    finite = [name for name, score in scores.items() if np.isfinite(score)]
    return sorted(finite, key=lambda name: -scores[name])[: len(finite) // eta]


def agreement(low: Mapping[str, float], high: Mapping[str, float]) -> float | None:
    """Return Spearman's rank correlation between two rungs over those judged on both.

    `None` below three of them, or where all are equal on one rung. Those on the higher rung were
    chosen by the lower, which narrows the range and so lowers the figure.
    """
    both = _judged_twice(low, high)
    if len(both) < 3:
        return None
    a, b = (ranks([scores[name] for name in both]) for scores in (low, high))
    if not a.std() or not b.std():
        return None
    return float(np.corrcoef(a, b)[0, 1])


def interval(
    low: Mapping[str, float], high: Mapping[str, float], rng: np.random.Generator
) -> tuple[float, float] | None:
    """Return the 95 % bootstrap interval of `agreement`, which resamples programs.

    `None` where there is no agreement, or below ten programs, which resampling makes look surer
    than they are. Resamples in which all are equal are left out.
    """
    both = _judged_twice(low, high)
    if len(both) < ENOUGH or agreement(low, high) is None:
        return None
    a, b = (np.array([scores[name] for name in both]) for scores in (low, high))
    found = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(both), size=len(both))
        x, y = ranks(a[drawn]), ranks(b[drawn])
        if x.std() and y.std():
            found.append(np.corrcoef(x, y)[0, 1])
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


def _judged_twice(low: Mapping[str, float], high: Mapping[str, float]) -> list[str]:
    return [n for n in low if n in high and np.isfinite(low[n]) and np.isfinite(high[n])]


def ranks(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return ranks from 0; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts + 1) / 2)[inverse]
