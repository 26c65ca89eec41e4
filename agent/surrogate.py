"""The numeric yardstick: a small Gaussian process that predicts scores from numbers of programs.

It costs nothing, so a model's predictions must beat it to be worth their price. It sees how a
program is written (`agent.features`) and what it does (`agent.traits`). Scores are standardised and
held within a few spreads, because one diverged program would drown all others.

    Prediction   a mean and a spread, in the scores' own units
    Quality      how predictions compare with what came out: rank correlation and calibration
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from agent.features import features
from agent.traits import traits
from evaluators.candidate import Candidate, Status
from programs.genome import Genome
from programs.kind import Kind

LEAST = 6
"""Scored programs below which there is nothing to learn from."""

MOST = 300
NOISES = (0.01, 0.03, 0.1, 0.3, 1.0)
WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
SHARES = (0.0, 0.25, 0.5, 1.0)
"""How much of the kernel may be about how programs are written; the rest is about what they do."""

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
    """A Gaussian process over `kind`'s programs, fitted when made.

    Its kernel is a sum of two, one over how programs are written and one over what they do. Their
    shares, the width and the noise are chosen by the likelihood of every score given the others.
    """

    def __init__(self, kind: Kind, genomes: Sequence[Genome], scores: Sequence[float]) -> None:
        y = np.array(scores, dtype=float)
        self.kind = kind
        self.centre, self.scale = _middle(y)
        self.y = np.clip((y - self.centre) / self.scale, -CLIP, CLIP)
        self.blocks = tuple(_Block(x) for x in _described(genomes, kind))
        distances = [block.distances(block.x) for block in self.blocks]
        fits = (self._fit(distances, share, width) for share in SHARES for width in WIDTHS)
        # More threads would spin for cores that train, and another number of them rounds otherwise.
        with threadpool_limits(1):
            best = min(fits, key=lambda fit: fit.error)
        self.share, self.width, self.noise = best.share, best.width, best.noise
        self.inverse, self.weights = best.inverse, best.inverse @ self.y

    def predict(self, genomes: Sequence[Genome]) -> list[Prediction]:
        """Return what is expected of each program."""
        described = zip(self.blocks, _described(genomes, self.kind), strict=True)
        distances = [block.distances(block.scaled(x)) for block, x in described]
        across = _kernel(distances, self.share, self.width)
        means = across @ self.weights
        variance = 1.0 + self.noise - np.einsum("ij,jk,ik->i", across, self.inverse, across)
        return self._unscaled(means, np.sqrt(np.maximum(variance, 1e-6)))

    def left_out(self) -> list[Prediction]:
        """Return what would have been expected of each program, had it been left out."""
        own = np.diag(self.inverse)
        return self._unscaled(self.y - self.weights / own, np.sqrt(1.0 / own))

    def _unscaled(self, means: np.ndarray, spreads: np.ndarray) -> list[Prediction]:
        return [
            Prediction(float(self.centre + m * self.scale), float(s * self.scale))
            for m, s in zip(means, spreads, strict=True)
        ]

    def _fit(self, distances: Sequence[np.ndarray], share: float, width: float) -> _Fit:
        """Choose the noise: one decomposition of the kernel serves all of them."""
        values, vectors = np.linalg.eigh(_kernel(distances, share, width))
        errors = {noise: self._error(values, vectors, noise) for noise in NOISES}
        noise = min(errors, key=lambda n: errors[n])
        inverse = (vectors / (values + noise)) @ vectors.T
        return _Fit(errors[noise], share, width, noise, inverse)

    def _error(self, values: np.ndarray, vectors: np.ndarray, noise: float) -> float:
        """Return minus the log-likelihood of every score given the others."""
        own = (vectors**2) @ (1.0 / (values + noise))
        missed = (vectors @ ((vectors.T @ self.y) / (values + noise))) / own
        return float((missed**2 * own - np.log(own)).sum())


def _middle(scores: np.ndarray) -> tuple[float, float]:
    """Return the median, and the spread of a normal that has the scores' median deviation."""
    centre = float(np.median(scores))
    return centre, max(float(np.median(np.abs(scores - centre))) * 1.4826, SPREAD_FLOOR)


def held(scores: np.ndarray) -> tuple[float, float]:
    """Return the bounds within which scores are told apart."""
    centre, scale = _middle(scores)
    return centre - CLIP * scale, centre + CLIP * scale


class _Block:
    """Numbers of one sort, standardised; distances are in units of the median one."""

    def __init__(self, x: np.ndarray) -> None:
        self.middle, self.spread = x.mean(0), np.maximum(x.std(0), FLOOR)
        self.x = self.scaled(x)
        self.unit = 1.0
        between = self.distances(self.x)
        if (between > 0).any():
            self.unit = float(np.median(between[between > 0]))

    def scaled(self, x: np.ndarray) -> np.ndarray:
        return (x - self.middle) / self.spread

    def distances(self, scaled: np.ndarray) -> np.ndarray:
        """Return `[len(scaled), programs]`."""
        a, b = scaled, self.x
        squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
        return np.sqrt(np.maximum(squares, 0.0)) / self.unit


@dataclass(frozen=True, slots=True)
class _Fit:
    error: float
    share: float
    width: float
    noise: float
    inverse: np.ndarray


def _described(genomes: Sequence[Genome], kind: Kind) -> tuple[np.ndarray, np.ndarray]:
    written = np.array([features(g) for g in genomes])
    return written, np.array([traits(g, kind) for g in genomes])


def _kernel(distances: Sequence[np.ndarray], share: float, width: float) -> np.ndarray:
    written, done = (np.exp(-each / width) for each in distances)
    return share * written + (1.0 - share) * done


def fitted_to(kind: Kind, history: Sequence[Candidate]) -> Surrogate | None:
    """Learn from the latest scored programs of different behaviour, if there are enough."""
    known = [
        (c.program.genome, c.score)
        for c in history
        if c.evaluation.status is Status.SCORED and c.program.genome is not None
    ][-MOST:]
    pairs = [(g, s) for g, s in known if s is not None]
    if len(pairs) < LEAST:
        return None
    return Surrogate(kind, [g for g, _ in pairs], [s for _, s in pairs])


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
