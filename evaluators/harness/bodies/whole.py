"""A whole network: a task's stem, the body that is judged, and the task's read-out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from programs.errors import Fault
from programs.kinds.architecture import at
from programs.kinds.networks.build import build
from programs.load import read_program
from programs.spec import Spec


class Whole(nn.Module):
    """Inputs to logits: `[batch, outputs]`, or `[batch, length, outputs]` of every position.

    `example` is a small batch of inputs, from which the read-out learns how wide the body is. Stem
    and read-out draw their first weights from `generator`.
    """

    def __init__(
        self,
        body: nn.Module,
        stem: Mapping[str, Any],
        spec: Spec,
        pooled: bool,
        example: Tensor,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        settings = {name: value for name, value in stem.items() if name != "sort"}
        self.stem = STEMS[stem["sort"]](generator, **settings)
        self.body = body
        self.pooled = pooled
        self.readout = _readout(self._width(example), spec.outputs, generator)

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

    def __init__(
        self,
        generator: torch.Generator,
        channels: int,
        width: int,
        size: int = 1,
        image: bool = False,
    ) -> None:
        super().__init__()
        inputs = channels * (size * size if image else size)
        shape = (width, channels, size, size) if image else (width, channels, size)
        self.weight = nn.Parameter(_uniform(torch.empty(shape), inputs, generator))
        self.bias = nn.Parameter(_uniform(torch.empty(width), inputs, generator))
        self.size, self.image = size, image

    def forward(self, x: Tensor) -> Tensor:
        """Map `[batch, channels, height, width]` or `[batch, channels, length]`."""
        if self.image:
            return F.conv2d(x, self.weight, self.bias, self.size)
        return F.conv1d(x, self.weight, self.bias, self.size).transpose(1, 2)


def _embedding(generator: torch.Generator, num_embeddings: int, embedding_dim: int) -> nn.Embedding:
    start = torch.randn(num_embeddings, embedding_dim, generator=generator)
    return nn.Embedding.from_pretrained(start, freeze=False)


def _readout(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    layer = cast(nn.Linear, nn.utils.skip_init(nn.Linear, inputs, outputs))
    for parameter in layer.parameters():
        _uniform(parameter.data, inputs, generator)
    return layer


def _uniform(values: Tensor, inputs: int, generator: torch.Generator) -> Tensor:
    """Fill a tensor as torch's own layers of so many inputs begin."""
    bound = 1 / math.sqrt(inputs)
    return values.uniform_(-bound, bound, generator=generator)


STEMS = {"embedding": _embedding, "linear": Linear}


def whole(
    data: Mapping[str, Any], example: Tensor, seed: int, body: nn.Module | None = None
) -> Whole:
    """Build the network that a payload describes, with the first weights that the seed gives.

    `data` holds `source`, `spec`, `stem` and `pooled`; a `body` stands in for what `source` says.
    No other thread's draws move the weights.
    """
    spec = Spec(**{**data["spec"], "shape": tuple(data["spec"]["shape"])})
    generator = torch.Generator().manual_seed(seed)
    if body is None:
        body = body_of(data["source"], spec, generator)
    return Whole(body, data["stem"], spec, data["pooled"], example, generator)


def body_of(source: str, spec: Spec, generator: torch.Generator) -> nn.Module:
    """Build a program of the language for its place; `ValueError` where that cannot be."""
    program = read_program(source, at(spec))
    if isinstance(program, Fault):
        raise ValueError(f"the program does not fit this task: {program}")
    if program.genome is None:
        raise ValueError("expected a program of the language, found free-form Python")
    body = build(program.genome, spec, generator)
    if isinstance(body, Fault):
        raise ValueError(f"the program does not fit this task: {body}")
    return body
