"""Rules for convolutions: what every place sees is cut out once, and then mapped as a whole."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from programs.kinds.networks.backwards.arrays import Array, Back, Rule, product, turned


class _Windows:
    """Where the taps of a kernel lie around the places of `x [batch, features, *places]`.

    `sizes` are the numbers of places that come out in each dimension.
    """

    def __init__(self, x: Array, kernel: int, stride: int, dilation: int, causal: bool) -> None:
        reach = dilation * (kernel - 1)
        before = reach if causal else reach // 2
        self.shape = (*x.shape[:2], *[n + reach for n in x.shape[2:]])
        self.inner = (..., *[slice(before, before + n) for n in x.shape[2:]])
        self.sizes = tuple([-(-n // stride) for n in x.shape[2:]])
        steps = [
            [slice(k, k + (n - 1) * stride + 1, stride) for k in range(0, reach + 1, dilation)]
            for n in self.sizes
        ]
        self.taps = [(..., *tap) for tap in itertools.product(*steps)]

    def seen(self, x: Array) -> list[Array]:
        """Return what each tap sees, zeros beyond the edge: arrays `[batch, features, *sizes]`."""
        wide = np.zeros(self.shape)
        wide[self.inner] = x
        return [wide[tap] for tap in self.taps]

    def gathered(self, felt: list[Array]) -> Array:
        """Return the gradient of `x` from those of what each tap saw."""
        wide = np.zeros(self.shape)
        for tap, gradient in zip(self.taps, felt, strict=True):
            wide[tap] += gradient
        return wide[self.inner]


def _features_first(x: Array) -> Array:
    """Swap a sequence's positions and features, either way; an image is as it should be."""
    return turned(x) if x.ndim == 3 else x


def _conv(
    x: Array,
    *,
    weight: Array,
    bias: Array,
    stride: int,
    dilation: int,
    groups: int,
    causal: bool,
    **_: object,
) -> tuple[Array, Back]:
    x = _features_first(x)
    windows = _Windows(x, weight.shape[-1], stride, dilation, causal)
    # [batch, groups, what a place sees of the group, places], and weights to map it.
    seen = np.stack(windows.seen(x), 2).reshape(len(x), groups, -1, np.prod(windows.sizes))
    mapping = weight.reshape(groups, len(weight) // groups, -1)
    y = product(mapping, seen).reshape(len(x), len(weight), -1) + bias[:, None]

    def back(d: Array) -> tuple[Array]:
        d = _features_first(d).reshape(len(x), *mapping.shape[:2], -1)
        felt = product(turned(mapping), d).reshape(*x.shape[:2], -1, *windows.sizes)
        return (_features_first(windows.gathered(list(np.moveaxis(felt, 2, 0)))),)

    return _features_first(y.reshape(len(x), len(weight), *windows.sizes)), back


def _depthwise(
    x: Array, *, weight: Array, bias: Array, stride: int, dilation: int, causal: bool, **_: object
) -> tuple[Array, Back]:
    """Convolve each feature by itself, tap by tap."""
    x = _features_first(x)
    windows = _Windows(x, weight.shape[-1], stride, dilation, causal)
    each = weight.reshape(len(weight), -1, *[1] * (x.ndim - 2))
    pairs = enumerate(windows.seen(x))
    y = sum(seen * each[:, tap] for tap, seen in pairs) + bias.reshape(each[:, 0].shape)

    def back(d: Array) -> tuple[Array]:
        d = _features_first(d)
        felt = [d * each[:, tap] for tap, _ in enumerate(windows.taps)]
        return (_features_first(windows.gathered(felt)),)

    return _features_first(y), back


CONVOLVING: Mapping[str, Rule] = {
    "conv(x, weight, bias, stride, dilation, groups, causal)": _conv,
    "conv(x, weight, bias, stride, dilation, weight.shape[0], causal)": _depthwise,
}
