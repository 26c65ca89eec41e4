"""What a good program of a kind does on data: the protocol every task file fulfils.

    Rung          how much training one judgement takes: steps, learning rates, seeds, limits
    Trial         one judgement: a rung's figures, with the seeds and the split made explicit
    Measurement   the scores a trial gave, for every learning rate and seed
    Task          a named problem that turns programs into payloads and results into measurements
    Watchable     what a task has whose training can be watched, for learning curves
    ManyKinds     a task that can judge programs of further kinds on the same problem

A task is a file with a constant `TASK`. It is found by built-in name, by a path ending in `.py`,
or as an installed entry point of the group `cambrian.tasks`; nothing is registered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast, runtime_checkable

import numpy as np

from programs.errors import InputError
from programs.kind import Kind
from programs.load import kind_named
from programs.plugins import Plugins
from programs.program import Program
from sandbox.base import Limits, Payload

Split = Literal["validation", "test"]


@dataclass(frozen=True, slots=True)
class Rung:
    """A price class of judgement; search uses the cheapest, `verify` may use the dearest."""

    name: str
    steps: int
    learning_rates: tuple[float, ...]
    seeds: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class Trial:
    """One stacked training run: every learning rate with every seed, judged on one split."""

    steps: int
    learning_rates: tuple[float, ...]
    seeds: tuple[int, ...]
    split: Split = "validation"
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a trial gave; higher scores are better, not-a-number where training diverged.

    `score [learning rates, seeds]`; `examples [learning rates, seeds, examples]` is the score of
    each single example; `metrics` maps names to arrays of `score`'s shape.
    """

    score: np.ndarray
    examples: np.ndarray
    metrics: Mapping[str, np.ndarray] = field(default_factory=dict)


class Task(Protocol):
    """A problem on which programs of one kind are judged; plain attributes fulfil the properties.

    Held-out labels stay inside `measure`, in the parent process.
    """

    @property
    def name(self) -> str:
        """Return the name that commands use."""
        ...

    @property
    def kind(self) -> str:
        """Return the kind of program that is judged."""
        ...

    @property
    def goal(self) -> str:
        """Say what a good program does here, for people and models."""
        ...

    @property
    def score_name(self) -> str:
        """Say what the score is, e.g. `-cross-entropy`."""
        ...

    @property
    def harness(self) -> str:
        """Return the child's function as "package.module:function"."""
        ...

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """Return the price classes, the cheapest first."""
        ...

    @property
    def baselines(self) -> tuple[str, ...]:
        """Return the library programs that verdicts compare with, the reference first.

        Searches start from the reference too.
        """
        ...

    @property
    def checksum(self) -> str:
        """Hash the data, the splits and what is trained on them: kept with every evaluation."""
        ...

    def payload(self, program: Program, trial: Trial) -> Payload:
        """Make what the child needs to train the program: no label of the judged split."""
        ...

    def measure(self, result: Payload, trial: Trial) -> Measurement:
        """Compare what came back with the labels; raise `ValueError` for a malformed result."""
        ...


@runtime_checkable
class Watchable(Protocol):
    """A task whose training can be watched, so that a verdict can say who trains faster."""

    def watched(self, payload: Payload, trial: Trial, marks: Sequence[int]) -> Payload:
        """Ask for predictions on validation examples at the steps `marks` too."""
        ...

    def curve(self, result: Payload, trial: Trial, marks: Sequence[int]) -> np.ndarray:
        """Score them: `[marks, learning rates, seeds]`; raise `ValueError` for a malformed one."""
        ...

    def watch_size(self, trial: Trial, marks: int) -> int:
        """Return how many validation examples are watched: the first so many."""
        ...


class ManyKinds(Task, Protocol):
    """A task whose problem serves several kinds of program.

    `judging(kind)` is a task like any other, with a goal, a harness and baselines of its own. To
    offer one more kind: write its harness (`evaluators/harness/<kind>.py` with `warm_up` and the
    function that trains), a task that wraps the problem (as `evaluators/schedules.py` does), and
    let `judging` return it. Commands, searches and verdicts need nothing else.
    """

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds on offer; the first is meant where nobody names one."""
        ...

    def judging(self, kind: str) -> Task:
        """Return the same problem as a task for one of `kinds`."""
        ...


def kinds_of(task: Task) -> tuple[str, ...]:
    """Return the kinds of program that a task can judge; one that names none judges its own."""
    return tuple(getattr(task, "kinds", (task.kind,)))


def judging(task: Task, kind: str | None = None) -> Task:
    """Return the task that judges programs of `kind`, or of the first kind on offer."""
    kinds = kinds_of(task)
    kind = kind or kinds[0]
    if kind not in kinds:
        offered = " or ".join(kinds)
        raise InputError(f"The task {task.name} judges programs of kind {offered}, not {kind}.")
    return cast(ManyKinds, task).judging(kind) if hasattr(task, "judging") else task


def language(task: Task) -> Kind:
    """Return the kind in which programs for a task are written.

    A task may say more of it than its name: one with a `language` has settled its inputs' types.
    """
    return getattr(task, "language", None) or kind_named(task.kind)


def log_sweep(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return `count` log-spaced learning rates, to four digits."""
    return tuple(float(f"{rate:.4g}") for rate in np.geomspace(low, high, count))


TASKS = Plugins(sort="task", package="evaluators.tasks", constant="TASK")


def given_task(name: str) -> Task:
    """Return a task by name, path or entry point, as it was written."""
    task = TASKS.find(name)
    absent = [part for part in _PARTS if not hasattr(type(task), part) and not hasattr(task, part)]
    if absent:
        raise InputError(
            f"`TASK` of {name} is no task: {type(task).__name__} has no `{absent[0]}`. "
            "`evaluators.supervised.Supervised` is the usual one."
        )
    return task


_PARTS = ("name", "kind", "goal", "score_name", "harness", "rungs", "baselines", "checksum")


def find_task(name: str, kind: str | None = None) -> Task:
    """Return a task by name, path or entry point, for a kind; `InputError` names the nearest."""
    return judging(given_task(name), kind)
