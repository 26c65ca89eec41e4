"""A whole network: a task's stem, the body that is judged, and the task's read-out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evaluators.harness.luck import seeded
from programs.errors import Fault
from programs.kinds.architecture import KIND
from programs.kinds.networks.build import build
from programs.load import read_program
from programs.spec import Spec


class Whole(nn.Module):
    """Inputs to logits: `[batch, outputs]`, or `[batch, length, outputs]` of every position.

    `example` is a small batch of inputs, from which the read-out learns how wide the body is.
    """

    def __init__(
        self, body: nn.Module, stem: Mapping[str, Any], spec: Spec, pooled: bool, example: Tensor
    ) -> None:
        super().__init__()
        self.stem = STEMS[stem["sort"]](**{k: v for k, v in stem.items() if k != "sort"})
        self.body = body
        self.pooled = pooled
        self.readout = nn.Linear(self._width(example), spec.outputs)

    @torch.no_grad()
    def _width(self, example: Tensor) -> int:
        self.eval()
        found = self.features(example)
        self.train()
        return found.shape[-1]

    def features(self, x: Tensor) -> Tensor:
        """Return what the read-out sees of a batch."""
        return self.gathered(self.body(self.stem(x)))

    def gathered(self, h: Tensor) -> Tensor:
        """Return the mean of a body's output over all places, or every position of it."""
        if not self.pooled:
            return h
        return h.flatten(2).mean(2) if h.dim() == 4 else h.mean(1) if h.dim() == 3 else h

    def forward(self, x: Tensor) -> Tensor:
        """Apply the network to a batch."""
        return self.readout(self.features(x))


class Linear(nn.Module):
    """A linear map of the channels at every place: `[batch, channels, …]` to an image or sequence.

    With a `size` above 1, of the channels in windows of `size` places that do not overlap.
    """

    def __init__(self, channels: int, width: int, size: int = 1, image: bool = False) -> None:
        super().__init__()
        inputs = channels * (size * size if image else size)
        bound = 1 / math.sqrt(inputs)
        shape = (width, channels, size, size) if image else (width, channels, size)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(width).uniform_(-bound, bound))
        self.size, self.image = size, image

    def forward(self, x: Tensor) -> Tensor:
        """Map `[batch, channels, height, width]` or `[batch, channels, length]`."""
        if self.image:
            return F.conv2d(x, self.weight, self.bias, self.size)
        return F.conv1d(x, self.weight, self.bias, self.size).transpose(1, 2)


STEMS = {"embedding": nn.Embedding, "linear": Linear}


def whole(
    data: Mapping[str, Any], example: Tensor, seed: int, body: nn.Module | None = None
) -> Whole:
    """Build the network that a payload describes, with the first weights that the seed gives.

    `data` holds `source`, `spec`, `stem` and `pooled`; a `body` stands in for what `source` says.
    """
    spec = Spec(**{**data["spec"], "shape": tuple(data["spec"]["shape"])})
    with seeded(seed):
        body = body_of(data["source"], spec) if body is None else body
        return Whole(body, data["stem"], spec, data["pooled"], example)


def body_of(source: str, spec: Spec) -> nn.Module:
    """Build a program of the language for its place; `ValueError` where that cannot be."""
    program = read_program(source, KIND)
    if isinstance(program, Fault) or program.genome is None:
        raise ValueError(f"not a program of the language: {program}")
    body = build(program.genome, spec)
    if isinstance(body, Fault):
        raise ValueError(f"the program does not fit this task: {body}")
    return body
