"""`cambrian show`: one program whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runs.commands.common import db_option, existing_store, json_option, out, print_json
from runs.commands.either import known_program

if TYPE_CHECKING:
    from runs.contrast import Side


@click.command(name="show")
@click.argument("name", metavar="ID|FILE|NAME")
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
def command(name: str, form: str, db: Path, as_json: bool) -> None:
    """Show a program whole.

    Of a candidate: the program and its formula, its scores by rung and seed with the learning
    curves, where it came from, what it cost, and who else behaves the same. Of a file or a name of
    the library: the program, its formula and its fingerprint.

    Example: cambrian show 3fa9c1
    """
    if (given := known_program(name)) is not None:
        _unjudged(given, form, as_json)
        return
    from runs.detail import as_dict, as_screen, detail, readable

    with existing_store(db) as store:
        found = detail(store, name)
    if as_json:
        print_json(as_dict(found))
    elif form == "latex":
        from programs.export import export

        program = readable(found.candidate, found.run.task)
        click.echo(export(program, "latex"), nl=False)
    else:
        console = out()
        console.print(as_screen(found, console.width))


def _unjudged(given: Side, form: str, as_json: bool) -> None:
    """Show a program that no run has judged."""
    from runs.unjudged import as_dict, as_screen

    if as_json:
        print_json(as_dict(given))
    elif form == "latex":
        from programs.export import export

        click.echo(export(given.program, "latex"), nl=False)
    else:
        out().print(as_screen(given))
