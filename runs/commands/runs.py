"""`cambrian runs`: what was searched."""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import db_option, existing_store, json_option, out, print_json


@click.command(name="runs")
@db_option
@json_option
def command(db: Path, as_json: bool) -> None:
    """List the runs in the database, newest first.

    Example: cambrian runs --json
    """
    from runs.ascent import stored_ascent

    with existing_store(db) as store:
        found = store.runs()
        ascents = {run.id: stored_ascent(store, run.id) for run in found}
    if as_json:
        keys = ("id", "task", "state", "evaluations", "duplicates", "rejected", "best", "usd")
        more = ("seconds", "seed", "kind", "device", "tier", "started", "best_id", "message")
        print_json(
            [
                {k: getattr(run, k) for k in (*keys, *more)} | ascents[run.id].as_json()
                for run in found
            ]
        )
        return
    from rich.table import Table

    from runs.tables import clock

    table = Table(box=None, padding=(0, 1))
    for heading in ("id", "task", "state", "evaluations", "duplicates", "rejected", "best", "time"):
        table.add_column(heading, justify="left" if heading in ("id", "task", "state") else "right")
    table.add_column("rungs", no_wrap=True)
    for run in found:
        best = "–" if run.best is None else f"{run.best:.4f}"
        numbers = (run.evaluations, run.duplicates, run.rejected)
        reached = "/".join(str(stage.judged) for stage in ascents[run.id].stages[2:])
        cells = (run.id, run.task, run.state, *map(str, numbers), best, clock(run.seconds))
        table.add_row(*cells, reached)
    out().print(table)
