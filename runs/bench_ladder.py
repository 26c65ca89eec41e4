"""What each rung costs and how well it foretells the next, over programs nobody has chosen.

A run's own correlation is over those who climbed, all of them good on the lower rung. Here random
mutants of the library are judged on every rung. The rung `first steps` asks what a rung of its own
for the trainer's early check would cost and stop: the quick rung's models, twenty steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from evaluators.admit import Admitted, admit
from evaluators.candidate import Status
from evaluators.evaluator import Evaluator, Judgement
from evaluators.ladder import agreement, interval, top
from evaluators.levels import levels, name_of
from evaluators.rungs import rung_at
from programs.errors import Fault
from programs.kind import Kind
from programs.load import library
from programs.operator import OPERATORS, Operator
from runs.pools import judging_in

FIRST_STEPS = 20
"""Steps after which the trainer first looks for progress."""

MUTATIONS = 4
"""A program is at most so many mutations away from the library."""

BEST = 0.1
"""The share of programs that a lower rung must not lose."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a rung made of the programs, and the mean seconds for those it stopped and scored."""

    rung: str
    judged: int
    stopped: int
    scored: int
    seconds_stopped: float
    seconds_scored: float


@dataclass(frozen=True, slots=True)
class Foresight:
    """How a rung foretells a dearer one; `kept` of its best tenth are in the lower's best third."""

    low: str
    high: str
    programs: int
    spearman: float | None
    interval: tuple[float, float] | None
    kept: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rungs cost, and how each foretells the next."""

    prices: tuple[Price, ...]
    foresights: tuple[Foresight, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as data."""
        return asdict(self)


def measure(
    evaluator: Evaluator, kind: Kind, count: int, seed: int, rungs: int, workers: int
) -> Figures:
    """Judge `count` mutants on every rung of a ladder and on the first steps alone."""
    rng = np.random.default_rng(seed)
    programs = mutants(kind, count, rng)
    task, ladder = evaluator.task, levels(rungs)
    lowest = rung_at(task, ladder[0])
    first = replace(lowest, name="first steps", steps=min(FIRST_STEPS, lowest.steps))
    named = {first.name: first} | {name_of(level): rung_at(task, level) for level in ladder}
    prices, scores = [], {}
    with judging_in(evaluator.sandbox, workers) as pool:
        for name, rung in named.items():
            seeds = tuple(range(rung.seeds))
            trial = replace(
                evaluator.trial(),
                steps=rung.steps,
                learning_rates=rung.learning_rates,
                seeds=seeds,
            )
            judged = list(
                pool.map(
                    lambda p, t=trial, r=rung: evaluator.judge(p.program, t, r.limits), programs
                )
            )
            prices.append(_price(name, judged))
            scores[name] = _scores(programs, judged)
    pairs = pairwise([name_of(level) for level in ladder])
    found = [foresight(low, high, scores[low], scores[high], rng) for low, high in pairs]
    return Figures(tuple(prices), tuple(found))


def mutants(kind: Kind, count: int, rng: np.random.Generator) -> list[Admitted]:
    """Return programs of distinct behaviour, a few random mutations from the library."""
    known = [p.genome for p in library(kind.name).values() if p.genome is not None]
    operators: list[Operator] = [OPERATORS.find(name) for name in ("insert", "delete", "modify")]
    found: dict[str, Admitted] = {}
    while len(found) < count:
        genome = known[rng.integers(len(known))]
        for _ in range(rng.integers(1, MUTATIONS + 1)):
            child = operators[rng.integers(len(operators))]([genome], kind, rng)
            genome = genome if isinstance(child, Fault) else child
        offer = admit(genome, kind)
        if isinstance(offer, Admitted):
            found.setdefault(offer.fingerprint, offer)
    return list(found.values())


def foresight(
    low: str,
    high: str,
    below: dict[str, float],
    above: dict[str, float],
    rng: np.random.Generator,
) -> Foresight:
    """Say how well the scores `below` foretell those `above`."""
    both = [n for n in below if np.isfinite(below[n]) and np.isfinite(above[n])]
    best = sorted((n for n in above if np.isfinite(above[n])), key=lambda n: -above[n])
    best = best[: max(1, round(BEST * len(best)))]
    kept = len(set(best) & set(top(below))) / max(len(best), 1)
    around = interval(below, above, rng)
    return Foresight(low, high, len(both), agreement(below, above), around, kept)


def _price(name: str, judged: Sequence[Judgement]) -> Price:
    stopped = [j.seconds for j in judged if j.status is Status.PRUNED]
    scored = [j.seconds for j in judged if j.status is Status.SCORED]
    means = (float(np.mean(s)) if s else 0.0 for s in (stopped, scored))
    return Price(name, len(judged), len(stopped), len(scored), *means)


def _scores(programs: Sequence[Admitted], judged: Sequence[Judgement]) -> dict[str, float]:
    return {
        p.fingerprint: float("nan") if j.best is None else float(j.best.by_seed.mean())
        for p, j in zip(programs, judged, strict=True)
    }
