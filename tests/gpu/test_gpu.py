"""On a real card: the cage, the spares, the errors, replayed steps, the scores of the processor.

`make test-gpu` runs these at the best tier of the machine and says which, or that there is no card.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from evaluators.evaluator import Evaluator
from evaluators.harness.capture import FEWEST
from evaluators.task import find_task
from programs.load import library
from runs.start import sandbox_for
from sandbox import Ending, Job, Outcome, Payload, ProcessSandbox, cuda, tiers
from tests.attacks.intrude import INTRUSIONS, OPEN_ON_CARDS
from tests.gpu.jobs import LIMITS, job

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(bool(cuda.missing()), reason=cuda.missing() or "there is a card"),
]

PRELOAD = ("torch", "tests.gpu.harnesses", "tests.attacks.intrude")


@pytest.fixture(scope="module")
def card(tier: str) -> Iterator[ProcessSandbox]:
    with ProcessSandbox(1, PRELOAD, tier=tier, device="cuda") as sandbox:
        sandbox.start()
        yield sandbox


def told(outcome: Outcome) -> dict[str, Any]:
    assert outcome.result is not None, outcome.message
    return dict(outcome.result.data)


def test_a_job_sees_one_card_and_computes(card: ProcessSandbox):
    assert told(card.run(job(card.tier, "multiply"))) == {"cards": 1, "right": True}


def test_memory_beyond_the_share_is_a_status(card: ProcessSandbox):
    outcome = card.run(job(card.tier, "hoard"))
    assert outcome.ending is Ending.OUT_OF_MEMORY, outcome
    assert "its share of the card" in outcome.message
    assert told(card.run(job(card.tier, "multiply")))["right"]


def test_an_error_that_comes_late_is_a_status_and_the_next_is_well(card: ProcessSandbox):
    outcome = card.run(job(card.tier, "read_beyond"))
    assert outcome.ending is Ending.FAILED, outcome
    assert "the card reported" in outcome.message
    assert told(card.run(job(card.tier, "multiply")))["right"]


def test_what_does_not_end_is_ended(card: ProcessSandbox):
    outcome = card.run(replace(job(card.tier, "spin"), limits=replace(LIMITS, seconds=1.0)))
    assert outcome.ending is Ending.TIMED_OUT
    assert told(card.run(job(card.tier, "multiply")))["right"]


def test_two_workers_on_one_card(tier: str):
    with (
        ProcessSandbox(2, PRELOAD, tier=tier, device="cuda") as sandbox,
        ThreadPoolExecutor(2) as threads,
    ):
        found = [told(o) for o in threads.map(sandbox.run, [job(tier, "multiply")] * 4)]
    assert all(seen["right"] for seen in found)


@pytest.mark.parametrize("name", sorted(set(INTRUSIONS) - OPEN_ON_CARDS))
def test_an_attack_is_stopped(card: ProcessSandbox, name: str, bait: dict[str, Any]):
    if why := tiers.refusal(card.tier, "cuda"):
        pytest.skip(why)
    data = Payload({"attack": name, "bait": bait})
    outcome = card.run(Job("tests.attacks.intrude:run", data, LIMITS, "cuda"))
    assert outcome.ending in (Ending.FAILED, Ending.CRASHED), outcome.result


@pytest.fixture(scope="module")
def trainer(tier: str) -> Iterator[ProcessSandbox]:
    modules = ("torch", "evaluators.harness.optimizer", "evaluators.harness.benchmark")
    with ProcessSandbox(1, modules, tier=tier, device="cuda") as sandbox:
        sandbox.start()
        yield sandbox


def trained(sandbox: ProcessSandbox, task: str, name: str, capture: bool) -> Payload:
    """Train as a search does on a card, with steps replayed or taken one by one."""
    evaluator = Evaluator(find_task(task), sandbox, "cuda")
    trial = replace(evaluator.trial(), steps=FEWEST + 30)
    payload = evaluator.task.payload(library("optimizer")[name], trial)
    data = {**payload.data, "capture": capture, "patient": True}
    sent = replace(payload, data=data)
    outcome = sandbox.run(Job(evaluator.task.harness, sent, LIMITS, "cuda", trusted=True))
    assert outcome.result is not None, outcome.message
    return outcome.result


@pytest.mark.parametrize("name", ["adamw", "muon", "noisy_sgd", "schedule_free_adamw"])
@pytest.mark.parametrize("task", ["digits", "digits-conv", "mnist1d-gru", "stdlib-lm"])
def test_replayed_steps_give_the_numbers_of_steps_taken(
    trainer: ProcessSandbox, task: str, name: str
):
    replayed, taken = (trained(trainer, task, name, capture) for capture in (True, False))
    assert replayed.data["step_by_step"] == ""
    assert taken.data["step_by_step"] == "no recording was wanted"
    for array in ("losses", "predictions"):
        assert replayed.arrays[array].tobytes() == taken.arrays[array].tobytes(), array


def test_the_same_seed_gives_the_same_bytes(trainer: ProcessSandbox):
    one, other = (trained(trainer, "mnist1d-cnn", "adamw", True) for _ in range(2))
    assert one.arrays["predictions"].tobytes() == other.arrays["predictions"].tobytes()


def test_replaying_is_faster(trainer: ProcessSandbox):
    data = {"replicas": [8, 32], "steps": 100, "rounds": 5, "device": "cuda"}
    harness = "evaluators.harness.benchmark:evaluate"
    took = told(trainer.run(Job(harness, Payload(data), LIMITS, "cuda", trusted=True)))
    assert took["32 replayed"] < took["32"], took
    assert took["8 replayed"] < took["8"], took


@pytest.mark.parametrize("name", ["adamw", "lion"])
def test_scores_are_those_of_the_processor(name: str):
    task = find_task("digits")
    program = library("optimizer")[name]
    scores = []
    for device in ("cpu", "cuda"):
        with sandbox_for(task, 1, device) as sandbox:
            found = Evaluator(task, sandbox, device).evaluate(program)
            assert found.score is not None, found.message
            scores.append(found.score)
    assert scores[0] == pytest.approx(scores[1], abs=0.02)
