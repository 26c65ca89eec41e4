"""A table for whatever width there is: what matters least is left out, and nothing is crushed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

LEAST = 16
"""Characters that a column which takes what is left needs to say anything."""


@dataclass(frozen=True)
class Column:
    """A heading and its cells.

    `need` says how long it stays in a narrow terminal: the lowest is left out first. One that
    `stretches` takes the room that the others leave.
    """

    heading: str
    cells: Sequence[str | Text]
    need: int
    right: bool = False
    stretches: bool = False

    @property
    def width(self) -> int:
        """Return the characters that it needs."""
        if self.stretches:
            return LEAST
        cells = (str(cell) for cell in (self.heading, *self.cells))
        return max(map(cell_len, cells))


def table(columns: Sequence[Column], width: int) -> Table:
    """Lay out the columns that fit into `width` characters."""
    shown = list(columns)
    while len(shown) > 1 and sum(column.width + 2 for column in shown) - 2 > width:
        shown.remove(min(shown, key=lambda column: column.need))
    laid = Table(box=None, padding=(0, 1), pad_edge=False, expand=any(c.stretches for c in shown))
    for column in shown:
        laid.add_column(
            column.heading,
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow="ellipsis",
            ratio=1 if column.stretches else None,
        )
    for row in zip(*(column.cells for column in shown), strict=True):
        laid.add_row(*row)
    return laid
