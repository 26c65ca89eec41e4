"""`cambrian digest`: what is new."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from programs.errors import InputError
from runs.commands.common import db_option, existing_store, json_option, print_json


@click.command(name="digest")
@click.option("--since", metavar="DATE", help="From this moment on.  [default: the last digest]")
@click.option("--peek", is_flag=True, help="Do not keep it: the next digest tells all this again.")
@click.option("--past", type=click.IntRange(1), metavar="N", help="Print the last N kept, as JSON.")
@db_option
@json_option
def command(since: str | None, peek: bool, past: int | None, db: Path, as_json: bool) -> None:
    """Tell what is new since the last digest: bests, what was tried, money, failures.

    Example: cambrian digest --since 2026-01-31 --peek
    """
    from runs.bulletin import bulletin
    from runs.digest import digest, keep, kept

    with existing_store(db) as store:
        if past is not None:
            print_json(kept(store, past))
            return
        made = digest(store, since=None if since is None else _moment(since))
        if not peek:
            keep(store, made)
    if as_json:
        print_json(made.facts)
    else:
        click.echo(bulletin(made))


def _moment(text: str) -> str:
    """Read a date, or a date and time, of this machine's clock as the database writes them."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"`--since {text}` is no date: give e.g. 2026-01-31T18:00.") from None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
