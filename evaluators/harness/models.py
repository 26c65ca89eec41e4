"""Small networks with every weight stacked over replicas, trained together as one.

A model is a list of parameter tensors in torch's own layout and a function from those, each with
a leading replica axis `R`, and inputs `[R, batch, …]` to outputs `[R, batch, …]`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Model:
    """Parameter shapes, their initial values for a seed, and the stacked forward pass."""

    shapes: tuple[tuple[int, ...], ...]
    initial: Callable[[int], list[Tensor]]
    forward: Callable[[Sequence[Tensor], Tensor], Tensor]


def mlp(widths: Sequence[int]) -> Model:
    """Make a ReLU multi-layer perceptron with PyTorch's default initialisation.

    Every weight and bias is uniform within ±1/√fan_in, as `nn.Linear` draws them.
    """
    layers = list(pairwise(widths))
    shapes = tuple(s for fan_in, fan_out in layers for s in ((fan_out, fan_in), (fan_out,)))

    def initial(seed: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(seed)
        bounds = (fan_in**-0.5 for fan_in, _ in layers for _ in range(2))
        return [
            (torch.rand(shape, generator=generator) * 2 - 1) * bound
            for shape, bound in zip(shapes, bounds, strict=True)
        ]

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        for place in range(0, len(params), 2):
            weight, bias = params[place], params[place + 1]
            x = torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))
            x = x.relu() if place + 2 < len(params) else x
        return x

    return Model(shapes, initial, forward)
