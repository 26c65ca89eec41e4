"""`cambrian show`: one program whole."""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import db_option, existing_store, json_option, out, print_json


@click.command(name="show")
@click.argument("id_", metavar="ID")
@db_option
@json_option
def command(id_: str, db: Path, as_json: bool) -> None:
    """Show a candidate whole: program, scores, origin, verdict.

    Example: cambrian show 3fa9c1
    """
    from runs.detail import as_dict, as_screen

    with existing_store(db) as store:
        candidate = store.candidate(id_)
        run = store.run_of(candidate.id)
        verdict = store.verdict(candidate.id)
        aliases = store.aliases(candidate.id)
    if as_json:
        print_json(as_dict(candidate, run, verdict, aliases))
        return
    out().print(as_screen(candidate, run, verdict, aliases))
