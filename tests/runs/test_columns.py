"""Tables in narrow terminals."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from runs.columns import Column, table

COLUMNS = (
    Column("id", ["3fa9c1", "5d20e7"], 3),
    Column("task", ["digits", "digits"], 1),
    Column("score", ["-0.1099", "0.5"], 2, right=True),
    Column("program", ["lr * sign(m)" * 9, "lr * g"], 0, stretches=True),
)


def laid(width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(table(COLUMNS, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (200, "id task score program"),
        (41, "id task score program"),
        (40, "id task score"),
        (22, "id score"),
        (10, "id"),
        (3, "id"),
    ],
)
def test_what_matters_least_is_left_out_first(width: int, headings: str) -> None:
    lines = laid(width)
    assert lines[0].split() == headings.split()
    assert len(lines) == 3
    assert all(len(line) <= width for line in lines)


def test_what_is_shown_is_whole_but_for_what_stretches() -> None:
    assert "…" not in "".join(laid(24))
    assert "…" in laid(60)[1]
    assert "3fa9c1  digits  -0.1099  lr * sign(m)" in laid(60)[1]
