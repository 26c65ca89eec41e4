"""Curves as text: a few lines of characters, for a terminal or a log."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT = 60, 9
HOLDS, BOTH = "·", "*"


def curves(
    x: Sequence[float], series: Sequence[tuple[str, Sequence[float]]], x_label: str
) -> list[str]:
    """Draw series over `x` in 0…1, each with a one-character mark and its values.

    A value holds until the next one, the last to the end. Zero is on the lowest line where nothing
    is below it. Not-a-number is left out; `*` stands where several marks would.
    """
    values = [v for _, ys in series for v in ys if math.isfinite(v)]
    low, high = min([0.0, *values]), max([0.0, *values])
    if high == low:
        high = low + 1.0
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]
    for mark, ys in series:
        for place, y, end in zip(x, ys, [*x[1:], 1.0], strict=True):
            if not math.isfinite(y):
                continue
            row = grid[round((high - y) / (high - low) * (HEIGHT - 1))]
            first, last = (round(each * (WIDTH - 1)) for each in (place, end))
            row[first] = mark if row[first] in (" ", HOLDS, mark) else BOTH
            for column in range(first + 1, last + 1):
                row[column] = HOLDS if row[column] == " " else row[column]
    labels = {0: f"{high:+.3g}", HEIGHT - 1: f"{low:+.3g}"}
    zero = round(high / (high - low) * (HEIGHT - 1))
    labels.setdefault(zero, "0")
    wide = max(len(label) for label in labels.values())
    lines = [
        f"{labels.get(row, ''):>{wide}} {'┤' if row in labels else '│'}{''.join(cells).rstrip()}"
        for row, cells in enumerate(grid)
    ]
    lines.append(" " * (wide + 1) + "└" + "─" * WIDTH)
    lines.append(" " * (wide + 2) + f"0 %{x_label:^{WIDTH - 8}}100 %")
    return lines
