"""Student's distribution for whole degrees of freedom; scipy's takes half a second to import.

The probability of lying within ±t is a finite sum in θ = atan(t / √n) (Abramowitz & Stegun 1964,
26.7.3 and 26.7.4).
"""

from __future__ import annotations

import math
from functools import cache

_HALVINGS = 200
"""More than double precision has bits between the brackets; it ends when they meet."""


@cache
def reach(freedom: int, level: float) -> float:
    """Return how many standard errors an interval of this level reaches to either side."""
    low, high = 0.0, 1.0
    while within(high, freedom) < level:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if within(middle, freedom) < level else (low, middle)
    return high


def within(t: float, freedom: int) -> float:
    """Return the probability that a variable with `freedom` degrees lies between -t and t."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for power in range(1 + odd, freedom, 2):
        total += term
        term *= cosine * cosine * power / (power + 1)
    if odd:
        return 2 / math.pi * (angle + sine * total)
    return sine * total
