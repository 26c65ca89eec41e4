"""`cambrian top`: the best programs."""

from __future__ import annotations

from pathlib import Path

import click

from programs.errors import InputError
from runs.commands.common import db_option, existing_store, json_option, out, print_json


@click.command(name="top")
@click.argument("run_or_task", required=False, metavar="[RUN|TASK]")
@click.option("--kind", help="Only programs of this kind.")
@click.option("-n", "--limit", type=click.IntRange(1), default=10, show_default=True, help="Rows.")
@click.option("--unsafe", is_flag=True, help="Only what ran with --unsafe-no-sandbox.")
@db_option
@json_option
def command(
    run_or_task: str | None,
    kind: str | None,
    limit: int,
    unsafe: bool,
    db: Path,
    as_json: bool,
) -> None:
    """List the best programs, of one run or task or of all.

    Programs that ran where nothing held them may have forged their scores: they are left out, and
    listed by themselves with --unsafe.

    Example: cambrian top digits -n 5
    """
    from programs.load import kind_named

    if kind is not None:
        kind_named(kind)
    with existing_store(db) as store:
        run = task = None
        if run_or_task is not None:
            tasks = {r.task for r in store.runs()}
            if run_or_task in tasks:
                task = run_or_task
            else:
                run = _run_named(store, run_or_task, tasks)
        rows = store.top(run=run, task=task, limit=limit, kind=kind, unsafe=unsafe)
    if as_json:
        keys = ("id", "kind", "task", "score", "stderr", "size", "baseline", "proposer", "source")
        print_json(
            [{k: getattr(row, k) for k in (*keys, "operator", "run", "tier")} for row in rows]
        )
        return
    from runs.tables import ranking

    out().print(ranking(rows) if rows else "Nothing has been scored yet.")


def _run_named(store, name: str, tasks: set[str]) -> str:
    try:
        return store.run(name).id
    except InputError as error:
        there = f" Tasks here: {', '.join(sorted(tasks))}." if tasks else ""
        raise InputError(f"{error}{there}") from None
