"""Replayed steps give the numbers of steps taken, to the last digit; what cannot be, is taken.

What records here is a tape that is as strict as a CUDA graph; a real graph is in `tests/gpu`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from evaluators import networks
from evaluators.evaluator import Evaluator
from evaluators.harness import rules, training
from evaluators.harness.capture import FEWEST, WARM_UP, RecordingError, Work, hindrance
from evaluators.harness.optimizer import train
from evaluators.harness.rules import Asked, Interpreted
from evaluators.networks import Network
from evaluators.tasks import digits
from programs.kind import Op, Scope
from programs.load import in_language, kind_named
from sandbox.base import Payload
from sandbox.memory import MemorySandbox
from tests.evaluators.tape import Tape

STEPS = 60
SGD = "def update(w, g, lr):\n    return lr * g\n"
MLP = networks.mlp(6, 8, 3)


@pytest.fixture
def tape(monkeypatch: pytest.MonkeyPatch) -> list[Tape]:
    """Have a processor record, as a card does, and return what was recorded."""
    monkeypatch.setattr(training, "RECORDERS", {"cpu": Tape})
    monkeypatch.setattr(Tape, "made", [])
    return Tape.made


def judged(source: str, model: Network = MLP, rates: Any = (0.003, 0.03), **data: Any) -> Payload:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(48, 6)).astype(np.float32)
    y = x[:, :3].argmax(1)
    if model["family"] == "transformer":
        x = rng.integers(3, size=(48, 6))
        y = np.roll(x, -1, 1)
    elif model["family"] != "mlp":
        x = x.reshape(48, *((6, 1) if model["family"] == "gru" else (1, 6)))
    settings = {"source": source, "model": dict(model), "loss": "cross-entropy", "patient": True}
    settings |= {"steps": STEPS, "batch": 8, "learning_rates": list(rates), "seeds": [0, 1]}
    return train(Payload({**settings, **data}, {"train_x": x, "train_y": y, "eval_x": x[:8]}))


def same(one: Payload, other: Payload) -> bool:
    names = ("predictions", "losses")
    return all(one.arrays[n].tobytes() == other.arrays[n].tobytes() for n in names)


@pytest.mark.parametrize("name", in_language("optimizer"))
def test_every_program_of_the_library_is_replayed_to_the_same_numbers(
    name: str, tape: list[Tape]
) -> None:
    source = in_language("optimizer")[name].source
    replayed = judged(source)
    assert replayed.data["step_by_step"] == ""
    assert (tape[0].warmed, tape[0].recorded) == (WARM_UP, 1)
    assert tape[0].replayed == STEPS - WARM_UP
    taken = judged(source, capture=False)
    assert taken.data["step_by_step"] == "no recording was wanted"
    assert len(tape) == 1
    assert same(replayed, taken)


@pytest.mark.parametrize("op", kind_named("optimizer").ops.values(), ids=lambda op: op.name)
def test_every_function_of_the_language_can_be_recorded(op: Op, tape: list[Tape]) -> None:
    """With tensors and with a number that changes from step to step, in every place it may have."""
    args = ["g + 0.1", "step", "0.5"]
    calls = [f"{op.name}({', '.join([*args[i:], *args[:i]][: op.arity])})" for i in range(2)]
    if op.scope is not Scope.ELEMENT:
        second = "step" if op.scope is Scope.MODEL else "w"
        calls = [f"{op.name}({', '.join(['g * step', second][: op.arity])})"] * 2
    if op.name == "matmul":
        calls = ["matmul(g, matmul(transpose(g), g * step))"] * 2
    if op.name == "transpose":
        calls = ["transpose(transpose(g * step))", "transpose(transpose(w))"]
    source = (
        f"def update(w, g, m, lr, step):\n    m = clip(0.1 * g + {calls[0]}, 9)\n"
        f"    return lr * (g + 0.001 * m + 0.001 * clip({calls[1]}, 9)), m\n"
    )
    replayed = judged(source)
    assert replayed.data["step_by_step"] == ""
    assert same(replayed, judged(source, capture=False))


@pytest.mark.parametrize(
    "model",
    [
        networks.mlp(6, 6, 3, activation="tanh", residual=True),
        networks.conv((1, 6), (4, 5), 3),
        networks.gru(6, 1, 4, 3),
        networks.transformer(3, 6, 8, 1, 2),
    ],
    ids=lambda model: model["family"],
)
def test_every_model_can_be_recorded(model: Network, tape: list[Tape]) -> None:
    source = in_language("optimizer")["adamw"].source
    replayed = judged(source, model)
    assert (tape[0].recorded, replayed.data["step_by_step"]) == (1, "")
    assert same(replayed, judged(source, model, capture=False))


@pytest.mark.parametrize(
    "body",
    [
        "return lr * g, v, m + g",  # states change places
        "return m, m + 0.1 * g, m",  # what is subtracted is a state that is overwritten
        "return lr * g + 0.1 * (w - m), w, g",  # states that are the weight and the gradient
    ],
)
def test_states_may_stand_for_one_another(body: str, tape: list[Tape]) -> None:
    source = f"def update(w, g, m, v, lr):\n    {body}\n"
    replayed, taken = judged(source), judged(source, capture=False)
    assert tape[0].recorded == 1
    assert same(replayed, taken)
    training.RECORDERS = {}
    np.testing.assert_array_equal(judged(source).arrays["losses"], taken.arrays["losses"])


def test_where_replicas_leave_the_others_are_recorded_again(tape: list[Tape]) -> None:
    rates = (0.05, 1e20, 0.1)
    replayed = judged(SGD, rates=rates)
    assert np.isnan(replayed.arrays["predictions"][1]).all()
    assert (tape[0].recorded, tape[0].warmed) == (2, 2 * WARM_UP)
    assert same(replayed, judged(SGD, rates=rates, capture=False))


class Refusing(Tape):
    """Cannot record, after it began to."""

    def record(self, work: Work) -> Work:
        super().record(work)
        raise RecordingError("operation not permitted while capturing")


def test_what_cannot_be_recorded_is_taken_and_told(
    tape: list[Tape], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = in_language("optimizer")["adamw"].source
    replayed = judged(source)
    monkeypatch.setattr(training, "RECORDERS", {"cpu": Refusing})
    taken = judged(source)
    assert taken.data["step_by_step"] == "operation not permitted while capturing"
    assert tape[-1].recorded == 1, "it is tried once"
    assert same(replayed, taken)


def test_the_tape_is_as_strict_as_a_graph(tape: list[Tape], monkeypatch: Any) -> None:
    """A look at a value is refused: the quicker `where` of a processor takes one."""
    monkeypatch.setattr(rules, "torch", Looking())
    found = judged("def update(w, g, lr):\n    return lr * g / (1 + w * w)\n")
    assert "a value was read from the device" in found.data["step_by_step"]


class Looking:
    """Torch for programs, with the `where` that looks."""

    def __getattr__(self, name: str) -> Any:
        return getattr(rules.QUICK if name == "where" else torch, name)


def test_a_number_of_the_host_is_frozen_on_the_tape() -> None:
    """So a step that counted on the host would not pass the tests above."""
    total, steps = torch.zeros(1), [1.0]

    def work() -> None:
        total.add_(steps[0])

    replay = Tape().record(work)
    assert total.item() == 0.0
    for steps[0] in (1.0, 10.0):
        replay()
    assert total.item() == 2.0


def test_a_training_says_why_its_steps_are_taken() -> None:
    cpu = torch.device("cpu")
    function = in_language("optimizer")["adamw"].genome
    assert function is not None
    rule = Interpreted(function.main, [(2, 3)], STEPS, cpu)
    assert hindrance(rule, FEWEST) == ""
    assert hindrance(rule, FEWEST - 1) == f"{FEWEST - 1} steps are too few to be worth a recording"
    assert hindrance(rule, FEWEST, wanted=False) == "no recording was wanted"
    guest = Asked.__new__(Asked)
    assert hindrance(guest, FEWEST) == "a process beside this one is asked at every step"


def test_an_evaluation_says_so_too(tape: list[Tape], monkeypatch: pytest.MonkeyPatch) -> None:
    task = replace(digits.TASK, steps=STEPS, learning_rates=(0.01,), seeds=2)
    evaluator = Evaluator(task, MemorySandbox())
    program = in_language("optimizer")["adamw"]
    replayed = evaluator.evaluate(program)
    assert (str(replayed.status), replayed.message) == ("scored", "")
    monkeypatch.setattr(training, "RECORDERS", {"cpu": Refusing})
    taken = evaluator.evaluate(program)
    assert taken.message.startswith("trained step by step: operation not permitted")
    assert taken.by_seed == replayed.by_seed
