"""`cambrian sql`: ask the database anything."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from programs.errors import InputError
from runs.commands.common import Finite, db_option, json_option, out, print_json, talk
from runs.inert import inert

SHORT = 16
"""Characters of a cell that is not broken over lines."""


@click.command(name="sql")
@click.argument("question", metavar='"SELECT …"')
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Most rows.")
@click.option("--seconds", type=Finite(min=0), default=60, show_default=True, help="Longest time.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@db_option
@json_option
def command(
    question: str, limit: int, seconds: float, as_csv: bool, db: Path, as_json: bool
) -> None:
    """Ask the database a question in SQL; nothing in it can be changed.

    Beside the tables there are the views leaderboard, edges, failures, spend and proposers;
    docs/database.md says what is in them.

    Example: cambrian sql "SELECT proposer, max(score) FROM leaderboard GROUP BY proposer"
    """
    from runs.asking import ask

    if as_csv and as_json:
        raise InputError("Choose one of --csv and --json.")
    answer = ask(db, question, limit, seconds)
    if as_json:
        print_json([dict(zip(answer.columns, map(_plain, r), strict=True)) for r in answer.rows])
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows([_plain(value) for value in row] for row in answer.rows)
    else:
        _print(answer.columns, answer.rows)
    if answer.cut:
        talk().print(f"There are more rows than these {limit}: raise --limit to see them.")


def _plain(value: Any) -> Any:
    """Write bytes as hexadecimal digits, for neither JSON nor CSV nor people know them."""
    return value.hex() if isinstance(value, bytes) else value


def _print(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1))
    for place, name in enumerate(columns):
        cells = [row[place] for row in rows]
        number = all(isinstance(cell, int | float | None) for cell in cells)
        short = max((len(_shown(cell)) for cell in cells), default=0) <= SHORT
        justify = "right" if number else "left"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=short)
    for row in rows:
        table.add_row(*(Text(_shown(value)) for value in row))
    out().print(table)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else inert(str(_plain(value)))
