"""`cambrian doctor`: what this machine offers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runs.commands.common import db_option, json_option, out, print_json

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = len("isolation by")
"""Of the column of names; what the isolation is by goes on a second line."""


@click.command(name="doctor")
@db_option
@json_option
def command(db: Path, as_json: bool) -> None:
    """Check this machine: versions, isolation, devices, database.

    Example: cambrian doctor
    """
    from runs.doctor import examine

    if as_json:
        print_json(dict(examine(db)))
        return
    for name, value in examine(db):
        out().print(_line(name, value))
        sys.stdout.flush()


def _line(name: str, value: Any) -> Table:
    """Lay out one item; all lines have the same columns, for none waits for the others."""
    from rich.table import Table
    from rich.text import Text

    if isinstance(value, dict):
        value = "  ".join(f"{k} {v}" for k, v in value.items())
    table = Table.grid(padding=(0, 2))
    table.add_column(width=WIDTH)
    table.add_row(Text(name, style="dim"), Text(str(value)))
    return table
