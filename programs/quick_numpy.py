"""Numpy for running programs on small arrays: the same numbers as torch, with less said of each.

`numpy.clip`, `sum` and `mean` spend microseconds on their arguments before they do anything;
nearly every divisor of a protected division is not zero, which is seen faster than it is chosen
around; and of the table of noise, programs read the same few rows again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import numpy as np

FEW, SMALL, MOST = 16, 1 << 14, 512
"""Noise is remembered for so few keys at once and so small a tensor, and so many times."""

Found = TypeVar("Found")


class _QuickNumpy:
    """Everything numpy has, with a few functions replaced."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(np, name)
        setattr(self, name, value)
        return value

    @staticmethod
    def clip(a: Any, low: float, high: float) -> Any:
        """Hold `a` between two bounds."""
        return np.minimum(np.maximum(a, low), high)

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        """Choose `a` where the condition holds, else `b`."""
        if type(a) is float and condition.shape == b.shape and not np.count_nonzero(condition):
            return b
        return np.where(condition, a, b)

    @staticmethod
    def nan_to_num(a: Any) -> Any:
        """Make a NaN zero and what is infinite large."""
        return a if np.count_nonzero(np.isfinite(a)) == a.size else np.nan_to_num(a)

    @staticmethod
    def sign(a: Any) -> Any:
        """Return -1, 0 or 1, and 0 for NaN, as torch does."""
        signs = np.sign(a)
        row = signs.ravel()
        squares = np.dot(row, row)
        # One NaN makes this sum NaN, and it is found many times faster than the NaN itself.
        return signs if squares == squares else np.where(signs == signs, signs, 0.0)

    @staticmethod
    def sum(a: Any, axis: Any, keepdims: bool) -> Any:
        """Add up along axes."""
        return np.add.reduce(a, axis, keepdims=keepdims)

    @staticmethod
    def mean(a: Any, axis: Any, keepdims: bool) -> Any:
        """Average along axes."""
        total = np.add.reduce(a, axis, keepdims=keepdims)
        return total / (a.size / total.size)


QUICK_NUMPY = _QuickNumpy()


def _rows(drawn: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Draw the same numbers from the table of noise once only."""
    known: dict[Hashable, np.ndarray] = {}

    def recalled(row: np.ndarray, x: np.ndarray, start: int) -> np.ndarray:
        if row.size > FEW or x.size > SMALL:
            return drawn(row, x, start)
        call = (row.tobytes(), row.shape, x.shape, start)
        found = known.get(call)
        if found is None:
            found = _kept(known, call, drawn(row, x, start))
            found.setflags(write=False)
        return found

    return recalled


def _keys(normal_numbers: Callable[..., list[np.ndarray]]) -> Callable[..., list[np.ndarray]]:
    """Ask once only which row of the table a key means, where all tensors lie in one."""
    known: dict[Hashable, list[np.ndarray]] = {}

    def recalled(tensors: Sequence[np.ndarray], keys: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, key = tensors[0], keys[0]
        if len(tensors) > 1 or key.size > FEW or x.size > SMALL:
            return normal_numbers(tensors, keys)
        call = (key.tobytes(), key.shape, x.shape, x.dtype)
        return known.get(call) or _kept(known, call, normal_numbers(tensors, keys))

    return recalled


def _kept(known: dict[Hashable, Found], call: Hashable, found: Found) -> Found:
    if len(known) >= MOST:
        known.clear()
    known[call] = found
    return found


QUICK_HELPERS = {"drawn": _rows, "normal_numbers": _keys}
"""What is made of a vocabulary's helper, by its name."""
