"""Small places for bodies, and networks that cheat in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from evaluators.bodies import Bodies, embedding, linear
from evaluators.data.mqar import mqar
from evaluators.data.splits import Data, split
from programs.errors import Fault
from programs.kind import Kind
from programs.load import read_program
from programs.program import Program
from programs.spec import Spec


def _points() -> Data:
    x = np.random.default_rng(0).normal(size=(200, 2, 6)).astype(np.float32)
    return split(x, (x[:, 0].sum(1) > 0).astype(np.int64))


SIGNALS = Bodies(
    name="signals",
    goal="Tell whether the first channel's sum is above zero.",
    data=_points,
    spec=Spec("sequence", (6, 8), 2),
    stem=linear(2, 8),
    steps=20,
    learning_rates=(0.01, 0.03),
    baselines=("mlp", "gru"),
)

RECALL = Bodies(
    name="recall",
    goal="Recall the values that go with two keys seen before.",
    data=lambda: mqar(12, 8, 2, (128, 32, 32)),
    spec=Spec("sequence", (8, 8), 12, causal=True),
    stem=embedding(12, 8),
    pooled=False,
    steps=20,
    batch=8,
    learning_rates=(0.003, 0.01),
    baselines=("transformer", "gru", "mlp"),
)

BRIEF = replace(RECALL, steps=2)


def program(source: str, kind: Kind) -> Program:
    found = read_program(source, kind)
    assert not isinstance(found, Fault), found
    return found


class Mixing(nn.Module):
    """Attention over positions, over the batch or over neither."""

    def __init__(self, over: str) -> None:
        super().__init__()
        self.over = over
        self.inner = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = self.inner(x)
        if self.over == "itself":
            return h
        if self.over == "the past":
            return h.cumsum(1)
        if self.over == "the batch":
            return h + torch.einsum("abd,cbd->acb", h, h).softmax(1).mean(1)[..., None]
        return h + (h @ h.transpose(1, 2)).softmax(-1) @ h
