"""Judge a program: one stacked training run in the sandbox, scored by the parent at its best rate.

Every program of a kind goes through the same sweep, seeds and steps. A learning rate counts only
if no seed diverged at it; the score is the mean over seeds at the best of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from evaluators import freeform
from evaluators.candidate import UNSAFE, UNVERIFIED, Evaluation, Status
from evaluators.code import code_hash
from evaluators.curves import Curves, curves_at
from evaluators.room import with_room
from evaluators.rungs import rung_at
from evaluators.task import Measurement, Task, Trial
from programs.fingerprint import MANTISSA_BITS
from programs.fingerprint import VERSION as HASH_VERSION
from programs.program import Program
from sandbox.base import Ending, Job, Limits, Outcome, Payload, Sandbox
from sandbox.text import one_line

_STATUS = {
    Ending.TIMED_OUT: Status.TIMED_OUT,
    Ending.FAILED: Status.FAILED,
    Ending.OUT_OF_MEMORY: Status.FAILED,
    Ending.TOO_MUCH_OUTPUT: Status.FAILED,
    Ending.CRASHED: Status.FAILED,
}

Amend = Callable[[Payload], Payload]


class Cancelled(Exception):
    """Raise when the sandbox was closed under a judgement; nothing was learnt about the program."""


@dataclass(frozen=True, slots=True)
class Best:
    """A trial at its best learning rate: scores `[seeds]` and `[seeds, examples]`, mean metrics."""

    learning_rate: float
    by_seed: np.ndarray
    examples: np.ndarray
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a trial came to: `best` if SCORED, else a sentence that says why not.

    Where one comes with a `best`, it says why the training was slower than it might have been.

    `tier` is the isolation it was made in, where that is not simply the sandbox's.
    """

    status: Status
    best: Best | None
    message: str
    seconds: float
    curves: Curves = ()
    tier: str = ""


@dataclass(frozen=True)
class Evaluator:
    """Judges programs on one task with one sandbox; safe to call from several threads."""

    task: Task
    sandbox: Sandbox
    device: str = "cpu"

    def trial(self, rung: int = 0, repeat: int = 0) -> Trial:
        """Return the trial that every program of a search gets: seeds 0, 1, …, then the next."""
        given = rung_at(self.task, rung)
        seeds = tuple(range(repeat * given.seeds, (repeat + 1) * given.seeds))
        return Trial(given.steps, given.learning_rates, seeds, device=self.device)

    def protocol(self, versions: dict[str, str], *trials: Trial) -> str:
        """Hash all that scores depend on beside the program; equal protocols compare.

        `trials` are what programs are judged in; without any it is that of a search.
        """
        facts_of = [asdict(trial) for trial in trials or (self.trial(),)]
        facts = {
            "task": self.task.name,
            "kind": self.task.kind,
            "data": self.task.checksum,
            "harness": [self.task.harness, code_hash(self.task.harness)],
            "trial": facts_of if len(facts_of) > 1 else facts_of[0],
            "hash": [HASH_VERSION, MANTISSA_BITS],
            "torch": versions.get("torch", ""),
        }
        text = json.dumps(facts, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def evaluate(
        self, program: Program, fingerprint: str = "", rung: int = 0, repeat: int = 0
    ) -> Evaluation:
        """Judge a program as a search does; its own faults come back as a status.

        `rung` is a level, 0 for the task's own. `repeat` counts earlier evaluations of the same
        behaviour: each has seeds of its own.
        """
        limits = rung_at(self.task, rung).limits
        found = self.evaluate_with(program, self.trial(rung, repeat), limits)
        return replace(found, rung=rung, fingerprint=fingerprint)

    def evaluate_with(self, program: Program, trial: Trial, limits: Limits) -> Evaluation:
        """Judge a program in a trial of any size."""
        judged = self.judge(program, trial, limits)
        evaluation = Evaluation(
            judged.status,
            message=judged.message,
            seconds=judged.seconds,
            device=self.device,
            tier=self._tier(program, judged.tier),
            checksum=self.task.checksum,
        )
        if judged.best is None:
            return evaluation
        best = judged.best
        return replace(
            evaluation,
            score=float(best.by_seed.mean()),
            metrics={**best.metrics, "learning_rate": best.learning_rate},
            by_seed=tuple(float(s) for s in best.by_seed),
            curves=judged.curves,
        )

    def _tier(self, program: Program, told: str) -> str:
        """Name the isolation of an evaluation: our interpreter does no harm without a cage."""
        tier = told or self.sandbox.tier
        return "process" if tier == UNSAFE and program.genome is not None else tier

    def judge(
        self, program: Program, trial: Trial, limits: Limits, amend: Amend | None = None
    ) -> Judgement:
        """Run one trial in the sandbox; `Cancelled` when it was closed meanwhile."""
        outcome = self.run(program, trial, limits, amend)
        if isinstance(outcome, freeform.Unprobable):
            return Judgement(Status.FAILED, None, str(outcome), 0.0)
        status, best, message = self._scored(outcome, trial)
        curves: Curves = ()
        if best is not None and outcome.result is not None:
            curves = curves_at(outcome.result, trial, best.learning_rate)
        return Judgement(status, best, message, outcome.seconds, curves, outcome.tier)

    def run(
        self, program: Program, trial: Trial, limits: Limits, amend: Amend | None = None
    ) -> Outcome | freeform.Unprobable:
        """Train a program in the sandbox, and return what came back without judging it.

        `amend` changes what the training process is given. What that takes is allowed on top of
        `limits`. `Cancelled` when the sandbox was closed.
        """
        try:
            job = self._job(program, trial, limits)
        except freeform.Unprobable as fault:
            return fault
        if amend is not None:
            job = replace(job, payload=amend(job.payload))
        outcome = self.sandbox.run(with_room(job))
        if outcome.ending is Ending.CANCELLED:
            raise Cancelled
        if not job.trusted and (outcome.tier or self.sandbox.tier) != UNSAFE:
            return replace(outcome, tier=UNVERIFIED)  # the program's own process trained it
        return outcome

    def _job(self, program: Program, trial: Trial, limits: Limits) -> Job:
        if program.genome is None:
            args = (self.task, program, trial, limits, self.device, self.sandbox)
            return freeform.judging_job(*args)
        payload = self.task.payload(program, trial)
        return Job(self.task.harness, payload, limits, self.device, trusted=True)

    def _scored(self, outcome: Outcome, trial: Trial) -> tuple[Status, Best | None, str]:
        if outcome.result is None:
            return _STATUS[outcome.ending], None, outcome.message
        if fault := outcome.result.data.get("fault"):
            late = bool(outcome.result.data.get("late"))
            return Status.TIMED_OUT if late else Status.FAILED, None, one_line(str(fault))
        if stopped := str(outcome.result.data.get("stopped", "")):
            return Status.PRUNED, None, stopped
        try:
            measured = self.task.measure(outcome.result, trial)
        except (KeyError, ValueError, TypeError) as error:
            return Status.FAILED, None, f"malformed result: {error}"
        best = best_of(measured, trial)
        if best is None:
            return Status.FAILED, None, "diverged: some seed at every learning rate"
        by_step = one_line(str(outcome.result.data.get("step_by_step", "")))
        return Status.SCORED, best, f"trained step by step: {by_step}" if by_step else ""


def best_of(measured: Measurement, trial: Trial) -> Best | None:
    """Pick the learning rate with the best mean over seeds, none of which may have diverged."""
    means = np.where(np.isfinite(measured.score).all(1), measured.score.mean(1), -np.inf)
    place = int(means.argmax())
    if not np.isfinite(means[place]):
        return None
    metrics = {name: float(m[place].mean()) for name, m in measured.metrics.items()}
    rate = trial.learning_rates[place]
    return Best(rate, measured.score[place], measured.examples[place], metrics)
