"""The functional cache: what to do with a program that behaves as an earlier one did.

By default its score is reused. Two modes help where scores are noisy (Gillard et al. 2023):
*forgetful* drops an entry with some probability when it is hit, so that a lucky score does not
stand for ever; *aggregating* trains the first few programs of a behaviour with new seeds each and
lets all of them count. Entries are places in a run's order, so the cache is rebuilt from its
history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from evaluators.candidate import Candidate, Evaluation, Status

AVERAGED = "evaluations"
"""The metric that says how many evaluations a score averages, where that is more than one."""


class Use(Enum):
    """What a look into the cache says."""

    TRAIN = "nothing is known: train"
    REUSE = "take the earlier result"
    ADD = "train with new seeds and average with the earlier results"


@dataclass(frozen=True, slots=True)
class Look:
    """What to do, and the place of the entry that was met.

    `trained` counts how often the behaviour was trained before, which decides the next seeds;
    `averaged` how many evaluations a result made now will stand for.
    """

    use: Use
    earlier: int = -1
    trained: int = 0
    averaged: int = 1


@dataclass(slots=True)
class _Entry:
    place: int
    averaged: int
    trained: int


class FunctionalCache:
    """Fingerprint to the place of its latest result.

    `forget` is the probability of dropping an entry on a hit; `aggregate` how many evaluations
    of one behaviour are averaged before the result is only reused; `before` says what an earlier
    sitting of the run entered: place, how many evaluations it averages, how often trained.
    """

    def __init__(
        self,
        forget: float = 0.0,
        aggregate: int = 1,
        before: Callable[[str], tuple[int, int, int] | None] = lambda _: None,
    ) -> None:
        self.forget = forget
        self.aggregate = aggregate
        self.before = before
        self._entries: dict[str, _Entry] = {}

    def look(self, fingerprint: str, rng: np.random.Generator) -> Look:
        """Say what to do with a program; changes nothing."""
        entry = self._entry(fingerprint)
        if entry is None:
            return Look(Use.TRAIN)
        if entry.averaged < self.aggregate:
            return Look(Use.ADD, entry.place, entry.trained, entry.averaged + 1)
        if self.forget > 0 and rng.random() < self.forget:
            return Look(Use.TRAIN, entry.place, entry.trained)
        return Look(Use.REUSE, entry.place, entry.trained)

    def put(self, fingerprint: str, place: int, averaged: int = 1) -> None:
        """Note that the program at `place` is trained; its result averages so many evaluations."""
        entry = self._entry(fingerprint)
        trained = 1 if entry is None else entry.trained + 1
        self._entries[fingerprint] = _Entry(place, averaged, trained)

    def _entry(self, fingerprint: str) -> _Entry | None:
        if (entry := self._entries.get(fingerprint)) is not None:
            return entry
        earlier = self.before(fingerprint)
        return None if earlier is None else _Entry(*earlier)


def as_copy(candidate: Candidate) -> Candidate:
    """Mark a candidate as one that takes over an earlier result."""
    evaluation = replace(candidate.evaluation, status=Status.DUPLICATE)
    return replace(candidate, evaluation=evaluation)


def completed(candidate: Candidate, earlier: Candidate) -> Candidate:
    """Complete a candidate with an equal one's result: take it over, or average with it."""
    if candidate.evaluation.status is Status.DUPLICATE:
        return _taken_over(candidate, earlier)
    return replace(candidate, evaluation=_averaged(candidate.evaluation, earlier.evaluation))


def _taken_over(candidate: Candidate, earlier: Candidate) -> Candidate:
    ending = "" if earlier.score is not None else f", which was {earlier.evaluation.status}"
    message = f"does what {earlier.id} does{ending}"
    evaluation = replace(
        earlier.evaluation, status=Status.DUPLICATE, seconds=0.0, message=message, curves=()
    )
    return replace(candidate, evaluation=evaluation, duplicate_of=earlier.id)


def _averaged(now: Evaluation, earlier: Evaluation) -> Evaluation:
    """Put the seeds of both together; without two scores, what happened now stands alone."""
    if now.score is None or earlier.score is None:
        return now
    by_seed = (*earlier.by_seed, *now.by_seed)
    share = len(now.by_seed) / len(by_seed)
    metrics = {
        name: share * value + (1 - share) * earlier.metrics.get(name, value)
        for name, value in now.metrics.items()
    }
    metrics["learning_rate"] = now.metrics.get("learning_rate", float("nan"))
    metrics[AVERAGED] = earlier.metrics.get(AVERAGED, 1.0) + 1.0
    return replace(now, score=sum(by_seed) / len(by_seed), by_seed=by_seed, metrics=metrics)
