"""`cambrian config`: what is set, and where."""

from __future__ import annotations

from typing import Any

import click

from runs.commands.common import json_option, out, print_json


@click.command(name="config")
@json_option
def command(as_json: bool) -> None:
    """Print every setting with its value and where that is from.

    A flag of `cambrian run` counts before the environment (CAMBRIAN_EVALS), that before
    cambrian.toml in the working directory, that before your own config.toml, and that before
    the default.

    Example: cambrian config --json
    """
    from runs.places import user_file
    from runs.settings import merged

    found = merged()
    if as_json:
        print_json({name: {"value": s.value, "from": s.origin} for name, s in found.items()})
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("setting", "value", "from"):
        table.add_column(heading, no_wrap=heading == "setting", overflow="fold")
    for name, setting in found.items():
        style = "dim" if setting.origin == "default" else ""
        table.add_row(name, Text(_shown(setting.value)), Text(setting.origin), style=style)
    out().print(table)
    click.echo(f"Your own file is {user_file()}.", err=True)


def _shown(value: Any) -> str:
    if value in (None, []):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(value) if isinstance(value, list) else str(value)
