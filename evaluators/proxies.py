"""Training-free scores and what they are worth: rank correlation, and RoBoT's weighting of them.

RoBoT (He et al. 2024, "Robustifying and boosting training-free NAS") looks for weights of the
proxies by Bayesian optimisation, where one query trains the network that the weighted sum puts
first, and spends the rest of its budget walking down the best ranking found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evaluators.evaluator import Evaluator
from evaluators.ladder import ranks
from evaluators.room import with_room
from programs.errors import CambrianError
from programs.program import Program
from sandbox.base import Job

HARNESS = "evaluators.harness.proxies:measure"

Table = Mapping[str, np.ndarray]
"""By proxy, its value for every network, not-a-number where it has none."""

BUDGET = 20
"""Networks that RoBoT may train."""

CANDIDATES = 256
"""Random weightings among which a query is chosen."""

RESAMPLES = 1000
"""Bootstrap resamples of the networks."""

OPTIMISM = 2.0
"""Standard deviations that a weighting's expected score is raised by when it is chosen."""


def proxies(evaluator: Evaluator, program: Program) -> dict[str, float]:
    """Measure a program's training-free scores in the sandbox; those it has none of are NaN.

    `CambrianError` where the program cannot be run at all.
    """
    task = evaluator.task
    trial = replace(evaluator.trial(), seeds=(0,))
    job = Job(HARNESS, task.payload(program, trial), task.rungs[0].limits, trusted=True)
    outcome = evaluator.sandbox.run(with_room(job))
    if outcome.result is None:
        raise CambrianError(f"A proxy could not be measured: {outcome.message}")
    found = outcome.result.data
    return {name: float("nan") if v is None else float(v) for name, v in found.items()}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well one ranking foretells another over `networks` that have both values.

    Spearman's ρ and Kendall's τ-b, each with the 95 % interval of a bootstrap over the networks.
    """

    spearman: float
    kendall: float
    networks: int
    spearman_interval: tuple[float, float]
    kendall_interval: tuple[float, float]


def agreement(values: np.ndarray, scores: np.ndarray, rng: np.random.Generator) -> Agreement:
    """Compare two rankings; not-a-number below three networks or without spread.

    Networks without one of the values are left out.
    """
    both = np.isfinite(values) & np.isfinite(scores)
    a, b = values[both], scores[both]
    drawn = [rng.integers(len(a), size=len(a)) for _ in range(RESAMPLES)] if len(a) else []
    resampled = [_correlations(a[places], b[places]) for places in drawn]
    known = np.array([pair for pair in resampled if np.isfinite(pair).all()]).reshape(-1, 2)
    spearman, kendall = _correlations(a, b)
    return Agreement(spearman, kendall, len(a), _interval(known[:, 0]), _interval(known[:, 1]))


def _correlations(values: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    a, b = (np.array(ranks(list(each))) for each in (values, scores))
    if len(a) < 3 or not a.std() or not b.std():
        return float("nan"), float("nan")
    signs = [np.sign(np.subtract.outer(r, r)) for r in (a, b)]
    spread = np.sqrt((signs[0] ** 2).sum() * (signs[1] ** 2).sum())
    tau = float((signs[0] * signs[1]).sum() / spread)
    return float(np.corrcoef(a, b)[0, 1]), tau


def _interval(values: np.ndarray) -> tuple[float, float]:
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def best_of_first(values: np.ndarray, scores: np.ndarray, budget: int = BUDGET) -> int:
    """Return the place, from 1, of the best of the `budget` networks that a ranking puts first.

    Networks that the ranking has no value for come last.
    """
    order = np.argsort(-np.where(np.isnan(values), -np.inf, values), kind="stable")
    return place_of(float(scores[order[:budget]].max()), scores)


def place_of(score: float, scores: np.ndarray) -> int:
    """Return the place, from 1, that a score has among others."""
    return 1 + int((scores > score).sum())


def ranked(table: Table) -> np.ndarray:
    """Return `[networks, proxies]` of ranks scaled to 0…1; a missing value counts as the worst."""
    columns = [np.where(np.isnan(v), -np.inf, v) for v in table.values()]
    most = max(1, len(columns[0]) - 1)
    return np.stack([ranks(list(c)) / most for c in columns], 1)


@dataclass(frozen=True, slots=True)
class Walk:
    """What RoBoT trained, in order, the best of it, and the weights by which it walked."""

    trained: tuple[int, ...]
    best: int
    weights: Mapping[str, float]


def robot(
    table: Table,
    score: Callable[[int], float],
    rng: np.random.Generator,
    budget: int = BUDGET,
) -> Walk:
    """Spend `budget` calls of `score` on the networks of a table, by RoBoT's two stages.

    Half of the queries look for weights, each with a Gaussian process over those tried; the other
    half walk down the ranking of the best. `score` gives minus infinity where there is none.
    """
    ranking = ranked(table)
    count, width = ranking.shape
    budget = min(budget, count)
    known: dict[int, float] = {}
    tried: list[np.ndarray] = []
    values: list[float] = []
    while len(tried) < max(1, budget // 2):
        weights = _chosen(tried, values, rng.uniform(-1, 1, (CANDIDATES, width)))
        first = int(np.argmax(ranking @ weights))
        if first not in known:
            known[first] = score(first)
        tried.append(weights)
        values.append(known[first])
    best = tried[int(np.argmax(values))]
    for place in np.argsort(-(ranking @ best), kind="stable"):
        if len(known) >= budget:
            break
        if int(place) not in known:
            known[int(place)] = score(int(place))
    winner = max(known, key=lambda place: known[place])
    return Walk(tuple(known), winner, dict(zip(table, map(float, best), strict=True)))


def _chosen(
    tried: Sequence[np.ndarray], values: Sequence[float], offered: np.ndarray
) -> np.ndarray:
    """Return the weighting with the highest optimistic guess of a Gaussian process."""
    finite = np.isfinite(values)
    if finite.sum() < 2:
        return offered[0]
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF

    # The kernel's width stays: a handful of points does not settle it.
    settings: dict[str, Any] = {"alpha": 1e-3, "optimizer": None, "normalize_y": True}
    process = GaussianProcessRegressor(RBF(1.0), **settings)
    process.fit(np.array(tried)[finite], np.array(values)[finite])
    mean, deviation = map(np.asarray, process.predict(offered, return_std=True))
    return offered[int(np.argmax(mean + OPTIMISM * deviation))]
