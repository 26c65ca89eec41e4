"""A task made from data, a network and a number of steps: all that most tasks need to say.

    TASK = Supervised(
        name="digits",
        goal="Train a small classifier of handwritten digits in 200 steps.",
        data=load,                          # a function that returns `Data`
        model=mlp(64, 32, 32, 10),
        steps=200,
    )

Training inputs and labels go to the child with the inputs of the split that is judged; its labels
stay here, where the predictions that come back are scored.

As it stands it judges optimisers; `judging("schedule")` judges schedules on the same problem, and
`judging("architecture")` bodies on the same data, where the task describes a place for them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from evaluators.bodies import Bodies
from evaluators.data.splits import Data
from evaluators.fitting import Place, fitted
from evaluators.networks import Network, gives, multiply_adds, takes
from evaluators.schedules import Schedules
from evaluators.scores import SCORES, WATCHED, demand_known, refuse_claims
from evaluators.task import Measurement, Rung, Task, Trial, log_sweep
from programs.errors import InputError, closest
from programs.program import Program
from sandbox.base import MIB, Limits, Payload, seen_as

SWEEP = log_sweep(10**-3.5, 10.0, 10)
"""Ten learning rates from 3e-4 to 10: two a decade, wide enough for a rule of any scale."""


@dataclass(frozen=True)
class Supervised:
    """A task on given data: `data` is called once, when the task is first used.

    `goal` says what is trained how far, whatever kind of program does it. `steps`,
    `learning_rates` and `seeds` make the rung that searches use; `further` are dearer ones.
    `score` names one of `evaluators.scores.SCORES` and with it the training loss. `seconds` and
    `memory` limit one judgement, the memory beside what the data take (`evaluators.room`).
    `kinds` are the kinds of program on offer, the usual one first, and `baselines` the optimisers
    that verdicts compare with, the reference first. `body` is the task for architectures, if
    `kinds` offers them.
    `held_out` names the tasks on which a verdict judges what was found here, `funnel` those on
    which a funnel of meta-validation does, the cheaper first; no task should be in both.
    """

    name: str
    goal: str
    data: Callable[[], Data]
    model: Network
    steps: int
    batch: int = 32
    score: str = "-cross-entropy"
    learning_rates: tuple[float, ...] = SWEEP
    seeds: int = 5
    seconds: float = 30.0
    memory: int = 1024 * MIB
    further: tuple[Rung, ...] = ()
    kinds: tuple[str, ...] = ("optimizer", "schedule")
    baselines: tuple[str, ...] = ("adamw", "lion", "nesterov")
    held_out: tuple[str, ...] = ("mnist1d", "regression", "modular")
    funnel: tuple[str, ...] = ("autoencoder", "stdlib-lm")
    body: Bodies | None = None

    def __post_init__(self) -> None:
        known = ("optimizer", "schedule", "architecture")
        demand_known(self.name, self.score)
        _one_of(self.name, "kinds", self.kinds, known)
        for name in ("steps", "batch", "seeds"):
            if not isinstance(found := getattr(self, name), int) or found < 1:
                raise InputError(
                    f"The task {self.name} needs whole `{name}` above 0, not {found!r}."
                )
        if not self.learning_rates or min(self.learning_rates) <= 0:
            raise InputError(f"The task {self.name} needs `learning_rates` above 0.")
        if "architecture" in self.kinds and self.body is None:
            raise InputError(f"The task {self.name} offers architectures, but gives no `body`.")

    @property
    def kind(self) -> str:
        """Return the kind that is judged where `judging` chose no other."""
        return "optimizer"

    def judging(self, kind: str) -> Task:
        """Return the same problem as a task for another kind of program."""
        sides: Mapping[str, Callable[[Supervised], Task]] = {
            "optimizer": lambda problem: problem,
            "schedule": Schedules,
            "architecture": lambda problem: cast(Task, problem.body),
        }
        return sides[kind](self)

    @property
    def training(self) -> str:
        """Say what an optimiser is trained with."""
        return "the learning rate annealed by cosine"

    @property
    def score_name(self) -> str:
        """Return the name of the score."""
        return self.score

    @property
    def harness(self) -> str:
        """Return the child's function that trains under an optimiser."""
        return "evaluators.harness.optimizer:train"

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """Return the search's rung and those after it."""
        limits = Limits(self.seconds, self.memory)
        search = Rung("search", self.steps, self.learning_rates, self.seeds, limits)
        return (search, *self.further)

    @cached_property
    def splits(self) -> Data:
        """Load the data, once."""
        return self.load()

    def load(self) -> Data:
        """Load the data, in the types that the network and the score need."""
        model, classes = self.model, SCORES[self.score].loss == "cross-entropy"
        place = Place(self.name, takes(model), model.get("vocabulary"), gives(model), classes)
        return fitted(self.data, place)

    @property
    def checksum(self) -> str:
        """Hash the data, and what is trained on it."""
        return self._checksum

    @cached_property
    def _checksum(self) -> str:
        facts = [self.splits.checksum, dict(self.model), self.batch, self.score]
        text = json.dumps(facts, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def payload(self, program: Program, trial: Trial) -> Payload:
        """Give the child training examples with labels, and the judged inputs without."""
        train_x, train_y = self.splits.train
        data = {
            "source": program.source,
            "model": dict(self.model),
            "loss": SCORES[self.score].loss,
            "batch": self.batch,
            "steps": trial.steps,
            "learning_rates": list(trial.learning_rates),
            "seeds": list(trial.seeds),
            "device": seen_as(trial.device),
        }
        judged = self.splits.held_out(trial.split)[0]
        return Payload(data, {"train_x": train_x, "train_y": train_y, "eval_x": judged})

    def measure(self, result: Payload, trial: Trial) -> Measurement:
        """Score predictions; `ValueError` where their shape is not what was owed."""
        refuse_claims(result)
        labels = self.splits.held_out(trial.split)[1]
        found = np.asarray(result.arrays["predictions"], dtype=np.float64)
        owed = (len(trial.learning_rates), len(trial.seeds), *self._owed(labels))
        if found.shape != owed:
            raise ValueError(f"expected predictions of shape {owed}, found {found.shape}")
        return SCORES[self.score].measure(found, labels)

    def work(self, trial: Trial) -> float:
        """Return the cost of a trial in multiply-adds; going back costs twice going forth."""
        replicas = len(trial.learning_rates) * len(trial.seeds)
        return 3.0 * multiply_adds(self.model) * self.batch * trial.steps * replicas

    def watched(self, payload: Payload, trial: Trial, marks: Sequence[int]) -> Payload:
        """Ask for predictions at certain steps too, on the first examples of validation."""
        data = {**payload.data, "marks": list(marks)}
        x = self.splits.validation[0][: self.watch_size(trial, len(marks))]
        return Payload(data, {**payload.arrays, "curve_x": x})

    def curve(self, result: Payload, trial: Trial, marks: Sequence[int]) -> np.ndarray:
        """Score what `watched` asked for: `[marks, learning rates, seeds]`."""
        refuse_claims(result)
        labels = self.splits.validation[1][: self.watch_size(trial, len(marks))]
        found = np.asarray(result.arrays["curve"], dtype=np.float64)
        replicas = (len(trial.learning_rates), len(trial.seeds))
        owed = (len(marks), *replicas, *self._owed(labels))
        if found.shape != owed:
            raise ValueError(f"expected a curve of shape {owed}, found {found.shape}")
        return np.stack([SCORES[self.score].measure(point, labels).score for point in found])

    def watch_size(self, trial: Trial, marks: int) -> int:
        """Return how many examples are watched, so that the answer stays within `WATCHED`."""
        labels = self.splits.validation[1]
        outputs = int(np.prod(self._owed(labels)[1:]))
        replicas = len(trial.learning_rates) * len(trial.seeds)
        return min(len(labels), max(1, WATCHED // (4 * outputs * replicas * marks)))

    def _owed(self, labels: np.ndarray) -> tuple[int, ...]:
        """Return the shape of one replica's predictions: the labels', or logits for each."""
        if labels.dtype.kind == "f":
            return labels.shape
        return (len(labels), gives(self.model))


def _one_of(task: str, what: str, given: Sequence[str], known: Sequence[str]) -> None:
    if isinstance(given, str) or not given:
        raise InputError(f"`{what}` of the task {task} must list some of {', '.join(known)}.")
    for each in given:
        if each not in known:
            hint = f" Did you mean `{near}`?" if (near := closest(each, known)) else ""
            raise InputError(
                f"The task {task} gives `{each}` as its {what}.{hint} There is: {', '.join(known)}."
            )
