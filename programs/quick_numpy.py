"""Numpy for running programs on small arrays: the same numbers, with less said about each.

`numpy.clip` spends microseconds on its arguments before it compares anything; and nearly every
divisor of a protected division is not zero, which is seen faster than it is chosen around.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class _QuickNumpy:
    """Everything numpy has, with `clip` and `where` replaced."""

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


QUICK_NUMPY = _QuickNumpy()
