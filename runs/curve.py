"""A curve in braille dots: two across and four down in each character."""

from __future__ import annotations

from collections.abc import Sequence

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Which bit each dot of a character is, by column and row."""

_BLANK = 0x2800


def braille(values: Sequence[float], width: int, height: int) -> list[str]:
    """Draw a curve in `height` lines of `width` characters, lowest to highest value."""
    if not values or width < 1 or height < 1:
        return [""] * max(height, 0)
    columns, rows = 2 * width, 4 * height
    points = [values[i * len(values) // columns] for i in range(columns - 1)] + [values[-1]]
    low, high = min(points), max(points)
    scale = (rows - 1) / (high - low) if high > low else 0.0
    levels = [round((point - low) * scale) for point in points]
    cells = [[0] * width for _ in range(height)]
    before = levels[0]
    for x, level in enumerate(levels):
        for y in range(min(before, level), max(before, level) + 1):
            down = rows - 1 - y
            cells[down // 4][x // 2] |= _DOTS[x % 2][down % 4]
        before = level
    return ["".join(chr(_BLANK + cell) if cell else " " for cell in line) for line in cells]
