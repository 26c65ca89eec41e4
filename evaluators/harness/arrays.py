"""Torch for element-wise programs on a CPU, with a quicker `where`.

Every division of the language is protected (`where(b == 0, 0, a / b)`), and divisors are hardly
ever 0. Looking at the condition first costs a tenth of choosing element by element; the numbers
are the same. On a GPU looking would stall, and nothing could be recorded, so there programs run on
plain torch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _QuickTorch:
    """Everything torch has, and `where` replaced."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(torch, name)
        setattr(self, name, value)
        return value

    @staticmethod
    def where(condition: Tensor, a: Any, b: Any) -> Tensor:
        """Choose `a` where the condition holds, else `b`."""
        if isinstance(a, float) and isinstance(b, Tensor) and _nowhere(condition, b):
            return b
        return torch.where(condition, a, b)


def _nowhere(condition: Tensor, b: Tensor) -> bool:
    """Say whether `b` is the answer as it stands: the condition adds no axis and never holds."""
    if condition.ndim and condition.shape != b.shape:
        return False
    # The largest byte of a mask is found many times faster than `any`.
    return not condition.view(torch.uint8).max().item()


QUICK = _QuickTorch()
"""The array library that programs run on, on a CPU."""
