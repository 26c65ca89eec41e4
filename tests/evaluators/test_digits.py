from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluators.candidate import Status
from evaluators.evaluator import Evaluator
from evaluators.supervised import Supervised
from evaluators.task import Trial, find_task
from evaluators.tasks import digits
from programs.load import library
from sandbox.base import Payload
from sandbox.memory import MemorySandbox


@pytest.fixture(scope="module")
def task() -> Supervised:
    return find_task("digits")  # type: ignore[return-value]


def test_splits_are_fixed_and_do_not_overlap(task: Supervised) -> None:
    again = replace(digits.TASK)
    assert again.checksum == task.checksum
    splits = (task.splits.train, task.splits.validation, task.splits.test)
    assert [len(x) for x, _ in splits] == [1077, 270, 450]
    rows = [{x.tobytes() for x in images} for images, _ in splits]
    assert not rows[0] & rows[1]
    assert not rows[0] & rows[2]
    assert not rows[1] & rows[2]
    for _, labels in splits:
        assert set(labels) == set(range(10))


def test_no_label_of_a_judged_split_enters_the_child(task: Supervised) -> None:
    program = library("optimizer")["adamw"]
    for split in ("validation", "test"):
        trial = Trial(2, (0.1,), (0,), split=split)
        payload = task.payload(program, trial)
        assert set(payload.arrays) == {"train_x", "train_y", "eval_x"}
        assert len(payload.arrays["train_y"]) == len(task.splits.train[1])
        labels = task.splits.held_out(split)[1]
        assert len(payload.arrays["eval_x"]) == len(labels)
        assert not any(np.array_equal(a, labels) for a in payload.arrays.values())


def test_perfect_and_uniform_predictions_have_the_scores_they_should(task: Supervised) -> None:
    trial = Trial(1, (0.1,), (0, 1))
    labels = task.splits.validation[1]
    logits = np.zeros((1, 2, len(labels), 10), dtype=np.float32)
    logits[0, 0, np.arange(len(labels)), labels] = 50.0
    measured = task.measure(Payload({}, {"predictions": logits}), trial)
    assert measured.score[0, 0] == pytest.approx(0.0, abs=1e-9)
    assert measured.score[0, 1] == pytest.approx(-np.log(10))
    assert measured.metrics["accuracy"][0, 0] == 1.0
    assert measured.examples.shape == (1, 2, len(labels))


def test_malformed_predictions_are_the_programs_fault_not_ours(task: Supervised) -> None:
    trial = Trial(1, (0.1,), (0,))
    with pytest.raises(ValueError, match="shape"):
        task.measure(Payload({}, {"predictions": np.zeros((1, 1, 3, 10))}), trial)


GOLDEN = -0.38840902543540
SMALL = replace(digits.TASK, steps=60, learning_rates=(0.003, 0.03), seeds=2)


def test_a_real_evaluation_end_to_end() -> None:
    evaluator = Evaluator(SMALL, MemorySandbox())
    first = evaluator.evaluate(library("optimizer")["adamw"], "f")
    again = evaluator.evaluate(library("optimizer")["adamw"], "f")
    assert first.status is Status.SCORED
    assert first.score is not None
    assert first.score > -1.0
    assert first.metrics["accuracy"] > 0.7
    assert len(first.by_seed) == 2
    assert [len(curve) for curve in first.curves] == [3, 3]
    assert all(curve[-1] < curve[0] for curve in first.curves)
    assert replace(first, seconds=0) == replace(again, seconds=0)


def test_the_score_of_a_known_program_stays_what_it_was() -> None:
    scored = Evaluator(SMALL, MemorySandbox()).evaluate(library("optimizer")["adamw"])
    assert scored.score == pytest.approx(GOLDEN, abs=1e-4)


def test_protocol_changes_with_what_a_score_depends_on() -> None:
    versions = {"torch": "2.13.0"}
    sandbox = MemorySandbox()
    base = Evaluator(SMALL, sandbox).protocol(versions)
    assert Evaluator(SMALL, sandbox).protocol(versions) == base
    assert Evaluator(digits.TASK, sandbox).protocol(versions) != base
    assert Evaluator(SMALL, sandbox).protocol({"torch": "2.11.0"}) != base
    assert Evaluator(SMALL, sandbox, device="cuda").protocol(versions) != base
