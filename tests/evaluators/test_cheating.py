"""Programs that game what measures them: each is caught and labelled, or gains nothing by it.

A harness that cheats stands for a child process in which a program took over everything. What it
returns is all it can do: labels, scores and the clock are out of its reach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from evaluators import contest
from evaluators.candidate import Evaluation, Status
from evaluators.evaluator import Evaluator
from evaluators.harness.optimizer import train
from evaluators.tasks import digits
from programs.load import library
from sandbox.base import Ending, Job, Outcome, Payload
from sandbox.memory import MemorySandbox

SMALL = replace(digits.TASK, steps=20, learning_rates=(0.003, 0.03), seeds=2)
PROGRAM = library("optimizer")["adamw"]
CLOCK = 7.5

Cheat = Callable[[Payload, Payload], Payload]
"""From the job's payload and the honest result to what is returned instead."""


def cheating(cheat: Cheat) -> Evaluator:
    def answer(job: Job) -> Outcome:
        given = job.payload
        return Outcome(Ending.FINISHED, cheat(given, train(given)), seconds=CLOCK)

    return Evaluator(SMALL, MemorySandbox(answer))


def judged(cheat: Cheat) -> Evaluation:
    return cheating(cheat).evaluate(PROGRAM)


def with_predictions(result: Payload, predictions: np.ndarray) -> Payload:
    return Payload(result.data, {**result.arrays, "predictions": predictions})


def one_hot(labels: np.ndarray) -> np.ndarray:
    return np.where(np.eye(10)[labels] > 0, 9.0, 0.0).astype(np.float32)


HONEST = judged(lambda given, result: result)


def test_the_honest_result_is_scored() -> None:
    assert HONEST.status is Status.SCORED
    assert HONEST.score is not None


def test_the_labels_of_the_training_examples_are_no_answer() -> None:
    def all_of_them(given: Payload, result: Payload) -> Payload:
        labels = one_hot(given.arrays["train_y"])
        return with_predictions(result, np.broadcast_to(labels, (2, 2, *labels.shape)).copy())

    found = judged(all_of_them)
    assert found.status is Status.FAILED
    assert "expected predictions of shape" in found.message

    def as_many_as_owed(given: Payload, result: Payload) -> Payload:
        labels = one_hot(given.arrays["train_y"])[: len(given.arrays["eval_x"])]
        return with_predictions(result, np.broadcast_to(labels, (2, 2, *labels.shape)).copy())

    found = judged(as_many_as_owed)
    assert found.score is not None
    assert found.score < -2.0  # worse than saying nothing, which is -2.3 plus being surely wrong
    assert found.metrics["accuracy"] < 0.2


@pytest.mark.parametrize("name", ["score", "accuracy", "seconds", "by_seed"])
def test_a_claimed_figure_is_labelled(name: str) -> None:
    found = judged(lambda given, result: Payload({**result.data, name: 1e9}, result.arrays))
    assert found.status is Status.FAILED
    assert f"the training process claims its own `{name}`" in found.message


def test_the_clock_is_the_parents() -> None:
    def hurried(given: Payload, result: Payload) -> Payload:
        return Payload({**result.data, "steps": 1, "took": 0.0}, result.arrays)

    found = judged(hurried)
    assert found.seconds == CLOCK
    assert found.score == HONEST.score


def test_predictions_padded_with_not_a_number_are_no_score() -> None:
    def padded(given: Payload, result: Payload) -> Payload:
        predictions = result.arrays["predictions"].copy()
        predictions[..., 5:, :] = np.nan
        return with_predictions(result, predictions)

    found = judged(padded)
    assert found.status is Status.FAILED
    assert found.score is None
    assert "diverged" in found.message


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e38])
def test_infinite_and_huge_logits_are_no_score_above_what_is_true(value: float) -> None:
    def loud(given: Payload, result: Payload) -> Payload:
        return with_predictions(result, np.full_like(result.arrays["predictions"], value))

    found = judged(loud)
    assert found.score is None or found.score <= -2.3


def test_predictions_in_another_order_are_scored_in_ours() -> None:
    def reordered(given: Payload, result: Payload) -> Payload:
        return with_predictions(result, result.arrays["predictions"][:, :, ::-1].copy())

    found = judged(reordered)
    assert found.score is not None
    assert HONEST.score is not None
    assert found.score < HONEST.score


def test_fewer_seeds_than_asked_for_are_labelled() -> None:
    found = judged(lambda g, r: with_predictions(r, r.arrays["predictions"][:, :1].copy()))
    assert found.status is Status.FAILED
    assert "expected predictions of shape" in found.message


def test_no_predictions_are_labelled() -> None:
    found = judged(lambda given, result: Payload(result.data, {}))
    assert found.status is Status.FAILED
    assert "malformed result" in found.message


def test_one_seed_copied_to_all_gets_no_verdict() -> None:
    def copied(given: Payload, result: Payload) -> Payload:
        predictions = result.arrays["predictions"]
        return with_predictions(result, np.repeat(predictions[:, :1], predictions.shape[1], 1))

    found = contest.enter(cheating(copied), PROGRAM, seeds=3)
    assert isinstance(found, str)
    assert "the very same predictions" in found
    assert not isinstance(contest.enter(cheating(lambda g, r: r), PROGRAM, seeds=3), str)


def watched(cheat: Cheat) -> contest.Watched:
    entry = contest.enter(cheating(lambda given, result: result), PROGRAM, seeds=2)
    assert not isinstance(entry, str)
    return contest.watch(cheating(cheat), PROGRAM, entry)


def test_who_tells_the_end_as_the_beginning_never_arrives() -> None:
    honest = watched(lambda given, result: result)
    goal = float(np.nanmin(honest.scores[-1]))
    steps, seconds = honest.time_to(goal)
    assert np.isfinite(steps)
    assert seconds == pytest.approx(steps * CLOCK / SMALL.steps)

    def foretold(given: Payload, result: Payload) -> Payload:
        curve = np.repeat(result.arrays["curve"][-1:], len(result.arrays["curve"]), 0)
        return Payload(result.data, {**result.arrays, "curve": curve})

    assert watched(foretold).time_to(goal) == (np.inf, np.inf)


def test_a_curve_that_is_too_short_or_claims_seconds_is_none() -> None:
    def short(given: Payload, result: Payload) -> Payload:
        return Payload(result.data, {**result.arrays, "curve": result.arrays["curve"][-1:]})

    def claimed(given: Payload, result: Payload) -> Payload:
        return Payload({**result.data, "seconds": 0.001}, result.arrays)

    for cheat in (short, claimed):
        assert watched(cheat).time_to(-100.0) == (np.inf, np.inf)


def test_no_label_of_validation_goes_along_when_a_training_is_watched() -> None:
    trial = Evaluator(SMALL, MemorySandbox()).trial()
    payload = SMALL.watched(SMALL.payload(PROGRAM, trial), trial, [10, 20])
    assert set(payload.arrays) == {"train_x", "train_y", "eval_x", "curve_x"}
    labels = SMALL.splits.validation[1]
    assert not any(np.array_equal(a, labels) for a in payload.arrays.values())
