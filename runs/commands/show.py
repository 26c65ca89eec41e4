"""`cambrian show`: one program whole."""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import db_option, existing_store, json_option, out, print_json


@click.command(name="show")
@click.argument("id_", metavar="ID")
@click.option(
    "--as",
    "form",
    type=click.Choice(["screen", "latex"]),
    default="screen",
    show_default=True,
    help="The whole screen, or the equations alone.",
)
@db_option
@json_option
def command(id_: str, form: str, db: Path, as_json: bool) -> None:
    """Show a candidate whole.

    The program and its formula, its scores by rung and seed with the learning curves, where it
    came from, what it cost, and who else behaves the same.

    Example: cambrian show 3fa9c1
    """
    from runs.detail import as_dict, as_screen, detail, readable

    with existing_store(db) as store:
        found = detail(store, id_)
    if as_json:
        print_json(as_dict(found))
    elif form == "latex":
        from programs.export import export

        program = readable(found.candidate, found.run.task)
        click.echo(export(program, "latex"), nl=False)
    else:
        console = out()
        console.print(as_screen(found, console.width))
