"""A stacked multi-layer perceptron with PyTorch's default initialisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from evaluators.harness.models.base import Model, affine, linear

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "square": torch.square,
}


def mlp(widths: Sequence[int], activation: str = "relu", residual: bool = False) -> Model:
    """Make a perceptron of these widths, the input's and the output's included.

    With `residual`, a hidden layer as wide as its input adds that input.
    """
    layers = list(pairwise(widths))
    act = ACTIVATIONS[activation]

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        last = len(layers) - 1
        for place in range(last):
            h = act(linear(x, params[2 * place], params[2 * place + 1]))
            x = x + h if residual and x.shape == h.shape else h
        return linear(x, params[2 * last], params[2 * last + 1])

    parameters = [p for fan_in, fan_out in layers for p in affine(fan_out, fan_in)]
    return Model(tuple(parameters), forward, forward)
