"""Learning curves as a plot of characters: two by four dots in each, which Braille has.

Values that span decades stand on a logarithmic scale: on a linear one the first step would be all
there is to see.

Plain Python: a screen of dots takes less time than importing a library of arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a Braille character, by row and column."""


DECADES = 20.0
"""The scale is logarithmic where the greatest value is so many times the least."""


def logarithmic(curves: Sequence[Sequence[float]]) -> bool:
    """Tell whether these curves are drawn on a logarithmic scale."""
    finite = [value for curve in curves for value in curve if math.isfinite(value)]
    return bool(finite) and 0 < min(finite) * DECADES <= max(finite)


def plot(curves: Sequence[Sequence[float]], width: int, height: int) -> list[str]:
    """Draw curves over one another in `height` lines of at most `width` columns, axis included."""
    finite = ([value for value in curve if math.isfinite(value)] for curve in curves)
    drawn = [curve for curve in finite if curve]
    if not drawn:
        return []
    low, high = min(map(min, drawn)), max(map(max, drawn))
    names = [f"{high:.4g}", f"{low:.4g}"]
    if logarithmic(drawn):
        drawn = [[math.log(value) for value in curve] for curve in drawn]
        low, high = math.log(low), math.log(high)
    margin = max(map(len, names))
    columns = max(width - margin - 2, 1)
    cells = [[0x2800] * columns for _ in range(height)]
    for curve in drawn:
        for row, column in _traced(curve, low, high, 4 * height, 2 * columns):
            cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]
    labels = [names[0], *[""] * (height - 2), names[1]] if height > 1 else [names[0]]
    lines = ("".join(map(chr, line)) for line in cells)
    return [f"{label:>{margin}} ┤{line}" for label, line in zip(labels, lines, strict=True)]


def _traced(
    curve: Sequence[float], low: float, high: float, rows: int, columns: int
) -> Iterator[tuple[int, int]]:
    """Yield the dots along a curve; steep stretches are filled, so that the line holds together."""
    span = high - low or 1.0
    before = None
    for column in range(columns):
        value = _between(curve, column / max(columns - 1, 1) * (len(curve) - 1))
        row = round((high - value) / span * (rows - 1))
        start = row if before is None else before
        for each in range(min(start, row), max(start, row) + 1):
            yield each, column
        before = row


def _between(curve: Sequence[float], place: float) -> float:
    """Return a curve's value between two of its points."""
    left = math.floor(place)
    right = min(left + 1, len(curve) - 1)
    return curve[left] + (place - left) * (curve[right] - curve[left])
