"""Random lengths of training and numbers of steps, such as programs that switch at one tell apart.

A third of them are round: people write `step > 500`, hardly ever `step > 517`.
"""

from __future__ import annotations

import numpy as np

_ROUND = 1 / 3


def lengths(least: int, most: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw lengths, as many of each order of magnitude; whole numbers, in float64."""
    drawn = least * (most / least) ** rng.random(count)
    return np.maximum(_some_round(drawn, rng), least)


def within(totals: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw numbers of steps from 1 to each total, `[count, totals]`; whole numbers, in float64.

    Half of them are spread evenly over the training, half over the orders of magnitude.
    """
    place = rng.random((count, len(totals)))
    even = totals * (np.arange(count)[:, None] + place) / count
    early = totals ** rng.random((count, len(totals)))
    found = np.where(rng.random((count, len(totals))) < 0.5, even, early)
    return np.clip(_some_round(found, rng), 1.0, totals)


def _some_round(numbers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Round some positive numbers to one digit, and all of them down to whole numbers."""
    digit = 10.0 ** np.floor(np.log10(np.maximum(numbers, 1.0)))
    round_ = rng.random(numbers.shape) < _ROUND
    return np.floor(np.where(round_, digit * np.round(numbers / digit), numbers))
