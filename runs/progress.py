"""What a run looks like from outside, candidate by candidate: the numbers every display shows.

It is rebuilt from the stored history on resume, so it holds nothing that the database does not.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from evaluators.candidate import Candidate, Evaluation, Status
from runs.config import RunConfig

LEADERS = 20


@dataclass
class Progress:
    """Counts, the best so far, and time; updated by `add` in order of proposal."""

    run: str
    config: RunConfig
    score_name: str
    baseline: str
    started: float = field(default_factory=time.monotonic)
    before: float = 0.0
    trained_before: int = 0
    tried: int = 0
    trained: int = 0
    recalled: int = 0
    duplicates: int = 0
    rejected: int = 0
    stopped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    curve: list[float] = field(default_factory=list)
    leaders: list[Candidate] = field(default_factory=list)
    first: Candidate | None = None
    training_seconds: float = 0.0
    in_flight: int = 0
    stopping: str = ""
    by_rung: dict[int, dict[str, float]] = field(default_factory=dict)
    usd: float = 0.0
    news: list[str] = field(default_factory=list)

    def add(self, candidate: Candidate) -> None:
        """Count one candidate."""
        evaluation = candidate.evaluation
        self.tried += 1
        self.first = self.first or candidate
        if evaluation.status is Status.DUPLICATE:
            self.duplicates += 1
            return
        if evaluation.status is Status.INVALID:
            self.rejected += 1
        elif candidate.recalled:
            self.recalled += 1
        else:
            self.trained += 1
        if evaluation.status is not Status.SCORED:
            self.reasons[reason(candidate)] += 1
            self.stopped += evaluation.status is Status.PRUNED
        if candidate.score is not None and evaluation.ranked:
            self._note(candidate, evaluation)

    def climb(self, candidate: Candidate) -> None:
        """Take in the latest climb of a candidate that was added before."""
        if self.first is not None and candidate.id == self.first.id:
            self.first = candidate
        if candidate.evaluation.ranked:
            self._note(candidate, candidate.climbs[-1])

    def _note(self, candidate: Candidate, judged: Evaluation) -> None:
        """Note a judgement on some rung, and who leads now."""
        score = float("nan") if judged.score is None else judged.score
        self.by_rung.setdefault(judged.rung, {})[judged.fingerprint] = score
        others = [c for c in self.leaders if c.id != candidate.id]
        before = self.best
        self.leaders = sorted([*others, candidate], key=lambda c: c.rank)[:LEADERS]
        self._draw_on(before)

    def _draw_on(self, before: Candidate | None) -> None:
        """Let the curve of the best score go on; on a higher rung it begins anew."""
        best = self.leaders[0].standing
        if before is not None and before.standing.rung != best.rung:
            self.curve = []
        if best.score is not None:
            self.curve.append(best.score)

    @property
    def evaluations(self) -> int:
        """Count the distinct behaviours that were judged."""
        return self.trained + self.recalled

    @property
    def best(self) -> Candidate | None:
        """Return the leader."""
        return self.leaders[0] if self.leaders else None

    @property
    def seconds(self) -> float:
        """Return how long the run has been at work, earlier sittings included."""
        return self.before + time.monotonic() - self.started

    @property
    def per_minute(self) -> float:
        """Return trained candidates a minute in this sitting."""
        return 60 * self.trained_now / max(time.monotonic() - self.started, 1e-9)

    @property
    def trained_now(self) -> int:
        """Count the candidates trained in this sitting."""
        return self.trained - self.trained_before

    @property
    def seconds_left(self) -> float | None:
        """Estimate the time to the end of the budget, or `None` before there is a rate."""
        left = []
        if self.config.hours is not None:
            left.append(self.config.hours * 3600 - self.seconds)
        if self.config.evals is not None and self.trained_now >= 3:
            left.append((self.config.evals - self.evaluations) * 60 / self.per_minute)
        return max(min(left), 0.0) if left else None


def reason(candidate: Candidate) -> str:
    """Return the short reason why a candidate got no score."""
    evaluation = candidate.evaluation
    if evaluation.status is Status.TIMED_OUT:
        return "timed out"
    return evaluation.message.split(":")[0].strip() or str(evaluation.status)


class Display(Protocol):
    """Show a run; every method is called from the loop's own thread."""

    def start(self, progress: Progress) -> None:
        """Begin."""
        ...

    def show(self, candidate: Candidate, progress: Progress) -> None:
        """Take in one more candidate, or one whose last climb is new."""
        ...

    def tick(self, progress: Progress) -> None:
        """Refresh, about ten times a second."""
        ...

    def stop(self, progress: Progress) -> None:
        """End, whatever the reason."""
        ...


class Silent:
    """Show nothing."""

    def start(self, progress: Progress) -> None:
        """Begin."""

    def show(self, candidate: Candidate, progress: Progress) -> None:
        """Take in one more candidate."""

    def tick(self, progress: Progress) -> None:
        """Refresh."""

    def stop(self, progress: Progress) -> None:
        """End."""
