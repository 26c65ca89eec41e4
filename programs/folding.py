"""Ops on constants computed beforehand: to the last digit, or without the dirt of the last digits.

1 - 0.9 is 0.09999999999999998 to the last digit, and 0.1 without dirt. The first is what a program
computes; the second is what people would write, and another number, however near: `floor(10 * x)`
tells the two apart. So a constant without dirt is for those who compare what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from programs.interpret import fold
from programs.kind import Kind
from programs.numbers import MAX_CONSTANT

DIGITS, FEW = 12, 9
"""Digits to which a constant is rounded, and how many it may have then to be thought dirty."""

Folding = Callable[[str, Sequence[float], Kind], float | None]
"""Computes an op on constants; `None` where that gives no constant that a program may hold."""


def folded(op: str, values: Sequence[float], kind: Kind) -> float | None:
    """Compute an op on constants, as the program would."""
    value = fold(kind.ops[op], kind, values)
    return None if value is None or abs(value) > MAX_CONSTANT else value + 0.0


def without_dirt(op: str, values: Sequence[float], kind: Kind) -> float | None:
    """Compute an op on constants and write the outcome with few digits, if they are nearly all."""
    value = folded(op, values, kind)
    return None if value is None else cleaned(value)


def cleaned(value: float) -> float:
    """Return a number of few digits that is next to this one, or else the number itself.

    1/3 is none of few digits, so all of its digits count.
    """
    text = f"{value:.{DIGITS - 1}e}"
    few = len(text.partition("e")[0].strip("-").replace(".", "").rstrip("0")) <= FEW
    return float(text) if few else value
