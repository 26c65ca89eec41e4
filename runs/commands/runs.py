"""`cambrian runs`: what was searched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runs.commands.common import db_option, existing_store, json_option, out, print_json

if TYPE_CHECKING:
    from runs.ascent import Ascent
    from runs.store import Store


@click.command(name="runs")
@db_option
@json_option
def command(db: Path, as_json: bool) -> None:
    """List the runs in the database, newest first.

    Of the programs that were tried some were trained, some known by their behaviour and not trained
    again, some rejected because they are no valid program.

    Example: cambrian runs --json
    """
    with existing_store(db) as store:
        found = store.runs()
        # A run's ascent takes all of its scores: the table shows that of runs with a ladder only.
        asked = [r.id for r in found if as_json or r.config.get("rungs", 1) > 1]
        ascents = _ascents(store, asked)
    if as_json:
        keys = ("id", "task", "state", "evaluations", "duplicates", "rejected", "best", "usd")
        more = ("seconds", "seed", "kind", "device", "tier", "started", "best_id", "message")
        print_json(
            [
                {k: getattr(run, k) for k in (*keys, *more)}
                | {"usd": run.spent}
                | ascents[run.id].as_json()
                for run in found
            ]
        )
        return
    from rich.table import Table

    from runs.tables import clock

    table = Table(box=None, padding=(0, 2, 0, 0))
    texts, numbers = ("id", "task", "state"), ("evaluations", "duplicates", "rejected")
    more = ("rungs",) if ascents else ()
    # A terminal has 80 columns: short headings, and dollars where any were spent.
    paid = ("dollars",) if any(run.spent for run in found) else ()
    for heading in (*texts, "trained", "known", "rejected", *more, "best", *paid, "time"):
        table.add_column(heading, justify="left" if heading in texts else "right", no_wrap=True)
    for run in found:
        best = "–" if run.best is None else f"{run.best:.4f}"
        counted = [f"{getattr(run, name):,}" for name in numbers]
        if more:
            counted.append(_reached(ascents.get(run.id)))
        spent = (f"${run.spent:.4f}" if run.spent else "–",) if paid else ()
        table.add_row(run.id, run.task, run.state, *counted, best, *spent, clock(run.seconds))
    out().print(table)


def _ascents(store: Store, run_ids: list[str]) -> dict[str, Ascent]:
    if not run_ids:
        return {}
    from runs.ascent import stored_ascent

    return {id_: stored_ascent(store, id_) for id_ in run_ids}


def _reached(ascent: Ascent | None) -> str:
    """Write how many programs each rung judged."""
    return "–" if ascent is None else "/".join(str(stage.judged) for stage in ascent.stages[2:])
