"""`cambrian stop`: end a run of another process gracefully."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from programs.errors import CambrianError
from runs.commands.common import db_option, existing_store, json_option, print_json

if TYPE_CHECKING:
    from runs.record import RunRecord
    from runs.store import Store

LOOK_EVERY = 0.2


@click.command(name="stop")
@click.argument("run")
@click.option("--now", is_flag=True, help="Drop what is in flight instead of finishing it.")
@click.option(
    "--wait", default=300.0, show_default=True, help="Seconds to wait for the end; 0 only asks."
)
@db_option
@json_option
def command(run: str, now: bool, wait: float, db: Path, as_json: bool) -> None:
    """Ask RUN to finish what is in flight, save it and end; wait for that.

    A run whose process has died is marked as stopped.

    Example: cambrian stop 4b1d
    """
    with existing_store(db) as store:
        record = store.run(run)
        if record.alive:
            _ask(store, record, now)
            record = _awaited(store, record, wait)
        elif record.condition == "dead":
            store.claim(record.id)
            store.finish(record.id, "stopped", "its process had died")
            record = store.run(record.id)
    if as_json:
        keys = ("id", "task", "state", "evaluations", "duplicates", "rejected", "best", "message")
        print_json({key: getattr(record, key) for key in keys})
        return
    if record.alive:
        click.echo(f"Run {record.id} was asked to stop and is finishing what is in flight.")
        return
    why = f" ({record.message})" if record.message else ""
    click.echo(f"Run {record.id} is {record.state}{why}: {record.evaluations} evaluations saved.")
    if record.state == "stopped":
        click.echo(f"Go on with:\n  cambrian run --resume {record.id} --db {db}", err=True)


def _ask(store: Store, record: RunRecord, now: bool) -> None:
    from runs.signs import ask_to_stop

    for _ in range(2 if now else 1):
        ask_to_stop(store, record.id)


def _awaited(store: Store, record: RunRecord, wait: float) -> RunRecord:
    deadline = time.monotonic() + wait
    while (record := store.run(record.id)).alive and wait > 0:
        if time.monotonic() > deadline:
            raise CambrianError(
                f"Run {record.id} was asked to stop and has not ended in {wait:g} s: "
                "wait longer, or drop what is in flight with `--now`"
            )
        time.sleep(LOOK_EVERY)
    return record
