"""Who gets the next place: proposers × models, by expected improvement per share of the budget.

    Arm      a proposer with the model that it asks, if it asks one
    Record   what an arm brought so far, and what that cost
    records  how each arm did, and its chance: a pure function of the view

An arm's gain is how much its programs are expected to beat the best tenth of all, in standard
deviations of the normal scores of their ranks; programs without a score gain nothing. Its cost is
the share of what is left of the budget that one of its programs takes: dollars, evaluations, and
seconds of waiting. No arm falls below a fixed part of its prior chance.

What fills in while models answer is its proposer's merit, and counts as a place that it had: those
who ask nobody get no other until all proposals together have made up for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from agent.proposer import View
from evaluators.candidate import FILLED_IN, Candidate, Origin, Status

FLOOR = 0.25
"""The part of its prior chance that every arm keeps."""

PRIOR = 4.0
"""How many average candidates every arm starts with."""

BEST_SHARE = 0.1
PATIENCE = 3600.0
"""Seconds of a model's time that are worth as much as the whole budget."""

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Arm:
    """A proposer, the model it asks ("" if none), and its prior weight."""

    proposer: str
    model: str = ""
    weight: float = 1.0

    def __str__(self) -> str:
        return f"{self.proposer} by {self.model}" if self.model else self.proposer


@dataclass(frozen=True, slots=True)
class Record:
    """How an arm did: candidates, expected gain and cost of one, and its chance."""

    arm: Arm
    tried: int
    gain: float
    cost: float
    share: float


def stand_in(origin: Origin, arm: Arm, reason: str) -> Origin:
    """Return the origin of what evolution made in the place of an arm that failed."""
    return Origin(
        origin.proposer,
        f"{origin.operator} for {arm.proposer}",
        origin.parents,
        f"in place of {arm}: {reason}",
        arm.model,
        {"stand_in": 1.0},
    )


def as_fill_in(origin: Origin) -> Origin:
    """Return the origin of what took a place because workers would have waited for a model."""
    return replace(origin, usage={**origin.usage, FILLED_IN: 1.0})


def arm_of(origin: Origin) -> tuple[str, str]:
    """Return which proposer and model a place was given to, whoever filled it in the end."""
    if origin.usage.get("stand_in"):
        return origin.operator.rpartition(" for ")[2], origin.model
    return origin.proposer, origin.model


def arms_of(
    proposers: Mapping[str, float], talkers: Sequence[str], models: Mapping[str, float]
) -> tuple[Arm, ...]:
    """Return every proposer, those that ask a model once for each; weights multiply."""
    total = sum(models.values()) or 1.0
    return tuple(
        Arm(name, model, weight * part)
        for name, weight in proposers.items()
        for model, part in (
            [(m, w / total) for m, w in models.items()] if name in talkers else [("", 1.0)]
        )
    )


def records(view: View, arms: Sequence[Arm]) -> list[Record]:
    """Return how each arm did, and the chance that follows."""
    prior = np.array([arm.weight for arm in arms])
    prior = prior / prior.sum()
    if not any(arm.model for arm in arms):
        return [Record(arm, 0, 0.0, 0.0, p) for arm, p in zip(arms, prior, strict=True)]
    judged = [c for c in view.history if c.id not in view.seeds]
    level = _levels(judged)
    by_arm = [[c for c in judged if arm_of(c.origin) == (arm.proposer, arm.model)] for arm in arms]
    average = _gain(judged, level)
    gains, costs = [], []
    for own in by_arm:
        gains.append((_gain(own, level) * len(own) + average * PRIOR) / (len(own) + PRIOR))
        costs.append(_cost(own, view.budget_left))
    rates = np.array(gains) / np.array(costs) + 1e-12
    learnt = prior * rates / (prior * rates).sum()
    chances = FLOOR * prior + (1 - FLOOR) * learnt
    if _ahead(judged, arms, chances):
        chances = chances * [bool(arm.model) for arm in arms]
        chances = chances / chances.sum()
    figures = zip(arms, by_arm, gains, costs, chances, strict=True)
    return [Record(arm, len(own), g, c, float(p)) for arm, own, g, c, p in figures]


def _ahead(judged: Sequence[Candidate], arms: Sequence[Arm], chances: np.ndarray) -> bool:
    """Tell whether those who ask nobody had more than their part of the places by filling in."""
    if not any(c.origin.fills_in for c in judged):
        return False
    part = sum(p for arm, p in zip(arms, chances, strict=True) if not arm.model)
    return sum(not arm_of(c.origin)[1] for c in judged) > part * len(judged)


def _levels(judged: Sequence[Candidate]) -> dict[str, float]:
    """Return the normal score of each candidate's rank, so that a few wild scores do not matter."""
    scored = [c for c in judged if c.score is not None and _counts(c)]
    ranked = sorted(scored, key=lambda c: (c.score or 0.0, -c.index))
    return {c.id: _NORMAL.inv_cdf((r + 0.5) / len(ranked)) for r, c in enumerate(ranked)}


def _counts(candidate: Candidate) -> bool:
    stood_in = bool(candidate.origin.usage.get("stand_in"))
    return candidate.evaluation.status is Status.SCORED and not stood_in


def _gain(own: Sequence[Candidate], level: Mapping[str, float]) -> float:
    """Return the expected gain over the best tenth, of a normal with the arm's mean and spread."""
    known = [level[c.id] for c in own if c.id in level]
    # Two average results beforehand keep one lucky or unlucky program from deciding.
    values = np.array([*known, -1.0, 1.0])
    mean, spread = float(values.mean()), float(values.std())
    scored = (len(known) + 1.0) / (len(own) + 2.0)
    return scored * expected_improvement(mean, spread, _NORMAL.inv_cdf(1 - BEST_SHARE))


def expected_improvement(mean: float, spread: float, best: float) -> float:
    """Return E[max(x - best, 0)] for a normal x; higher is better."""
    if spread <= 0:
        return max(mean - best, 0.0)
    u = (mean - best) / spread
    return spread * (u * _NORMAL.cdf(u) + _NORMAL.pdf(u))


def _cost(own: Sequence[Candidate], left: Mapping[str, float]) -> float:
    count = max(len(own), 1)
    usd = sum(c.origin.usage.get("usd", 0.0) for c in own) / count
    seconds = sum(c.origin.usage.get("seconds", 0.0) for c in own) / count
    dollars = usd / max(left["usd"], 1e-9) if "usd" in left else 0.0
    return 1.0 / max(left.get("evals", 200.0), 1.0) + dollars + seconds / PATIENCE
