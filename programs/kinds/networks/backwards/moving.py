"""Rules for what moves, joins, parts, averages and repeats positions and features."""

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


def _places(x: Array) -> tuple[int, ...]:
    return (2, 3) if x.ndim == 4 else (1,)


def _mean(x: Array) -> tuple[Array, Back]:
    over = _places(x)
    count = math.prod(x.shape[d] for d in over)
    return (
        x.mean(over),
        lambda d: (np.broadcast_to(np.expand_dims(d / count, over), x.shape),),
    )


def _largest(x: Array) -> tuple[Array, Back]:
    """Take the largest over all positions; equals share the gradient."""
    over = _places(x)
    y = x.max(over, keepdims=True)

    def back(d: Array) -> tuple[Array]:
        first = x == y
        return (first * (d.reshape(y.shape) / first.sum(over, keepdims=True)),)

    return y.squeeze(over), back


def _avg_pool(x: Array, *, size: int) -> tuple[Array, Back]:
    over = _places(x)
    whole = tuple(n // size * size if d in over else n for d, n in enumerate(x.shape))
    inside = tuple(map(slice, whole))

    def back(d: Array) -> tuple[Array]:
        gradient = np.zeros(x.shape)
        gradient[inside] = _repeated(d / size ** len(over), size, over)
        return (gradient,)

    return _summed(x[inside], size, over) / size ** len(over), back


def _upsample(x: Array, *, size: int) -> tuple[Array, Back]:
    over = _places(x)
    return _repeated(x, size, over), lambda d: (_summed(d, size, over),)


def _repeated(x: Array, size: int, over: tuple[int, ...]) -> Array:
    for dim in over:
        x = x.repeat(size, dim)
    return x


def _summed(x: Array, size: int, over: tuple[int, ...]) -> Array:
    """Sum over windows of `size` in each of the dimensions."""
    for dim in over:
        x = x.reshape(*x.shape[:dim], -1, size, *x.shape[dim + 1 :]).sum(dim + 1)
    return x


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
    "x.amax(positions(x))": _largest,
    "avg_pool(x, size)": _avg_pool,
    "upsample(x, size)": _upsample,
    "x[:, -1]": _last,
    "x.flatten(1)": lambda x: (x.reshape(len(x), -1), lambda d: (d.reshape(x.shape),)),
    "x.transpose(1, 2)": lambda x: (turned(x), lambda d: (turned(d),)),
    "x.flip(1)": lambda x: (x[:, ::-1], lambda d: (d[:, ::-1],)),
    "shift(x, steps)": _shift,
    "token_linear(x, weight, bias, causal)": _token_linear,
    "x + weight": lambda x, weight: (x + weight, lambda d: (d,)),
    "x + sinusoids(x)": lambda x: (x + _sinusoids(*x.shape[1:]), lambda d: (d,)),
}
