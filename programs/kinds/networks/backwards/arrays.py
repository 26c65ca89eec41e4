"""What the rules share: products of matrices, and gradients of what was broadcast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

Array = np.ndarray
Value = Any
"""An array, or a number among the arguments of arithmetic."""

Back = Callable[[Array], tuple[Array | None, ...]]
Rule = Callable[..., tuple[Array, Back] | None]
"""`None` where it does not hold for what it is given."""

_LARGE = 1 << 17
"""Multiplications from which numpy's library might share a product out among threads."""

_LOT, _PIECE = 16, 128
"""Rows of a matrix that are taken together, and that stay in the processor's cache."""


def dot(a: Array, b: Array) -> Array:
    """Return `a @ b` for a matrix `b`, in one thread."""
    if a.size * b.shape[-1] < _LARGE:
        return a.reshape(-1, a.shape[-1]).dot(b).reshape(*a.shape[:-1], b.shape[-1])
    return torch.matmul(_as_it_lies(a), _as_it_lies(b)).numpy()


def product(a: Array, b: Array) -> Array:
    """Return `a @ b` for stacks of matrices, in one thread."""
    if a.shape[-2] * a.shape[-1] * b.shape[-1] < _LARGE:
        return np.matmul(a, b)
    return torch.matmul(_as_it_lies(a), _as_it_lies(b)).numpy()


def by_rows(b: Array) -> Callable[[Array], Array]:
    """Return what gives `a @ b.T` for few rows `a`, for one step after the other.

    A wide matrix is read faster for one row after the other, and in pieces that stay near while
    each of the rows meets them. Rows that come again, as in a weight that is longer than the table
    it is cut from, are read once only; they give the same numbers again.
    """
    if b.size < _LARGE:
        return lambda a: a.dot(b.T)
    once = b[: _period(b)]

    def through(a: Array) -> Array:
        found = np.empty((len(a), len(once)))
        for start in range(0, len(once), _PIECE):
            piece = once[start : start + _PIECE]
            for row, out in zip(a, found, strict=True):
                piece.dot(row, out=out[start : start + _PIECE])
        return found if len(once) == len(b) else np.tile(found, len(b) // len(once))

    return through


def _period(b: Array) -> int:
    """Return after how many rows a matrix begins again, and again to its end.

    Numpy's library takes rows several at a time, so that only in whole lots the bits are the same.
    """
    for rows in np.flatnonzero(b[1:, 0] == b[0, 0]) + 1:
        if rows % _LOT == 0 and len(b) % rows == 0 and np.array_equal(b[rows:], b[:-rows]):
            return int(rows)
    return len(b)


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
