"""Judge schedules on a problem made for optimisers: AdamW trains, the program sets its rate.

The base learning rate is swept as it is for optimisers, so that no schedule gains by being louder
or softer than another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from evaluators.task import Measurement, Rung, Task, Trial, Watchable
from programs.load import library
from programs.program import Program
from sandbox.base import Payload

OPTIMIZER = "adamw"
"""The library program that trains under every schedule; its constants stay as they are there."""

BASELINES = (
    "cosine_warmup",
    "cosine",
    "constant",
    "linear",
    "wsd_linear",
    "one_cycle",
    "inverse_sqrt",
)
"""What a schedule is compared with, the reference first: the usual choice, not the easiest one."""


class Problem(Task, Watchable, Protocol):
    """A task for optimisers that can be watched and states its cost."""

    def work(self, trial: Trial) -> float:
        """Return the cost of a trial in multiply-adds."""
        ...


@dataclass(frozen=True)
class Schedules:
    """A problem as a task for schedules; all but what is said here is the problem's."""

    problem: Problem
    baselines: tuple[str, ...] = BASELINES
    kind: str = "schedule"
    harness: str = "evaluators.harness.schedule:train"

    @property
    def name(self) -> str:
        """Return the problem's name."""
        return self.problem.name

    @property
    def goal(self) -> str:
        """Say what a good schedule does here."""
        return (
            "Find a learning-rate schedule under which AdamW does the following best, at the best "
            f"base learning rate of a sweep. {self.problem.goal}"
        )

    @property
    def training(self) -> str:
        """Say what a schedule is trained with."""
        return "AdamW with weight decay 0.01"

    @property
    def score_name(self) -> str:
        """Return the name of the problem's score."""
        return self.problem.score_name

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """Return the problem's rungs."""
        return self.problem.rungs

    @property
    def checksum(self) -> str:
        """Hash the problem's data and the optimiser that trains."""
        return f"{self.problem.checksum}-{library('optimizer')[OPTIMIZER].key}"

    @property
    def splits(self) -> Any:
        """Return the problem's data, `None` where it does not show them."""
        return getattr(self.problem, "splits", None)

    def payload(self, program: Program, trial: Trial) -> Payload:
        """Send the schedule with the optimiser that trains under it."""
        sent = self.problem.payload(library("optimizer")[OPTIMIZER], trial)
        return replace(sent, data={**sent.data, "schedule": program.source})

    def measure(self, result: Payload, trial: Trial) -> Measurement:
        """Score predictions as the problem does."""
        return self.problem.measure(result, trial)

    @property
    def held_out(self) -> tuple[str, ...]:
        """Return the tasks on which a verdict judges what was found on the problem."""
        return getattr(self.problem, "held_out", ())

    @property
    def funnel(self) -> tuple[str, ...]:
        """Return the tasks through which a funnel sends what was found on the problem."""
        return getattr(self.problem, "funnel", ())

    def work(self, trial: Trial) -> float:
        """Return the cost of a trial in multiply-adds."""
        return self.problem.work(trial)

    def watched(self, payload: Payload, trial: Trial, marks: Sequence[int]) -> Payload:
        """Ask for a learning curve as the problem does."""
        return self.problem.watched(payload, trial, marks)

    def curve(self, result: Payload, trial: Trial, marks: Sequence[int]) -> np.ndarray:
        """Score a learning curve as the problem does."""
        return self.problem.curve(result, trial, marks)

    def watch_size(self, trial: Trial, marks: int) -> int:
        """Return how many validation examples are watched."""
        return self.problem.watch_size(trial, marks)
