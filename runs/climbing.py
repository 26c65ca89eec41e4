"""Who climbs the ladder, and when that is known: asynchronous successive halving in settled order.

Step `s` is taken once the first `s` candidates are settled. It takes in the climbs that are due,
then sends up whoever is now among the best 1/η of a rung; the program that the search starts from
climbs as far as it can, to be compared with. The result of a climb sent at step `s` is due at step
`s + lookahead`: a later proposal knows it, an earlier one does not, however long the training
took. So nobody waits for a rung to fill, and every decision is a pure function of the order.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from evaluators.candidate import Candidate, Evaluation, Status
from evaluators.ladder import Climb, next_climb
from evaluators.levels import levels
from runs.config import RunConfig
from runs.order import Order
from runs.progress import Display, Progress
from runs.record import RunRecord
from runs.store import Store

NAN = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Ascent:
    """A candidate that is to be judged on a dearer rung, which `level` names."""

    candidate: Candidate
    level: int


class Climbing:
    """The ladder of a run; `decided` counts the steps taken, which never run ahead of the order."""

    def __init__(
        self,
        store: Store,
        run: RunRecord,
        config: RunConfig,
        order: Order,
        display: Display,
        progress: Progress,
    ) -> None:
        self.store, self.run, self.config, self.order = store, run, config, order
        self.display, self.progress = display, progress
        self.levels = levels(config.rungs)
        self.decided = 0
        self._scores: list[dict[str, float]] = [{} for _ in self.levels]
        self._climbers: dict[str, Candidate] = {}
        self._due: defaultdict[int, list[Ascent]] = defaultdict(list)
        self._results: dict[Ascent, Evaluation] = {}
        self._known: list[tuple[int, Evaluation]] = []

    def advance(self) -> list[Ascent]:
        """Take the steps that can be taken; return those who are to climb."""
        if len(self.levels) == 1:
            self.decided = self.order.settled
            return []
        sent: list[Ascent] = []
        while self.decided < self.order.settled and self._all_in(self.decided + 1):
            self.decided += 1
            self._take_due()
            self._enter(self.order.history[self.decided - 1])
            while (climb := self._next()) is not None:
                sent += self._send(climb)
        return sent

    def take(self, ascent: Ascent, climb: Evaluation, recalled: bool = False) -> None:
        """Commit the result of a climb; steps know it when it is due."""
        self.store.climb(self.run.id, ascent.candidate.id, climb, recalled)
        self._arrive(ascent, climb)

    def as_known(self, count: int) -> Sequence[Candidate]:
        """Return the first `count` candidates with the climbs that are due when they are settled.

        Those that are not settled yet are left out.
        """
        climbs: defaultdict[str, tuple[Evaluation, ...]] = defaultdict(tuple)
        for due, climb in self._known:
            if due <= count:
                climbs[climb.fingerprint] += (climb,)
        history = self.order.history
        if not climbs and count <= self.order.settled:
            return history.first(count)
        known = (c for c in history[:count] if c is not None)
        if not climbs:
            return list(known)
        return [replace(c, climbs=climbs.get(c.evaluation.fingerprint, ())) for c in known]

    def _all_in(self, step: int) -> bool:
        return all(ascent in self._results for ascent in self._due.get(step, ()))

    def _take_due(self) -> None:
        for ascent in self._due.pop(self.decided, ()):
            climb = self._results.pop(ascent)
            self._known.append((self.decided, climb))
            if climb.score is not None:
                scores = self._scores[self.levels.index(ascent.level)]
                scores[climb.fingerprint] = climb.score

    def _enter(self, candidate: Candidate | None) -> None:
        """Put a settled candidate's score on the first rung; a behaviour climbs only once."""
        assert candidate is not None
        evaluation = candidate.evaluation
        if evaluation.status is Status.SCORED and evaluation.score is not None:
            self._climbers.setdefault(evaluation.fingerprint, candidate)
            self._scores[0][evaluation.fingerprint] = evaluation.score

    def _next(self) -> Climb | None:
        """Return who climbs next: a program the search starts from, else one of the best."""
        for name, candidate in self._climbers.items():
            if candidate.index >= len(self.config.warm_start):
                break
            for rung, (low, high) in enumerate(pairwise(self._scores)):
                if math.isfinite(low.get(name, NAN)) and name not in high:
                    return Climb(name, rung + 1)
        return next_climb(self._scores, self.config.eta)

    def _send(self, climb: Climb) -> list[Ascent]:
        """Note who is under way; return it unless an earlier sitting recorded what came of it."""
        self._scores[climb.rung][climb.program] = NAN
        ascent = Ascent(self._climbers[climb.program], self.levels[climb.rung])
        self._due[self.decided + self.config.lookahead].append(ascent)
        recorded = self.order.climbed.pop((climb.program, ascent.level), None)
        if recorded is None:
            return [ascent]
        self._arrive(ascent, recorded)
        return []

    def _arrive(self, ascent: Ascent, climb: Evaluation) -> None:
        self._results[ascent] = climb
        climber = self._climbers[climb.fingerprint]
        climber = replace(climber, climbs=(*climber.climbs, climb))
        self._climbers[climb.fingerprint] = climber
        self.progress.climb(climber)
        self.display.show(climber, self.progress)
