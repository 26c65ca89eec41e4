"""`cambrian export`: take a program home."""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import db_option, existing_store, write_or_print


@click.command(name="export")
@click.argument("id_", metavar="ID")
@click.option(
    "--as",
    "form",
    type=click.Choice(["py", "latex", "json"]),
    default="py",
    show_default=True,
    help="A PyTorch file, equations, or data.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@db_option
def command(id_: str, form: str, output: Path | None, db: Path) -> None:
    """Write a candidate as a file that needs only PyTorch.

    The evidence for it is in the header.

    Example: cambrian export 3fa9c1 -o my_optimizer.py
    """
    from runs.evidence import exported

    with existing_store(db) as store:
        text = exported(store, id_, form)
    write_or_print(text, output)
