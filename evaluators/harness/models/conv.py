"""A stacked convolutional network over signals or images: ReLU convolutions, then one read-out.

All replicas share one grouped convolution, a group each, so that activations stay `[batch, R·C,
…]` from the first layer to the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor

from evaluators.harness.models.base import Model, affine, linear

_CONVOLVE: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d}


def conv(
    shape: Sequence[int],
    channels: Sequence[int],
    kernels: Sequence[int],
    strides: Sequence[int],
    outputs: int,
    padding: int = 1,
) -> Model:
    """Make a network for inputs `[channels, length]` or `[channels, height, width]`.

    `channels`, `kernels` and `strides` have one entry per layer; the last features are flattened.
    """
    rank = len(shape) - 1
    convolve = _CONVOLVE[rank]

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        count, batch = x.shape[:2]
        x = x.transpose(0, 1).reshape(batch, -1, *x.shape[3:])
        for place, stride in enumerate(strides):
            weight, bias = params[2 * place].flatten(0, 1), params[2 * place + 1].flatten()
            x = convolve(x, weight, bias, stride, padding, groups=count).relu()
        features = x.reshape(batch, count, -1).transpose(0, 1)
        return linear(features, params[-2], params[-1])

    places = list(shape[1:])
    for kernel, stride in zip(kernels, strides, strict=True):
        places = [(p + 2 * padding - kernel) // stride + 1 for p in places]
    features = channels[-1]
    for place in places:
        features *= place
    steps = zip(pairwise([shape[0], *channels]), kernels, strict=True)
    parameters = [p for (i, o), k in steps for p in affine(o, i, *[k] * rank)]
    return Model((*parameters, *affine(outputs, features)), forward, forward)
