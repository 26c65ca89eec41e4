"""`cambrian top`: the best programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evaluators.candidate import UNSAFE, UNVERIFIED
from evaluators.levels import name_of
from programs.errors import InputError
from runs.commands.common import db_option, existing_store, json_option, out, print_json

if TYPE_CHECKING:
    from runs.store import Store


@click.command(name="top")
@click.argument("run_or_task", required=False, metavar="[RUN|TASK]")
@click.option("-n", "--limit", type=click.IntRange(1), default=10, show_default=True, help="Rows.")
@click.option("--kind", help="Only programs of this kind: optimizer, schedule or architecture.")
@click.option(
    "--where",
    metavar="CONDITION",
    help="Only what fulfils it: 'score > 0.9 and size <= 8', '\"sign\" in source', "
    "'metrics.accuracy > 0.95'.",
)
@click.option(
    "--sort",
    metavar="COLUMNS",
    help="Highest first by these columns, -COLUMN lowest first.  [default: rung,score]",
)
@click.option("--pareto", is_flag=True, help="What nothing beats in score and size, or by --sort.")
@click.option("--unsafe", is_flag=True, help="Only what ran with --unsafe-no-sandbox.")
@click.option("--unverified", is_flag=True, help="Only networks that trained themselves.")
@db_option
@json_option
def command(
    run_or_task: str | None,
    limit: int,
    kind: str | None,
    where: str | None,
    sort: str | None,
    pareto: bool,
    unsafe: bool,
    unverified: bool,
    db: Path,
    as_json: bool,
) -> None:
    """List the best programs, of one run or task or of all.

    Programs that ran where nothing held them may have forged their scores, and networks that no
    graph can be drawn of may have trained longer than others: they are left out, and listed by
    themselves with --unsafe and --unverified.

    Of scores on different rungs of a ladder the dearer rung's count more, unless --sort says else.
    The columns of --where and --sort are rung (-1 quick, 0 search, 1 sure), score, stderr,
    baseline, gain, size, seconds, id, run, task, kind, proposer, operator, model, source, created
    and metrics.NAME.

    Example: cambrian top digits -n 5 --where 'size <= 6' --sort gain
    """
    if kind is not None:
        from programs.load import kind_named

        kind = kind_named(kind).name
    if unsafe and unverified:
        raise InputError("--unsafe and --unverified are two lists: ask for one.")
    apart = UNSAFE if unsafe else UNVERIFIED if unverified else ""
    with existing_store(db) as store:
        run = task = None
        if run_or_task is not None:
            tasks = {each["task"] for each in store.rows("SELECT DISTINCT task FROM run")}
            task = _task_named(run_or_task, tasks)
            if task is None:
                run = _run_named(store, run_or_task, tasks)
        if where is sort is None and not pareto:
            rows = store.top(run=run, task=task, limit=limit, kind=kind, apart=apart)
        else:
            # Late, for a plain `top` has no use for it.
            from runs.leaders import BEST_FIRST, TRADE_OFF, asked, leaders, trade_offs

            by = sort or (TRADE_OFF if pareto else BEST_FIRST)
            chosen = {"run": run, "task": task, "kind": kind, "apart": apart}
            ask = asked(store, **chosen, where=where, sort=by, limit=limit)
            rows = trade_offs(store, ask) if pareto else leaders(store, ask)
        climbed = "" if as_json or run is None else _ladder(store, run)
        noted = [] if as_json or run is None else _noted(store, run)
    if as_json:
        keys = ("id", "kind", "task", "score", "stderr", "size", "baseline", "proposer", "source")
        keys = (*keys, "operator", "run", "tier", "keys")
        print_json([{k: getattr(r, k) for k in keys} | {"rung": name_of(r.rung)} for r in rows])
        return
    from runs.tables import ranking

    screen = out()
    screen.print(ranking(rows, screen.width) if rows else _nothing(where))
    if climbed:
        screen.print(climbed, style="dim")
    for note in noted:
        screen.print(note, style="dim", markup=False, highlight=False)


def _nothing(where: str | None) -> str:
    return "Nothing here fulfils the condition." if where else "Nothing has been scored yet."


def _ladder(store: Store, run_id: str) -> str:
    """Say how far the programs of a run got, if it had a ladder."""
    if store.run(run_id).config.get("rungs", 1) < 2:
        return ""
    # Late, for it takes numpy and every score of the run.
    from runs.ascent import stored_ascent
    from runs.tables import ladder

    return ladder(stored_ascent(store, run_id))


def _noted(store: Store, run_id: str) -> list[str]:
    """Return what models noted in a run, if any were asked."""
    run = store.run(run_id)
    if not run.config.get("models"):
        return []
    # Late, for most runs have no notes.
    from runs.asked import noted_in
    from runs.inert import inert_line

    words = {False: "noted", True: "noted, refuted since"}
    return [f"{words[n.refuted]}: {inert_line(n.text)}" for n in noted_in(store, run)]


def _task_named(name: str, tasks: set[str]) -> str | None:
    """Return the task that is called so: by its name, or a file of yours by its stem or path."""
    if name in tasks:
        return name
    files = [task for task in tasks if task.endswith(".py")]
    meant = [each for each in files if name in (Path(each).name, Path(each).stem)]
    if name.endswith(".py"):
        meant = meant or [each for each in files if Path(each).resolve() == Path(name).resolve()]
    return meant[0] if len(meant) == 1 else None


def _run_named(store, name: str, tasks: set[str]) -> str:
    try:
        return store.run(name).id
    except InputError as error:
        there = f" Tasks here: {', '.join(sorted(tasks))}." if tasks else ""
        raise InputError(f"{error}{there}") from None
