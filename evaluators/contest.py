"""One program on one task, as a verdict needs it: tuned, judged on held-out data, and timed.

Every program gets the same trials. Its learning rate is tuned by the task's own sweep on the
validation split; at that rate it trains with fresh seeds and predicts the held-out split; and it
is watched in AlgoPerf's manner, three studies of five trials: the tuned rate and its neighbours.
The four uses of seeds share none, with each other or with any search. Nobody is given up for
learning nothing at first, as a search would to save time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evaluators.evaluator import Evaluator
from evaluators.freeform import Unprobable
from evaluators.task import Trial, Watchable
from evaluators.timing import time_to_target
from programs.program import Program
from sandbox.base import Limits, Payload

TUNING_SEED, FINAL_SEED, STUDY_SEED, TARGET_SEED = 10_000, 20_000, 30_000, 40_000

TRIALS = 5
"""Learning rates at which a program is timed."""

STUDIES = 3

MARKS = 20
"""How often a training is looked at: times are known to a twentieth of the steps."""

TARGET_SEEDS = 20
TARGET_SHARE = 0.75
"""Of the steps, which the target's setter has; all of them would leave no time to be slower."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A program at its tuned learning rate: scores `[seeds, examples]` on the held-out split.

    `validation` is the score by which the rate was chosen out of `sweep`.
    """

    learning_rate: float
    sweep: tuple[float, ...]
    validation: float
    examples: np.ndarray
    metrics: Mapping[str, float]

    @property
    def at_edge(self) -> bool:
        """Say whether the best rate was the first or last that was tried."""
        return self.learning_rate in (self.sweep[0], self.sweep[-1])


@dataclass(frozen=True, slots=True)
class Watched:
    """A program's scores while it trains `[marks, trials, studies]`, and the parent's clock."""

    marks: tuple[int, ...]
    scores: np.ndarray
    seconds_per_step: float

    def time_to(self, target: float) -> tuple[float, float]:
        """Return the steps and the seconds to the target, infinite where it was missed."""
        steps = time_to_target(self.scores, self.marks, target)
        return steps, steps * self.seconds_per_step


def enter(evaluator: Evaluator, program: Program, seeds: int) -> Entry | str:
    """Tune on validation, then judge on the held-out split; a string is the reason for failing."""
    rung = evaluator.task.rungs[0]
    tuning = replace(evaluator.trial(), seeds=_from(TUNING_SEED, rung.seeds))
    tuned = evaluator.judge(program, tuning, _limits(evaluator, tuning), patient)
    if tuned.best is None:
        return tuned.message
    rate = tuned.best.learning_rate
    final = replace(tuning, learning_rates=(rate,), seeds=_from(FINAL_SEED, seeds), split="test")
    judged = evaluator.judge(program, final, _limits(evaluator, final), patient)
    if judged.best is None:
        return f"{judged.message} (with fresh seeds at its tuned learning rate)"
    found = judged.best.examples
    if _copied(found):
        return "two seeds gave the very same predictions, which independent trainings never do"
    validation = float(tuned.best.by_seed.mean())
    return Entry(rate, tuning.learning_rates, validation, found, judged.best.metrics)


def watch(evaluator: Evaluator, program: Program, entry: Entry) -> Watched:
    """Train once more and look on; whoever fails or gives no honest curve never arrives."""
    task, rung = evaluator.task, evaluator.task.rungs[0]
    assert isinstance(task, Watchable)
    rates = neighbours(entry.learning_rate, entry.sweep)
    trial = Trial(rung.steps, rates, _from(STUDY_SEED, STUDIES), device=evaluator.device)
    marks = tuple(sorted({math.ceil(rung.steps * n / MARKS) for n in range(1, MARKS + 1)}))

    def asked(payload: Payload) -> Payload:
        return task.watched(patient(payload), trial, marks)

    outcome = evaluator.run(program, trial, _limits(evaluator, trial), asked)
    never = np.full((len(marks), len(rates), STUDIES), np.nan)
    if isinstance(outcome, Unprobable) or outcome.result is None:
        return Watched(marks, never, math.inf)
    pace = outcome.seconds / rung.steps
    if outcome.result.data.get("stopped") or outcome.result.data.get("fault"):
        return Watched(marks, never, pace)
    try:
        scores = task.curve(outcome.result, trial, marks)
    except (KeyError, ValueError, TypeError):
        return Watched(marks, never, pace)
    still = scores[0] == scores[-1]  # the end told as the beginning: nothing trained in between
    return Watched(marks, np.where(still, np.nan, scores), pace)


def target(evaluator: Evaluator, program: Program, entry: Entry) -> float | None:
    """Return the median score of a tuned program over twenty seeds, in three quarters of the steps.

    It is the score on the validation examples that are watched; `None` where it could not be had.
    """
    task, rung = evaluator.task, evaluator.task.rungs[0]
    assert isinstance(task, Watchable)
    rates = neighbours(entry.learning_rate, entry.sweep)
    watched = Trial(rung.steps, rates, _from(STUDY_SEED, STUDIES))
    trial = Trial(
        steps=max(1, round(TARGET_SHARE * rung.steps)),
        learning_rates=(entry.learning_rate,),
        seeds=_from(TARGET_SEED, TARGET_SEEDS),
        device=evaluator.device,
    )
    judged = evaluator.judge(program, trial, _limits(evaluator, trial), patient)
    if judged.best is None:
        return None
    examples = judged.best.examples[:, : task.watch_size(watched, MARKS)]
    return float(np.median(examples.mean(1)))


def patient(payload: Payload) -> Payload:
    """Ask that a program be trained to the end even if it learns nothing at first."""
    return replace(payload, data={**payload.data, "patient": True})


def neighbours(rate: float, sweep: tuple[float, ...]) -> tuple[float, ...]:
    """Return the five rates of a sweep around one of them; at an edge, the last five."""
    place = sweep.index(rate)
    first = min(max(0, place - TRIALS // 2), max(0, len(sweep) - TRIALS))
    return sweep[first : first + TRIALS]


def _limits(evaluator: Evaluator, trial: Trial) -> Limits:
    """Return the search's limits, with more time where there are more replicas to train."""
    rung = evaluator.task.rungs[0]
    replicas = len(trial.learning_rates) * len(trial.seeds)
    more = max(1.0, replicas / (len(rung.learning_rates) * rung.seeds))
    return replace(rung.limits, seconds=rung.limits.seconds * more)


def _from(first: int, count: int) -> tuple[int, ...]:
    return tuple(range(first, first + count))


def _copied(examples: np.ndarray) -> bool:
    """Say whether two seeds have the same score on every example, and not one score for all."""
    varied = [row.tobytes() for row in examples if np.ptp(row) > 0]
    return len(set(varied)) < len(varied)
