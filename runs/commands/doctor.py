"""`cambrian doctor`: what this machine offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runs.commands.common import db_option, json_option, out, print_json


@click.command(name="doctor")
@db_option
@json_option
def command(db: Path, as_json: bool) -> None:
    """Check this machine: versions, isolation, devices, database.

    Example: cambrian doctor
    """
    from runs.doctor import examine

    found: dict[str, Any] = examine(db)
    if as_json:
        print_json(found)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, value in found.items():
        if isinstance(value, dict):
            value = "  ".join(f"{k} {v}" for k, v in value.items())
        table.add_row(Text(name, style="dim"), Text(str(value)))
    out().print(table)
