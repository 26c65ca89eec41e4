"""The funnel of meta-validation: who passes to a dearer task, and whether search overfits its own.

A search that looks at one cheap task long enough finds what is good on that task only. So what it
found is judged on another task at ten times the cost, and what is still better than the tuned
baseline there on a third at a hundred times (Chen et al. 2023, "Symbolic discovery of optimization
algorithms", §2). The best program of the search so far, judged on the second task, draws the curve
of meta-overfitting: it rises with the search score, and then may fall. In the paper about half of
the runs overfit early, and those whose curve peaks late found the better programs.

Everything here is a pure function of scores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evaluators.task import Task, Trial

FIRST, TIMES = 10.0, 10.0
"""The first stage costs ten times the search's judgement, every further one ten times more."""

META_SEED = 50_000

FEWEST = 20
"""Steps below which a training says nothing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A task, and its cost as a multiple of the search's."""

    task: str
    multiple: float


@dataclass(frozen=True, slots=True)
class Point:
    """The best program of the search when `index` candidates were made; gains over the baseline.

    `gain` is that on the stage, not-a-number where the program failed there.
    """

    index: int
    id: str
    search_gain: float
    gain: float


@dataclass(frozen=True, slots=True)
class Peak:
    """Where the stage's gain was highest, as a share of the search, and what was lost after it."""

    share: float
    gain: float
    lost: float


def work_of(task: Task, trial: Trial) -> float:
    """Return a trial's cost in multiply-adds; a task that states none counts steps of replicas."""
    work = getattr(task, "work", None)
    if work is not None:
        return float(work(trial))
    return float(trial.steps * len(trial.learning_rates) * len(trial.seeds))


def search_trial(task: Task) -> Trial:
    """Return a trial as dear as a search's."""
    rung = task.rungs[0]
    return Trial(rung.steps, rung.learning_rates, tuple(range(rung.seeds)))


def stage_trial(task: Task, cost: float, device: str) -> Trial:
    """Return the trial on a stage's task that costs so much: its own sweep, more or fewer steps."""
    rung = task.rungs[0]
    seeds = tuple(range(META_SEED, META_SEED + rung.seeds))
    one = Trial(1, rung.learning_rates, seeds, device=device)
    return replace(one, steps=max(FEWEST, round(cost / work_of(task, one))))


def advancing(scores: Mapping[str, float | None], baseline: float, top: int) -> list[str]:
    """Return the best `top` of those that are better than the tuned baseline, best first."""
    better = {name: s for name, s in scores.items() if s is not None and s > baseline}
    return sorted(better, key=lambda name: -better[name])[:top]


def records(history: Sequence[tuple[int, str, float | None]]) -> list[tuple[int, str, float]]:
    """Return those (index, id, score) of a search that were its best when they came."""
    found: list[tuple[int, str, float]] = []
    for index, name, score in history:
        if score is not None and (not found or score > found[-1][2]):
            found.append((index, name, score))
    return found


def peak(points: Sequence[Point], length: int) -> Peak | None:
    """Return where in a search of `length` candidates the stage's gain was highest."""
    judged = [p for p in points if math.isfinite(p.gain)]
    if not judged:
        return None
    best = max(judged, key=lambda p: p.gain)
    return Peak(best.index / max(1, length - 1), best.gain, best.gain - judged[-1].gain)
