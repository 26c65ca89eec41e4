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
    with existing_store(db) as store:
        found = store.runs()
    if as_json:
        keys = ("id", "task", "state", "evaluations", "duplicates", "rejected", "best", "usd")
        more = ("seconds", "seed", "kind", "device", "tier", "started", "best_id", "message")
        print_json([{k: getattr(run, k) for k in (*keys, *more)} for run in found])
        return
    from rich.table import Table

    from runs.tables import clock

    table = Table(box=None, padding=(0, 2, 0, 0))
    texts, numbers = ("id", "task", "state"), ("evaluations", "duplicates", "rejected")
    for heading in (*texts, "trained", *numbers[1:], "best", "dollars", "time"):
        table.add_column(heading, justify="left" if heading in texts else "right", no_wrap=True)
    for run in found:
        best = "–" if run.best is None else f"{run.best:.4f}"
        counted = (f"{getattr(run, name):,}" for name in numbers)
        spent = f"${run.usd:.4f}" if run.usd else "–"
        table.add_row(run.id, run.task, run.state, *counted, best, spent, clock(run.seconds))
    out().print(table)
