"""The numeric yardstick: a small Gaussian process that predicts scores from programs' features.

It costs nothing, so a model's predictions must beat it to be worth their price. Scores are
standardised and held within a few spreads, because one diverged program would drown all others.

    Prediction   a mean and a spread, in the scores' own units
    Quality      how predictions compare with what came out: rank correlation and calibration
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.features import features
from evaluators.candidate import Candidate, Status
from programs.genome import Genome

LEAST = 6
"""Scored programs below which there is nothing to learn from."""

MOST = 300
NOISES = (0.01, 0.03, 0.1, 0.3, 1.0)
WIDTHS = (0.5, 1.0, 2.0, 4.0)
CLIP = 3.0
FLOOR = 0.3
"""The least spread of a feature: what hardly any program has must not count for more."""

SPREAD_FLOOR = 1e-5


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is expected of a program."""

    mean: float
    spread: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How good predictions were.

    `rank` is Spearman's correlation with the results; `covered` the share of results within one
    predicted spread of the mean, 0.68 where the spreads are honest.
    """

    count: int
    rank: float
    covered: float


class Surrogate:
    """A Gaussian process, fitted when made; noise and width are chosen by leave-one-out error."""

    def __init__(self, genomes: Sequence[Genome], scores: Sequence[float]) -> None:
        y = np.array(scores, dtype=float)
        self.centre = float(np.median(y))
        self.scale = max(float(np.median(np.abs(y - self.centre))) * 1.4826, SPREAD_FLOOR)
        self.y = np.clip((y - self.centre) / self.scale, -CLIP, CLIP)
        x = np.array([features(g) for g in genomes])
        self.middle, self.spread = x.mean(0), np.maximum(x.std(0), FLOOR)
        self.x = (x - self.middle) / self.spread
        distance = _distances(self.x, self.x)
        self.unit = float(np.median(distance[distance > 0])) if (distance > 0).any() else 1.0
        choices = [(w, n) for w in WIDTHS for n in NOISES]
        self.width, self.noise = min(choices, key=lambda c: self._error(distance, *c))
        self.inverse = self._inverse(distance, self.width, self.noise)
        self.weights = self.inverse @ self.y

    def predict(self, genomes: Sequence[Genome]) -> list[Prediction]:
        """Return what is expected of each program."""
        x = (np.array([features(g) for g in genomes]) - self.middle) / self.spread
        across = self._kernel(_distances(x, self.x), self.width)
        means = across @ self.weights
        variance = 1.0 + self.noise - np.einsum("ij,jk,ik->i", across, self.inverse, across)
        spreads = np.sqrt(np.maximum(variance, 1e-6))
        return [
            Prediction(float(self.centre + m * self.scale), float(s * self.scale))
            for m, s in zip(means, spreads, strict=True)
        ]

    def left_out(self) -> list[Prediction]:
        """Return what would have been expected of each program, had it been left out."""
        own = np.diag(self.inverse)
        means, spreads = self.y - self.weights / own, np.sqrt(1.0 / own)
        return [
            Prediction(float(self.centre + m * self.scale), float(s * self.scale))
            for m, s in zip(means, spreads, strict=True)
        ]

    def _kernel(self, distance: np.ndarray, width: float) -> np.ndarray:
        return np.exp(-distance / (width * self.unit))

    def _inverse(self, distance: np.ndarray, width: float, noise: float) -> np.ndarray:
        return np.linalg.inv(self._kernel(distance, width) + noise * np.eye(len(distance)))

    def _error(self, distance: np.ndarray, width: float, noise: float) -> float:
        """Return minus the log-likelihood of every score given the others."""
        inverse = self._inverse(distance, width, noise)
        own = np.diag(inverse)
        missed = (inverse @ self.y) / own
        return float((missed**2 * own - np.log(own)).sum())


def fitted_to(history: Sequence[Candidate]) -> Surrogate | None:
    """Learn from the latest scored programs of different behaviour, if there are enough."""
    known = [
        (c.program.genome, c.score)
        for c in history
        if c.evaluation.status is Status.SCORED and c.program.genome is not None
    ][-MOST:]
    pairs = [(g, s) for g, s in known if s is not None]
    if len(pairs) < LEAST:
        return None
    return Surrogate([g for g, _ in pairs], [s for _, s in pairs])


def quality(predictions: Sequence[Prediction], scores: Sequence[float]) -> Quality:
    """Compare predictions with what came out."""
    means = np.array([p.mean for p in predictions])
    spreads = np.array([max(p.spread, SPREAD_FLOOR) for p in predictions])
    results = np.array(scores, dtype=float)
    covered = float((np.abs(results - means) <= spreads).mean()) if len(means) else 0.0
    return Quality(len(means), rank_correlation(means, results), covered)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's correlation; 0 where one side does not vary."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks, equal ones for equal values."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((last - counts + last - 1) / 2.0)[places]


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0.0))
