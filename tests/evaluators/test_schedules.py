"""A schedule is judged as AdamW's: the factors are the program's, everything else is fixed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluators.candidate import Evaluation, Status
from evaluators.evaluator import Evaluator
from evaluators.harness.optimizer import train as train_optimizer
from evaluators.harness.schedule import LARGEST, fault_in, train
from evaluators.task import Trial, judging
from evaluators.tasks import digits
from programs.load import kind_named, library, read_program
from programs.program import Program
from sandbox.memory import MemorySandbox

SMALL = replace(digits.TASK, steps=60, learning_rates=(0.003, 0.03), seeds=2)
SCHEDULES = judging(SMALL, "schedule")
TRIAL = Trial(19, (0.01, 0.03), (0, 1))


def schedule(expression: str) -> Program:
    source = f"def schedule(step, total):\n    return {expression}\n"
    program = read_program(source, kind_named("schedule"))
    assert isinstance(program, Program)
    return program


def evaluated(program: Program) -> Evaluation:
    return replace(Evaluator(SCHEDULES, MemorySandbox()).evaluate(program), seconds=0)


def test_under_cosine_it_is_what_an_optimiser_task_does_with_adamw() -> None:
    judged = train(SCHEDULES.payload(library("schedule")["cosine"], TRIAL))
    adamw = train_optimizer(SMALL.payload(library("optimizer")["adamw"], TRIAL))
    np.testing.assert_allclose(
        judged.arrays["predictions"], adamw.arrays["predictions"], rtol=1e-6, atol=1e-7
    )


def test_factors_are_those_of_steps_from_zero() -> None:
    # Only step 0 moves: one training step at that rate gives the same predictions.
    first = train(SCHEDULES.payload(schedule("where(step < 1, 1, 0)"), TRIAL))
    alone = train(SCHEDULES.payload(schedule("1"), replace(TRIAL, steps=1)))
    np.testing.assert_array_equal(first.arrays["predictions"], alone.arrays["predictions"])


def test_the_same_schedule_gets_the_same_score_to_the_last_digit() -> None:
    first = evaluated(library("schedule")["linear"])
    assert first.status is Status.SCORED
    assert first == evaluated(library("schedule")["linear"])


def test_the_schedule_decides_the_score() -> None:
    scores = {n: evaluated(library("schedule")[n]).score for n in ("linear", "constant")}
    assert None not in scores.values()
    assert scores["linear"] != scores["constant"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("cos(square(square(square(square(exp(100 + step))))))", "bad factor: nan at step 0 of 60"),
        ("where(step < 7, 1, -exp(80))", "bad factor: -5.54e+34 at step 7"),
        ("1e7", "bad factor: 1e+07 at step 0 of 60; expected a finite number of at most 1e+06"),
    ],
)
def test_factors_that_cannot_be_used_are_the_programs_fault(expression: str, said: str) -> None:
    found = evaluated(schedule(expression))
    assert found.status is Status.PRUNED
    assert found.message.startswith(said), found.message


def test_the_first_bad_factor_is_named() -> None:
    assert fault_in(np.array([0.0, -LARGEST, 1.0])) == ""
    assert "inf at step 2 of 3" in fault_in(np.array([1.0, 1.0, np.inf]))
    assert "nan at step 1 of 3" in fault_in(np.array([1.0, np.nan, np.inf]))


def test_no_label_of_a_judged_split_enters_the_child() -> None:
    payload = SCHEDULES.payload(schedule("1"), replace(TRIAL, split="test"))
    labels = SMALL.splits.test[1]
    assert not any(np.array_equal(array, labels) for array in payload.arrays.values())
