"""Compare values, and read off the one number that arithmetic was done with."""

from __future__ import annotations

import math

import torch
from torch import Tensor

TOLERANCE = 1e-6
"""How far values may differ, relative to the largest number: buffers are in single precision."""

_DIGITS = 7

Args = tuple[float | None, ...]
"""The arguments of arithmetic; `None` is the value."""


def same(a: Tensor, b: Tensor) -> bool:
    """Tell whether two tensors hold the same numbers."""
    if a.shape != b.shape:
        return False
    return bool((a - b).abs().max() <= TOLERANCE * b.abs().max())


def with_number(value: Tensor, held: Tensor) -> tuple[str, Args] | None:
    """Say which arithmetic of `held` with one number gives a value."""
    if value.shape != held.shape:
        return None
    factor = _read(value / held)
    if same(value, held * factor):
        return "mul", (None, factor)
    if same(value, held + (shift := _read(value - held))):
        return "add", (None, shift)
    if same(value, (total := _read(value + held)) - held):
        return "sub", (total, None)
    low, high = _read(value.min()), _read(value.max())
    if same(value, held.clamp(min=low)):
        return "maximum", (None, low)
    return ("minimum", (None, high)) if same(value, held.clamp(max=high)) else None


def _read(numbers: Tensor) -> float:
    """Return the number that most of these are, as it would be written."""
    found = float(torch.median(numbers))
    return float(f"{found:.{_DIGITS}g}") if math.isfinite(found) else 0.0
