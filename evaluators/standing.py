"""What a verdict consists of: a table for each task, and one sentence over all of them.

Verdict ──< TaskVerdict ──< Standing ── Gain     the judged program's lead over this one
                └── Race                         steps and seconds to a common target
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evaluators.pareto import Direction

BETTER, WORSE, UNDECIDED = "better", "worse", "not shown to differ"


@dataclass(frozen=True, slots=True)
class Gain:
    """The judged program's held-out score minus this one's: mean, 95 % interval and p-value.

    `corrected` is the p-value after Holm's correction over the whole verdict; `outcome` says what
    the judged program is by it.
    """

    mean: float
    low: float
    high: float
    p: float
    corrected: float = 1.0
    outcome: str = UNDECIDED


@dataclass(frozen=True, slots=True)
class Standing:
    """One program's held-out result on one task.

    `trials` is how many learning rates were tried for it; `at_edge` says that the best was the
    first or the last of them, so that a wider sweep might have served it better. `validation` is
    the score by which it was tuned. `gain` is `None` for the judged program itself.
    """

    name: str
    learning_rate: float
    at_edge: bool
    trials: int
    validation: float
    score: float
    interval: tuple[float, float]
    metrics: Mapping[str, float]
    gain: Gain | None


@dataclass(frozen=True, slots=True)
class Race:
    """Time to a target validation score, by program: infinite where it was missed.

    `setter` is the tuned program whose result is the target.
    """

    target: float
    setter: str
    steps: Mapping[str, float]
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TaskVerdict:
    """The table of one task, best first; `failures` says who could not be judged, and why.

    `reference` names the baseline that the sentence speaks of first. Where a task has several
    objectives, `front` names those whom no other beats in all of `objectives`, best score first;
    all but the score are metrics. `checksum` is the task's, of its data.
    """

    task: str
    kind: str
    score_name: str
    reference: str
    seeds: int
    tuning_seeds: int
    examples: int
    standings: tuple[Standing, ...]
    failures: Mapping[str, str]
    race: Race | None = None
    objectives: Mapping[str, Direction] = field(default_factory=dict)
    front: tuple[str, ...] = ()
    checksum: str = ""

    def standing(self, name: str) -> Standing | None:
        """Return a program's standing, or `None` if it has none."""
        return next((s for s in self.standings if s.name == name), None)

    def points(self) -> dict[str, dict[str, float]]:
        """Return everyone's value of each objective, best score first."""
        everything = {s.name: {**s.metrics, "score": s.score} for s in self.standings}
        return {n: {o: p[o] for o in self.objectives if o in p} for n, p in everything.items()}

    def gains(self) -> list[Gain]:
        """Return the judged program's leads over all others."""
        return [s.gain for s in self.standings if s.gain is not None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judged program on every task, the one that was searched first.

    `scores` holds each program's score integral over the raced tasks, by `steps` and `seconds`.
    `seen` names tasks of these on which the program was selected by a funnel. `above_chance` says
    of an architecture how it did beside random ones, where that was asked.
    """

    judged: str
    tasks: tuple[TaskVerdict, ...]
    sentence: str = ""
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    above_chance: str = ""
