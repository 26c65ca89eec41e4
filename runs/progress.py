"""What a run looks like from outside, candidate by candidate: the numbers every display shows.

It is rebuilt from the stored history on resume and by whoever watches from another process, so it
holds nothing that the database does not.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from agent.portfolio import arm_of
from evaluators.candidate import Candidate, Evaluation, Status
from evaluators.collisions import COLLISION
from runs.config import RunConfig
from runs.inert import inert_line

LEADERS = 40
NEWS = 5


@dataclass(frozen=True, slots=True)
class Flight:
    """A candidate that is being judged, `since` so many seconds into the run."""

    id: str
    how: str
    rung: int
    device: str
    since: float


@dataclass
class Tally:
    """What came of one proposer's candidates; `kept` got a score, `charged` used the budget."""

    tried: int = 0
    kept: int = 0
    duplicates: int = 0
    charged: int = 0
    usd: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass
class Progress:
    """Counts, the best so far, and time; updated by `add` in order of proposal.

    `chances` are those of each proposer to get the next place, where models are asked. `idle` is
    the seconds of this sitting in which a worker had nothing to do, the mean over workers.
    """

    run: str
    config: RunConfig
    score_name: str
    baseline: str
    started: float = field(default_factory=lambda: time.monotonic())
    before: float = 0.0
    tried: int = 0
    trained: int = 0
    recalled: int = 0
    duplicates: int = 0
    collisions: int = 0
    filled_in: int = 0
    rejected: int = 0
    stopped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    tallies: dict[str, Tally] = field(default_factory=dict)
    curve: list[float] = field(default_factory=list)
    leaders: list[Candidate] = field(default_factory=list)
    by_size: dict[int, Candidate] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    first: Candidate | None = None
    flights: tuple[Flight, ...] = ()
    stopping: str = ""
    ended: str = ""
    by_rung: dict[int, dict[str, float]] = field(default_factory=dict)
    usd: float = 0.0
    usd_last: float = 0.0
    news: list[str] = field(default_factory=list)
    chances: dict[str, float] = field(default_factory=dict)
    idle: float = 0.0

    def add(self, candidate: Candidate, size: int | None = None) -> None:
        """Count one candidate; `size` says what its program cannot when it has no genome."""
        evaluation = candidate.evaluation
        tally = self.tallies.setdefault(proposer_of(candidate), Tally())
        self.tried += 1
        tally.tried += 1
        tally.usd += candidate.origin.usage.get("usd", 0.0)
        self.first = self.first or candidate
        self.collisions += COLLISION in evaluation.metrics
        self.filled_in += candidate.origin.fills_in
        if evaluation.status is Status.DUPLICATE:
            self.duplicates += 1
            tally.duplicates += 1
            return
        if evaluation.status is Status.INVALID:
            self.rejected += 1
        else:
            self.trained += not candidate.recalled
            self.recalled += candidate.recalled
            tally.charged += 1
        if evaluation.status is not Status.SCORED:
            self.reasons[reason(candidate)] += 1
            self.stopped += evaluation.status is Status.PRUNED
            tally.reasons[reason(candidate)] += 1
        if candidate.score is not None and evaluation.ranked:
            tally.kept += 1
            self.sizes[candidate.id] = candidate.program.size if size is None else size
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
        before = self.best
        if not self._below_leaders(candidate):
            others = [c for c in self.leaders if c.id != candidate.id]
            self.leaders = sorted([*others, candidate], key=lambda c: c.rank)[:LEADERS]
        size = self.sizes[candidate.id]
        held = self.by_size.get(size, candidate)
        held = candidate if held.id == candidate.id else held
        self.by_size[size] = min(held, candidate, key=lambda c: c.rank)
        self._draw_on(before)

    def _below_leaders(self, candidate: Candidate) -> bool:
        """Tell whether a candidate that is new leaves the leaders as they are: most do."""
        full = len(self.leaders) == LEADERS and not candidate.climbs
        return full and candidate.rank >= self.leaders[-1].rank

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
    def front(self) -> list[Candidate]:
        """Return the programs that no other of their size or less beats, best first."""
        front: list[Candidate] = []
        for size in sorted(self.by_size):
            candidate = self.by_size[size]
            if not front or candidate.rank < front[0].rank:
                front.insert(0, candidate)
        return front

    @property
    def pick(self) -> Candidate | None:
        """Return the shortest program whose score is within one standard error of the best's."""
        if self.best is None or (best := self.best.standing).score is None:
            return None
        bar = best.score - (best.stderr or 0.0)
        peers = [c for c in self.front if c.standing.rung == best.rung]
        good = [c for c in peers if c.standing.score is not None and c.standing.score >= bar]
        return good[-1] if good else self.best

    @property
    def seconds(self) -> float:
        """Return how long the run has been at work, earlier sittings included."""
        return self.before + self.this_sitting

    @property
    def this_sitting(self) -> float:
        """Return the seconds since this sitting began."""
        return time.monotonic() - self.started

    @property
    def per_minute(self) -> float:
        """Return trained candidates a minute."""
        return 60 * self.trained / max(self.seconds, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """Estimate the time to the end of the budget, or `None` before there is a rate."""
        left = []
        if self.config.hours is not None:
            left.append(self.config.hours * 3600 - self.seconds)
        if self.config.evals is not None and self.trained >= 3:
            left.append((self.config.evals - self.evaluations) * 60 / self.per_minute)
        return max(min(left), 0.0) if left else None

    @property
    def doing(self) -> dict[str, Any]:
        """Return what nobody could know from the candidates alone."""
        return {
            "flights": [asdict(flight) for flight in self.flights],
            "stopping": self.stopping,
            "usd_last": self.usd_last,
            "news": self.news[-NEWS:],
            "told": len(self.news),
            "chances": self.chances,
        }

    def share(self, tally: Tally) -> float:
        """Return the part of the evaluations that went to a proposer's candidates."""
        return tally.charged / max(self.evaluations, 1)


def proposer_of(candidate: Candidate) -> str:
    """Name who was given a candidate's place, with the model it asked; fill-ins stand apart."""
    return named(*arm_of(candidate.origin), candidate.origin.fills_in)


def named(proposer: str, model: str, fills_in: bool) -> str:
    """Name a proposer with its model, and whether it only filled a place in."""
    return with_model(proposer, model) + (" (fill)" if fills_in else "")


def with_model(proposer: str, model: str) -> str:
    """Name a proposer and the model that it asks, if it asks one."""
    return f"{proposer} · {model}" if model else proposer


def reason(candidate: Candidate) -> str:
    """Return the short reason why a candidate got no score."""
    return reason_of(candidate.evaluation.status, candidate.evaluation.message.split(":")[0])


def reason_of(status: Status, said: str) -> str:
    """Return the short reason why there is no score, of what a message says up to its colon."""
    return "timed out" if status is Status.TIMED_OUT else inert_line(said) or str(status)


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
