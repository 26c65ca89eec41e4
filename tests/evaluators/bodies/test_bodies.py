"""A task for bodies sends no judged label, refuses what is too large and scores the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluators.admit import Admitted, Rejected, admit_to
from evaluators.bodies import linear
from evaluators.candidate import Status
from evaluators.evaluator import Evaluator
from evaluators.harness.labels import UNASKED
from evaluators.task import TASKS, Task, find_task, kinds_of
from programs.load import library
from programs.program import Program
from sandbox.base import Payload
from sandbox.memory import MemorySandbox
from tests.evaluators.bodies.small import BRIEF, RECALL, SIGNALS, program

NETWORKS = library("architecture")
TIMED = {"latency_ms"}


def offering() -> list[str]:
    return [n for n in TASKS.names() if "architecture" in kinds_of(TASKS.find(n))]


def test_these_tasks_judge_architectures() -> None:
    wanted = {
        "digits",
        "digits-pixels",
        "listops",
        "mnist1d",
        "modular",
        "mqar",
        "selective-copy",
        "stdlib-lm",
    }
    assert set(offering()) == wanted


@pytest.mark.parametrize("name", offering())
def test_baselines_fit_their_place_and_its_ceilings(name: str) -> None:
    task = find_task(name, "architecture")
    for baseline in task.baselines:
        found = admit_to(task, NETWORKS[baseline].source)
        assert isinstance(found, Admitted), (baseline, found)


def test_a_judged_label_is_never_sent() -> None:
    trial = Evaluator(RECALL, MemorySandbox()).trial()
    for split in ("validation", "test"):
        sent = RECALL.payload(NETWORKS["mlp"], replace(trial, split=split))
        labels = RECALL.splits.held_out(split)[1]
        assert np.array_equal(sent.arrays["asked"], labels != UNASKED)
        assert set(np.unique(sent.arrays["asked"])) == {0, 1}
        assert set(sent.arrays) == {"train_x", "train_y", "eval_x", "asked"}


def test_perfect_predictions_score_zero_and_wrong_shapes_are_refused() -> None:
    trial = Evaluator(RECALL, MemorySandbox()).trial()
    labels = RECALL.splits.validation[1]
    answers = labels[labels != UNASKED]
    logits = np.full((2, 2, len(answers), 12), -1e3)
    logits[..., np.arange(len(answers)), answers] = 1e3
    costs = {"parameters": 7, "flops": 8, "memory_mib": 0.5, "latency_ms": 1.0}
    found = RECALL.measure(Payload({"costs": costs}, {"predictions": logits}), trial)
    assert found.score == pytest.approx(0)
    assert found.examples.shape == (2, 2, 32)
    assert (found.metrics["accuracy"] == 1).all()
    assert (found.metrics["parameters"] == 7).all()
    with pytest.raises(ValueError, match="expected predictions of shape"):
        RECALL.measure(Payload({"costs": costs}, {"predictions": logits[:, :, 1:]}), trial)


@pytest.mark.parametrize("task", [SIGNALS, RECALL], ids=lambda t: t.name)
def test_the_same_seed_gives_the_same_score(task: Task) -> None:
    first, again = (
        Evaluator(task, MemorySandbox()).evaluate(NETWORKS["transformer"]) for _ in range(2)
    )
    assert first.status is Status.SCORED, first.message
    assert first.by_seed == again.by_seed
    metrics = [{k: v for k, v in e.metrics.items() if k not in TIMED} for e in (first, again)]
    assert metrics[0] == metrics[1]
    assert first.metrics["latency_ms"] > 0


def test_too_large_a_network_is_refused_with_the_figure() -> None:
    small = replace(SIGNALS, most_parameters=500)
    found = admit_to(small, NETWORKS["transformer"].source)
    assert isinstance(found, Rejected)
    assert found.reason == "too large: 1,738 parameters, signals allows 500"
    slow = replace(SIGNALS, most_flops=1000)
    found = admit_to(slow, NETWORKS["transformer"].source)
    assert isinstance(found, Rejected)
    assert found.reason.startswith("too large: ")
    assert found.reason.endswith("FLOPs an example, signals allows 1,000")


def test_a_network_for_another_place_is_refused_with_the_shapes() -> None:
    found = admit_to(RECALL, NETWORKS["resnet"].source)
    assert isinstance(found, Rejected)
    assert "causal sequence" in found.reason


def test_a_network_that_fits_its_task_and_no_usual_input_is_trained() -> None:
    twelve = replace(SIGNALS, spec=replace(SIGNALS.spec, shape=(6, 12)), stem=linear(2, 12))
    three = program("def network(x):\n    return attention(x, heads=3)\n", twelve.language)
    assert Evaluator(twelve, MemorySandbox()).evaluate(three).status is Status.SCORED
    found = Evaluator(SIGNALS, MemorySandbox()).evaluate(three)
    assert found.status is Status.FAILED
    assert "does not fit this task: " in found.message
    assert found.message.endswith("3 heads do not divide a width of 8")


def test_networks_that_compute_the_same_have_one_fingerprint() -> None:
    def fingerprint(body: str) -> str:
        found = admit_to(RECALL, f"def network(x):\n    return {body}\n")
        assert isinstance(found, Admitted), found
        return found.fingerprint

    assert fingerprint("gelu(linear(x)) + x") == fingerprint("x + gelu(linear(x))")
    assert fingerprint("gelu(linear(x)) + x") != fingerprint("gelu(linear(x)) - x")


def test_what_learns_nothing_is_given_up() -> None:
    nothing: Program = program("def network(x):\n    return 0.0 * linear(x)\n", SIGNALS.language)
    long = replace(SIGNALS, steps=400, learning_rates=(1e-9, 1e-8))
    found = Evaluator(long, MemorySandbox()).evaluate(nothing)
    assert found.status is Status.PRUNED
    assert found.message.startswith("no progress: no loss fell within 100 steps")


def test_what_diverges_everywhere_is_given_up() -> None:
    wild = replace(BRIEF, learning_rates=(1e30, 1e35), steps=40)
    found = Evaluator(wild, MemorySandbox()).evaluate(NETWORKS["mlp"])
    assert found.status is Status.PRUNED
    assert found.message == "diverged: at every learning rate by step 20"
