"""Scores and their differences as people read them, in one way everywhere: zero has no minus."""

from __future__ import annotations

DIGITS = 4


def fixed(value: float, digits: int = DIGITS) -> str:
    """Write a score with so many digits behind the point."""
    return f"{value:z.{digits}f}"


def signed(value: float, digits: int = DIGITS) -> str:
    """Write a difference of scores with its sign; what rounds to zero is `+0`, on either side."""
    return f"{value:+z.{digits}f}"
