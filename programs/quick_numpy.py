"""Numpy for running programs on small arrays: the same numbers, with less said about each.

`numpy.clip`, `sum` and `mean` spend microseconds on their arguments before they do anything; and
nearly every divisor of a protected division is not zero, which is seen faster than it is chosen
around.
"""

from __future__ import annotations

from typing import Any

import numpy as np


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
    def sum(a: Any, axis: Any, keepdims: bool) -> Any:
        """Add up along axes."""
        return np.add.reduce(a, axis, keepdims=keepdims)

    @staticmethod
    def mean(a: Any, axis: Any, keepdims: bool) -> Any:
        """Average along axes."""
        total = np.add.reduce(a, axis, keepdims=keepdims)
        return total / (a.size / total.size)


QUICK_NUMPY = _QuickNumpy()
