"""One proposal and what became of it: the nouns that every layer above shares.

Origin       who proposed it, from which parents, how and why
Evaluation   how it was judged
Candidate    a program with its origin and its evaluation
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from programs.program import Program

UNSAFE = "unsafe"
"""The tier of a free-form program that nothing held: it may have forged its result."""

UNVERIFIED = "unverified budget"
"""The tier of a program that trained itself, in a cage: who can say how much, or on what?"""

APART = (UNSAFE, UNVERIFIED)
"""Tiers whose scores stand beside no others; each has a list of its own."""


FILLED_IN = "filled_in"
"""Marks, in `Origin.usage`, what took a place because workers would have waited for a model."""


class Status(StrEnum):
    """What became of a candidate."""

    SCORED = "scored"
    PRUNED = "pruned"
    INVALID = "invalid"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a candidate came from.

    `parents` are candidate ids in the operator's order. `seed` are the entropy words of the
    generator that drew it. `usage` counts what a model charged (tokens, dollars).
    """

    proposer: str
    operator: str = ""
    parents: tuple[str, ...] = ()
    rationale: str = ""
    model: str = ""
    usage: Mapping[str, float] = field(default_factory=dict)
    seed: tuple[int, ...] = ()

    @property
    def fills_in(self) -> bool:
        """Tell whether it took a place because workers would have waited for a model."""
        return bool(self.usage.get(FILLED_IN))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a program was judged; higher scores are better.

    `score` is the mean of `by_seed`, and both are set exactly when something was measured: on a
    SCORED program, or a DUPLICATE of one. `message` is one sentence for people and models.
    `seconds` is wall-clock time spent on this evaluation (0 where an earlier one was reused).
    `checksum` is the task's, of the data it was made on; "" where nothing was trained.
    `curves` are the training losses of the seeds trained now, for people to look at: nothing
    depends on them, and the store hands them out only when asked.
    """

    status: Status
    score: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    by_seed: tuple[float, ...] = ()
    rung: int = 0
    fingerprint: str = ""
    message: str = ""
    seconds: float = 0.0
    device: str = "cpu"
    tier: str = ""
    checksum: str = ""
    curves: tuple[tuple[float, ...], ...] = field(default=(), compare=False)

    @property
    def ranked(self) -> bool:
        """Tell whether the score may stand beside others."""
        return self.tier not in APART

    @property
    def stderr(self) -> float | None:
        """Return the standard error of the mean over seeds, or `None` below two seeds."""
        n = len(self.by_seed)
        if n < 2 or self.score is None:
            return None
        variance = sum((s - self.score) ** 2 for s in self.by_seed) / (n - 1)
        return (variance / n) ** 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program, where it came from and how it was judged.

    `index` is its place in the run's order of proposals, from 0. `duplicate_of` names the
    candidate whose behaviour it repeats; `recalled` says that the score comes from an earlier run.
    `climbs` are the judgements on dearer rungs, in rising order, that its behaviour had so far.
    """

    id: str
    index: int
    program: Program
    origin: Origin
    evaluation: Evaluation
    duplicate_of: str | None = None
    recalled: bool = False
    climbs: tuple[Evaluation, ...] = ()

    @property
    def score(self) -> float | None:
        """Return the score on the rung that all candidates of a run share."""
        return self.evaluation.score

    @property
    def standing(self) -> Evaluation:
        """Return the evaluation on the highest rung that gave a score."""
        scored = (e for e in reversed(self.climbs) if e.score is not None)
        return next(scored, self.evaluation)

    @property
    def rank(self) -> tuple[int, float, int]:
        """Return a key that sorts the best first: rung, score, place; scores of a rung compare."""
        standing = self.standing
        score = float("-inf") if standing.score is None else standing.score
        return (-standing.rung, -score, self.index)

    def on(self, rung: int) -> Evaluation | None:
        """Return the evaluation on a rung, if there was one."""
        return next((e for e in (self.evaluation, *self.climbs) if e.rung == rung), None)
