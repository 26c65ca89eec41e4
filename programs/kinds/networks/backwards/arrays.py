"""What the rules share: products of matrices, and gradients of what was broadcast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

Array = np.ndarray
Value = Any
"""An array, or a number among the arguments of arithmetic."""

Back = Callable[[Array], tuple[Array | None, ...]]
Product = Callable[[Array], Array]
Rule = Callable[..., tuple[Array, Back] | None]
"""`None` where it does not hold for what it is given."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A matrix whose rows are those of `once` again and again: a weight longer than its table."""

    once: Array
    times: int

    def whole(self) -> Array:
        """Return the matrix itself."""
        return np.tile(self.once, (self.times, 1))


_LARGE = 1 << 17
"""Multiplications from which numpy's library might share a product out among threads."""

_PIECE = 128
"""Rows of a matrix that stay in the processor's cache."""


def dot(a: Array, b: Array) -> Array:
    """Return `a @ b` for a matrix `b`, in one thread."""
    if a.size * b.shape[-1] < _LARGE:
        return _dot(a, b)
    return torch.matmul(_as_it_lies(a), _as_it_lies(b)).numpy()


def product(a: Array, b: Array) -> Array:
    """Return `a @ b` for stacks of matrices, in one thread."""
    if a.shape[-2] * a.shape[-1] * b.shape[-1] < _LARGE:
        return np.matmul(a, b)
    return torch.matmul(_as_it_lies(a), _as_it_lies(b)).numpy()


def there_and_home(b: Array | Repeated, few: bool = False) -> tuple[Product, Product]:
    """Return what gives `a @ b.T`, and what gives `a @ b`, in one thread.

    Rows that come again are read once only, and what would meet them on the way home is added up
    first. Another wide matrix is read faster for one row of `a` after the other if there are but
    `few`, and in pieces that stay near while each of the rows meets them.
    """
    if not isinstance(b, Repeated):
        pieces = few and b.size >= _LARGE
        return _in_pieces(b) if pieces else lambda a: dot(a, b.T), lambda a: dot(a, b)
    once, times = b.once, b.times

    def there(a: Array) -> Array:
        return np.concatenate([_dot(a, once.T)] * times, -1)

    def home(a: Array) -> Array:
        return _dot(a.reshape(*a.shape[:-1], times, len(once)).sum(-2), once)

    return there, home


def _dot(a: Array, b: Array) -> Array:
    return a.reshape(-1, a.shape[-1]).dot(b).reshape(*a.shape[:-1], b.shape[-1])


def _in_pieces(b: Array) -> Product:
    def there(a: Array) -> Array:
        found = np.empty((len(a), len(b)))
        for start in range(0, len(b), _PIECE):
            piece = b[start : start + _PIECE]
            for row, out in zip(a, found, strict=True):
                piece.dot(row, out=out[start : start + _PIECE])
        return found

    return there


def _as_it_lies(x: Array) -> torch.Tensor:
    """Return an array for a product, which takes a matrix turned as well as it stands."""
    return torch.from_numpy(x if x.flags.writeable and min(x.strides) >= 0 else x.copy())


def tensor(x: Array) -> torch.Tensor:
    """Return an array as torch takes it without a warning: in one piece, and free to be written."""
    return torch.from_numpy(np.require(x, requirements=["C", "W"]))


def turned(x: Array) -> Array:
    """Swap the last two dimensions."""
    return x.swapaxes(-1, -2)


def features(x: Array) -> int:
    """Return the dimension of the features: an image's second, otherwise the last."""
    return 1 if x.ndim == 4 else x.ndim - 1


def per_feature(weight: Array, x: Array) -> Array:
    """Shape one number per feature so that it meets `x`."""
    return weight[:, None, None] if x.ndim == 4 else weight


def aligned(a: Value, b: Value) -> Value:
    """Give a vector `[batch, width]` the dimensions of the sequence or image it meets."""
    if not isinstance(a, Array) or not isinstance(b, Array) or a.ndim != 2 or b.ndim == 2:
        return a
    return a[:, None, :] if b.ndim == 3 else a[:, :, None, None]


def gathered(gradient: Array, value: Value, met: Value) -> Array | None:
    """Sum the gradient of a broadcast value over all that it was spread to."""
    if not isinstance(value, Array):
        return None
    shape = aligned(value, met).shape
    if gradient.shape != shape:
        over = tuple(d for d, n in enumerate(shape) if n == 1 and gradient.shape[d] != 1)
        gradient = gradient.sum(over, keepdims=True)
    return gradient.reshape(value.shape)


def mean(x: Array, dim: int) -> Array:
    """Return the mean along a dimension, which is kept; for few numbers numpy's own is slower."""
    return np.add.reduce(x, dim, keepdims=True) / x.shape[dim]


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def softmax(x: Array, dim: int) -> Array:
    """Return positive numbers that sum to 1 along a dimension."""
    y = np.exp(x - x.max(dim, keepdims=True))
    y /= y.sum(dim, keepdims=True)
    return y


def through_softmax(gradient: Array, y: Array, dim: int) -> Array:
    """Return the gradient of what a softmax was taken of."""
    return y * (gradient - (gradient * y).sum(dim, keepdims=True))
