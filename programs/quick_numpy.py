"""Numpy for running programs on small arrays: the same numbers, with less said about each.

`numpy.clip`, `sum` and `mean` spend microseconds on their arguments before they do anything;
nearly every divisor of a protected division is not zero, which is seen faster than it is chosen
around; and of the table of noise, programs read the same few rows again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

FEW, MOST = 16, 64
"""Noise is remembered of so few numbers of rows at once, and so many times."""


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
    def sum(a: Any, axis: Any, keepdims: bool) -> Any:
        """Add up along axes."""
        return np.add.reduce(a, axis, keepdims=keepdims)

    @staticmethod
    def mean(a: Any, axis: Any, keepdims: bool) -> Any:
        """Average along axes."""
        total = np.add.reduce(a, axis, keepdims=keepdims)
        return total / (a.size / total.size)


QUICK_NUMPY = _QuickNumpy()


def _remembering(drawn: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Draw the same numbers from the table of noise once only."""
    known: dict[tuple[object, ...], np.ndarray] = {}

    def recalled(row: np.ndarray, x: np.ndarray, start: int) -> np.ndarray:
        if row.size > FEW:
            return drawn(row, x, start)
        call = (row.tobytes(), row.shape, x.shape, start)
        found = known.get(call)
        if found is None:
            if len(known) >= MOST:
                known.clear()
            found = known[call] = drawn(row, x, start)
            found.setflags(write=False)
        return found

    return recalled


QUICK_HELPERS = {"drawn": _remembering}
"""What is made of a vocabulary's helper, by its name."""
