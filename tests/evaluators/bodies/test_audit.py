"""Networks that look ahead or at other examples are caught, and honest ones are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import evaluators.harness.bodies.whole as made
from evaluators.candidate import Status
from evaluators.evaluator import Evaluator
from evaluators.harness.audit import audit
from evaluators.task import Task
from programs.check import check
from programs.errors import Fault
from programs.load import library, read_program
from programs.spec import Spec
from sandbox.memory import MemorySandbox
from tests.evaluators.bodies.small import RECALL, SIGNALS, Mixing


def inputs() -> Tensor:
    return torch.randn(8, 6, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("over", ["itself", "the past"])
def test_an_honest_network_passes(over: str) -> None:
    assert audit(Mixing(over), inputs(), causal=True) == ""


def test_mixing_in_both_directions_looks_ahead() -> None:
    found = audit(Mixing("everything"), inputs(), causal=True)
    assert found.startswith("looks ahead: changing the positions after 0 moved outputs")
    assert audit(Mixing("everything"), inputs(), causal=False) == ""


def test_attention_over_the_batch_mixes_examples() -> None:
    found = audit(Mixing("the batch"), inputs(), causal=False)
    assert found.startswith("mixes examples: an answer moved by")


class Statistics(nn.Module):
    """Batch normalisation, by its running statistics or by those of the batch it judges."""

    def __init__(self, running: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4, track_running_stats=running)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.transpose(1, 2)).transpose(1, 2)


def test_statistics_of_the_judged_batch_mix_examples() -> None:
    assert audit(Statistics(running=True), inputs(), causal=False) == ""
    found = audit(Statistics(running=False), inputs(), causal=False)
    assert found.startswith("mixes examples")


def test_batch_statistics_in_training_look_ahead() -> None:
    found = audit(Statistics(running=True), inputs(), causal=True)
    assert found.startswith("looks ahead")


def test_every_causal_library_network_passes() -> None:
    spec = Spec("sequence", (6, 8), 4, causal=True)
    checked = 0
    for program in library("architecture").values():
        assert program.genome is not None
        body = made.build(program.genome, spec)
        if not isinstance(body, Fault):
            assert audit(body, torch.randn(4, 6, 8), causal=True) == "", program.source
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("source", ["batch_norm(x)", "reverse(x)", "fourier(x)", "transpose(x)"])
def test_the_language_has_no_words_to_look_ahead(source: str) -> None:
    offered = read_program(f"def network(x):\n    return x + {source}\n", RECALL.language)
    fault = offered if isinstance(offered, Fault) else check(offered.genome, RECALL.language)  # type: ignore[arg-type]
    assert isinstance(fault, Fault)
    assert "causal" in fault.message


class Cheat(nn.Module):
    """Add to every position the mean over a dimension: 0 is the batch, 1 the sequence."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.dimension = dimension

    def forward(self, x: Tensor) -> Tensor:
        return x + x.mean(self.dimension, keepdim=True)


@pytest.mark.parametrize(
    ("task", "dimension", "sentence"),
    [(RECALL, 1, "looks ahead"), (RECALL, 0, "mixes examples"), (SIGNALS, 0, "mixes examples")],
)
def test_a_cheating_network_gets_no_score(
    task: Task, dimension: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cheating(*_: Any) -> nn.Module:
        return Cheat(dimension)

    monkeypatch.setattr(made, "body_of", cheating)
    found = Evaluator(task, MemorySandbox()).evaluate(library("architecture")["mlp"])
    assert found.status is Status.FAILED
    assert found.score is None
    assert found.message.startswith(sentence)
    assert np.isfinite(found.seconds)
