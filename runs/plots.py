"""Learning curves as a plot of characters: two by four dots in each, which Braille has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""The bit of each dot of a Braille character, by row and column."""


def plot(curves: Sequence[Sequence[float]], width: int, height: int) -> list[str]:
    """Draw curves over one another in `height` lines of at most `width` columns, axis included."""
    drawn = [np.asarray(curve, dtype=float) for curve in curves if len(curve)]
    if not drawn:
        return []
    low, high = min(c.min() for c in drawn), max(c.max() for c in drawn)
    names = [f"{high:.4g}", f"{low:.4g}"]
    margin = max(map(len, names))
    columns = max(width - margin - 2, 1)
    dots = np.zeros((height * 4, columns * 2), dtype=bool)
    for curve in drawn:
        _trace(dots, curve, low, high)
    cells = dots.reshape(height, 4, columns, 2).transpose(0, 2, 1, 3) * _DOTS
    lines = ["".join(chr(0x2800 + bits) for bits in row) for row in cells.sum((2, 3))]
    labels = [names[0], *[""] * (height - 2), names[1]] if height > 1 else [names[0]]
    return [f"{label:>{margin}} ┤{line}" for label, line in zip(labels, lines, strict=True)]


def _trace(dots: np.ndarray, curve: np.ndarray, low: float, high: float) -> None:
    """Set the dots along a curve; steep stretches are filled, so that the line holds together."""
    rows, columns = dots.shape
    place = np.linspace(0, len(curve) - 1, columns)
    values = np.interp(place, np.arange(len(curve)), curve)
    span = high - low or 1.0
    heights = np.rint((high - values) / span * (rows - 1)).astype(int)
    for column, row in enumerate(heights):
        before = heights[column - 1] if column else row
        dots[min(before, row) : max(before, row) + 1, column] = True
