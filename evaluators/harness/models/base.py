"""What a stacked model is: parameter shapes, their initial values, and one forward pass for all.

Parameters have torch's own layout and order, so that an `nn.Module` can take them over one by one.
The forward pass maps parameters with a leading replica axis `R` and inputs `[R, batch, …]` to
outputs `[R, batch, …]`; nothing in it mixes replicas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Shape = tuple[int, ...]
Forward = Callable[[Sequence[Tensor], Tensor], Tensor]
Fill = Callable[[Shape, torch.Generator], Tensor]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter tensor's shape and how its first values are drawn."""

    shape: Shape
    fill: Fill


@dataclass(frozen=True, slots=True)
class Model:
    """A network over stacked parameters.

    `predict` gives what is judged where that is not all of `forward`: a language model is trained
    at every position and judged at the last.
    """

    parameters: tuple[Parameter, ...]
    forward: Forward
    predict: Forward

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Return the shape of every parameter tensor of one replica."""
        return tuple(p.shape for p in self.parameters)

    def initial(self, seed: int) -> list[Tensor]:
        """Draw the first values of one replica; the same seed gives the same values."""
        generator = torch.Generator().manual_seed(seed)
        return [p.fill(p.shape, generator) for p in self.parameters]


def uniform(bound: float) -> Fill:
    """Draw uniformly within ±`bound`."""
    return lambda shape, generator: (torch.rand(shape, generator=generator) * 2 - 1) * bound


def normal(shape: Shape, generator: torch.Generator) -> Tensor:
    """Draw from the standard normal distribution, as `nn.Embedding` does."""
    return torch.randn(shape, generator=generator)


def zeros(shape: Shape, generator: torch.Generator) -> Tensor:
    """Return zeros."""
    return torch.zeros(shape)


def ones(shape: Shape, generator: torch.Generator) -> Tensor:
    """Return ones."""
    return torch.ones(shape)


def affine(fan_out: int, *weight: int) -> tuple[Parameter, Parameter]:
    """Return weight `[fan_out, *weight]` and bias, within ±1/√fan_in as `nn.Linear` has them."""
    fan_in = 1
    for extent in weight:
        fan_in *= extent
    fill = uniform(fan_in**-0.5)
    return Parameter((fan_out, *weight), fill), Parameter((fan_out,), fill)


class _Linear(torch.autograd.Function):
    """A batched linear layer whose weight gradient comes out in the weight's own layout.

    Autograd's own is the transpose of that, which the update would have to copy.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:  # type: ignore[override]
        x, weight = ctx.saved_tensors
        to_input = torch.bmm(gradient, weight) if ctx.needs_input_grad[0] else None
        return to_input, torch.bmm(gradient.transpose(1, 2), x), gradient.sum(1)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Apply `[R, out, in]` weights to `x [R, …, in]`."""
    y = _Linear.apply(x.flatten(1, -2), weight, bias)
    return y if x.ndim == 3 else y.unflatten(1, x.shape[1:-1])
