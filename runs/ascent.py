"""How far a run's programs got: how many each stage judged and passed, and how far rungs agree.

The first two stages cost milliseconds: the gate (abstract execution, fingerprint) and the first
training steps, which give up on not-a-number and on programs that lower no loss. Then come the
rungs of the ladder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from evaluators.candidate import Status
from evaluators.ladder import agreement, interval
from evaluators.levels import name_of
from runs.progress import Progress
from runs.store import Store

ByRung = Mapping[int, Mapping[str, float]]
"""For every level the scores by fingerprint, not-a-number where judging it failed."""


@dataclass(frozen=True, slots=True)
class Stage:
    """How many programs a stage judged, and how many got past it."""

    name: str
    judged: int
    passed: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Spearman's rank correlation between two rungs, with a 95 % interval, over so many programs.

    Those on the higher rung were chosen by the lower, which lowers the figure.
    """

    low: str
    high: str
    programs: int
    spearman: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Ascent:
    """The stages of a run in order, and the agreement of each rung with the next."""

    stages: tuple[Stage, ...]
    agreements: tuple[Agreement, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what listings add to a run."""
        return {
            "stages": [asdict(stage) for stage in self.stages],
            "agreement": [asdict(each) for each in self.agreements],
        }


def ascent_of(progress: Progress, agreeing: bool = True) -> Ascent:
    """Return the ascent of a run at work; without the agreement, which takes milliseconds."""
    distinct, stopped = progress.evaluations, progress.stopped
    stages = _stages(progress.tried, distinct, stopped, progress.by_rung)
    return Ascent(stages, _agreements(progress.by_rung) if agreeing else ())


def stored_ascent(store: Store, run_id: str) -> Ascent:
    """Return the ascent of a run in the database."""
    count = store.statuses(run_id)
    idle = count.get(Status.INVALID, 0) + count.get(Status.DUPLICATE, 0)
    tried, stopped = sum(count.values()), count.get(Status.PRUNED, 0)
    by_rung = store.by_rung(run_id)
    return Ascent(_stages(tried, tried - idle, stopped, by_rung), _agreements(by_rung))


def _stages(tried: int, distinct: int, stopped: int, by_rung: ByRung) -> tuple[Stage, ...]:
    found = [
        Stage("gate", tried, distinct),
        Stage("first steps", distinct, distinct - stopped),
    ]
    for place, level in enumerate(sorted(by_rung)):
        scores = list(by_rung[level].values())
        judged = len(scores) if place else distinct - stopped
        found.append(Stage(name_of(level), judged, int(np.isfinite(scores).sum())))
    return tuple(found)


def _agreements(by_rung: ByRung) -> tuple[Agreement, ...]:
    order, found = sorted(by_rung), []
    for low, high in pairwise(order):
        below, above = by_rung[low], by_rung[high]
        figure = agreement(below, above)
        around = interval(below, above, np.random.default_rng(0))
        if figure is not None and around is not None:
            both = sum(np.isfinite(below.get(n, np.nan)) for n, s in above.items() if s == s)
            found.append(Agreement(name_of(low), name_of(high), int(both), figure, around))
    return tuple(found)
