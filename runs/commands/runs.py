"""`cambrian runs`: what was searched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evaluators.decimals import fixed
from runs.commands.common import db_option, existing_store, json_option, out, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from runs.ascent import Ascent
    from runs.record import RunRecord
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
    screen = out()
    screen.print(_laid_out(found, ascents, screen.width))


def _laid_out(found: list[RunRecord], ascents: dict[str, Ascent], width: int) -> Table:
    from runs.columns import Column, table
    from runs.tables import clock, plain, task_name

    def numbers(heading: str, cells: list[str], need: int) -> Column:
        return Column(heading, cells, need, right=True)

    reached = [_reached(ascents.get(run.id)) for run in found]
    spent = [f"${run.spent:.4f}" if run.spent else "–" for run in found]
    # A terminal has 80 columns: short headings, and dollars where any were spent.
    return table(
        [
            Column("id", [run.id for run in found], 9),
            Column("task", [plain(task_name(run.task)) for run in found], 7),
            Column("state", [run.state for run in found], 6),
            numbers("trained", [f"{run.evaluations:,}" for run in found], 5),
            numbers("known", [f"{run.duplicates:,}" for run in found], 2),
            numbers("rejected", [f"{run.rejected:,}" for run in found], 1),
            *([numbers("rungs", reached, 3)] if ascents else []),
            numbers("best", ["–" if r.best is None else fixed(r.best) for r in found], 8),
            *([numbers("dollars", spent, 4)] if any(run.spent for run in found) else []),
            numbers("time", [clock(run.seconds) for run in found], 3),
        ],
        width,
    )


def _ascents(store: Store, run_ids: list[str]) -> dict[str, Ascent]:
    if not run_ids:
        return {}
    from runs.ascent import stored_ascent

    return {id_: stored_ascent(store, id_) for id_ in run_ids}


def _reached(ascent: Ascent | None) -> str:
    """Write how many programs each rung judged."""
    return "–" if ascent is None else "/".join(str(stage.judged) for stage in ascent.stages[2:])
