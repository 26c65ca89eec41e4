"""Rules for what moves, joins, parts and averages positions and features."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

import numpy as np

from programs.kinds.networks.backwards.arrays import (
    Array,
    Back,
    Rule,
    features,
    product,
    turned,
)


def _half(second: bool) -> Rule:
    def rule(x: Array) -> tuple[Array, Back]:
        dim = features(x)
        halves = np.split(x, 2, dim)

        def back(d: Array) -> tuple[Array]:
            none = np.zeros_like(d)
            return (np.concatenate([none, d] if second else [d, none], dim),)

        return halves[second], back

    return rule


def _concat(x: Array, y: Array) -> tuple[Array, Back]:
    dim = features(x)
    return np.concatenate([x, y], dim), lambda d: tuple(np.split(d, [x.shape[dim]], dim))


def _mean(x: Array) -> tuple[Array, Back]:
    over = (2, 3) if x.ndim == 4 else (1,)
    count = math.prod(x.shape[d] for d in over)
    return (
        x.mean(over),
        lambda d: (np.broadcast_to(np.expand_dims(d / count, over), x.shape),),
    )


def _last(x: Array) -> tuple[Array, Back]:
    def back(d: Array) -> tuple[Array]:
        gradient = np.zeros_like(x)
        gradient[:, -1] = d
        return (gradient,)

    return x[:, -1], back


def _shift(x: Array, *, steps: int) -> tuple[Array, Back]:
    def back(d: Array) -> tuple[Array]:
        gradient = np.zeros_like(d)
        gradient[:, : max(0, d.shape[1] - steps)] = d[:, steps:]
        return (gradient,)

    y = np.zeros_like(x)
    y[:, steps:] = x[:, : max(0, x.shape[1] - steps)]
    return y, back


def _token_linear(x: Array, *, weight: Array, bias: Array, causal: bool) -> tuple[Array, Back]:
    mixing = np.tril(weight) if causal else weight
    return product(mixing, x) + bias[:, None], lambda d: (product(mixing.T, d),)


def _depthwise(
    x: Array, *, weight: Array, bias: Array, stride: int, dilation: int, causal: bool, kernel: int
) -> tuple[Array, Back] | None:
    """Convolve each feature of a sequence by itself, tap by tap."""
    if x.ndim != 3:
        return None
    length = x.shape[1]
    reach = dilation * (kernel - 1)
    before = reach if causal else reach // 2
    wide = np.zeros((len(x), length + reach, x.shape[2]))
    wide[:, before : before + length] = x
    count = -(-length // stride)
    taps = [
        slice(k * dilation, k * dilation + (count - 1) * stride + 1, stride) for k in range(kernel)
    ]
    y = sum(wide[:, tap] * weight[:, 0, k] for k, tap in enumerate(taps)) + bias

    def back(d: Array) -> tuple[Array]:
        gradient = np.zeros_like(wide)
        for k, tap in enumerate(taps):
            gradient[:, tap] += d * weight[:, 0, k]
        return (gradient[:, before : before + length],)

    return y, back


@cache
def _sinusoids(length: int, width: int) -> Array:
    place = np.arange(length, dtype=np.float64)[:, None]
    index = np.arange(width)
    angle = place * 10000.0 ** -(2 * (index // 2) / width)
    return np.where(index % 2 == 0, np.sin(angle), np.cos(angle))


MOVING: Mapping[str, Rule] = {
    "x.chunk(2, features(x))[0]": _half(False),
    "x.chunk(2, features(x))[1]": _half(True),
    "torch.cat([x, y], features(x))": _concat,
    "x.mean(positions(x))": _mean,
    "x[:, -1]": _last,
    "x.flatten(1)": lambda x: (x.reshape(len(x), -1), lambda d: (d.reshape(x.shape),)),
    "x.transpose(1, 2)": lambda x: (turned(x), lambda d: (turned(d),)),
    "x.flip(1)": lambda x: (x[:, ::-1], lambda d: (d[:, ::-1],)),
    "shift(x, steps)": _shift,
    "token_linear(x, weight, bias, causal)": _token_linear,
    "conv(x, weight, bias, stride, dilation, weight.shape[0], causal)": _depthwise,
    "x + weight": lambda x, weight: (x + weight, lambda d: (d,)),
    "x + sinusoids(x)": lambda x: (x + _sinusoids(*x.shape[1:]), lambda d: (d,)),
}
