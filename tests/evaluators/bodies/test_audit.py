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
    assert audit(Mixing(over), inputs(), causal=True, at_once=4) == ""


def test_mixing_in_both_directions_looks_ahead() -> None:
    found = audit(Mixing("everything"), inputs(), causal=True, at_once=4)
    assert found.startswith("looks ahead: changing the positions after 0 moved outputs")
    assert audit(Mixing("everything"), inputs(), causal=False, at_once=4) == ""


def test_attention_over_the_batch_mixes_examples() -> None:
    found = audit(Mixing("the batch"), inputs(), causal=False, at_once=4)
    assert found.startswith("mixes examples: an answer moved by")


class Statistics(nn.Module):
    """Batch normalisation, by its running statistics or by those of the batch it judges."""

    def __init__(self, running: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4, track_running_stats=running)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.transpose(1, 2)).transpose(1, 2)


def test_statistics_of_the_judged_batch_mix_examples() -> None:
    assert audit(Statistics(running=True), inputs(), causal=False, at_once=4) == ""
    found = audit(Statistics(running=False), inputs(), causal=False, at_once=4)
    assert found.startswith("mixes examples")


def test_batch_statistics_in_training_look_ahead() -> None:
    found = audit(Statistics(running=True), inputs(), causal=True, at_once=4)
    assert found.startswith("looks ahead")


class BySize(nn.Module):
    """Look at the other examples in batches of one size only."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return x + x.mean(0, keepdim=True) if len(x) == self.size else x


@pytest.mark.parametrize("size", [128, 72])
def test_batches_of_the_judged_sizes_are_audited(size: int) -> None:
    x = torch.randn(200, 6, 4, generator=torch.Generator().manual_seed(0))
    assert audit(BySize(size), x, causal=False, at_once=128).startswith("mixes examples")
    assert audit(BySize(100), x, causal=False, at_once=128) == ""


class SomeOfTheBatch(nn.Module):
    """Hand two late examples each other's answers."""

    def forward(self, x: Tensor) -> Tensor:
        order = torch.arange(len(x))
        order[20:22] = order[20:22].flip(0)
        return x[order]


def test_every_example_of_a_batch_is_audited() -> None:
    x = torch.randn(40, 6, 4, generator=torch.Generator().manual_seed(0))
    found = audit(SomeOfTheBatch(), x, causal=False, at_once=40)
    assert found.startswith("mixes examples")


class Peek(nn.Module):
    """See one position ahead, at one position."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place

    def forward(self, x: Tensor) -> Tensor:
        seen = x.clone()
        seen[:, self.place] += x[:, self.place + 1]
        return seen


@pytest.mark.parametrize("place", range(15))
def test_no_position_sees_the_next_one(place: int) -> None:
    x = torch.randn(8, 16, 4, generator=torch.Generator().manual_seed(0))
    found = audit(Peek(place), x, causal=True, at_once=8)
    assert found.startswith(f"looks ahead: changing the positions after {place} moved outputs")


def test_of_a_long_sequence_the_last_positions_are_audited_too() -> None:
    x = torch.randn(2, 300, 4, generator=torch.Generator().manual_seed(0))
    assert audit(Peek(298), x, causal=True, at_once=2).startswith("looks ahead")
    assert audit(nn.Identity(), x, causal=True, at_once=2) == ""


def test_every_causal_library_network_passes() -> None:
    spec = Spec("sequence", (6, 8), 4, causal=True)
    checked = 0
    for program in library("architecture").values():
        assert program.genome is not None
        body = made.build(program.genome, spec)
        if not isinstance(body, Fault):
            assert audit(body, torch.randn(4, 6, 8), causal=True, at_once=4) == "", program.source
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
