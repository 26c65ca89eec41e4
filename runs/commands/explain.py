"""`cambrian explain`: what each statement of a program is worth."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evaluators.decimals import signed
from programs.errors import InputError
from runs.commands.common import (
    db_option,
    device_option,
    existing_store,
    json_option,
    out,
    print_json,
    talk,
    workers_option,
)
from runs.commands.either import Named, program_named

if TYPE_CHECKING:
    from evaluators.candidate import Evaluation
    from evaluators.task import Task
    from runs.config import RunConfig
    from runs.explain import Job


@click.command(name="explain")
@click.argument("name", metavar="ID|FILE|NAME")
@click.option("--task", "task_name", help="The task to score on.  [default: that of the ID's run]")
@click.option(
    "--repeats",
    type=click.IntRange(1, 20),
    default=2,
    show_default=True,
    help="So many times the task's seeds, all of them fresh.",
)
@click.option(
    "--search-seeds",
    is_flag=True,
    help="Use the search's seeds, and its scores from the database: quicker, but flattering.",
)
@device_option
@workers_option
@db_option
@json_option
def command(
    name: str,
    task_name: str | None,
    repeats: int,
    search_seeds: bool,
    device: str,
    workers: int | str | None,
    db: Path,
    as_json: bool,
) -> None:
    """Measure what each statement of a program is worth.

    One statement after another is left out, and what remains is judged as a run judges, on fresh
    seeds. What behaves like something judged before is not trained again. The outcome for an ID is
    kept, and appears in `cambrian report`.

    Example: cambrian explain 3fa9c1 --repeats 3
    """
    from evaluators.task import find_task
    from runs.discover import settings

    given = program_named(name, db, task_name)
    chosen = task_name or given.task
    if not chosen:
        raise InputError(f"{name} needs a task to score on: add --task NAME.")
    task = find_task(chosen, given.kind.name)
    if task.kind != given.kind.name:
        raise InputError(f"{task.name} judges programs of kind {task.kind}, not {given.kind.name}.")
    config = settings(chosen, kind=task.kind, device=device, workers=workers)
    places = (0,) if search_seeds else tuple(range(1, repeats + 1))
    answer = _explained(given, task, places, config, db)
    if as_json:
        print_json(answer)
    else:
        _print(answer)


def _explained(
    given: Named, task: Task, places: tuple[int, ...], config: RunConfig, db: Path
) -> dict[str, Any]:
    from evaluators.evaluator import Evaluator
    from runs.explain import as_dict, explain
    from runs.explaining import keep, recalling
    from runs.pools import judging_in
    from runs.start import sandbox_for, versions

    with ExitStack() as stack:
        store = stack.enter_context(existing_store(db)) if given.task else None
        sandbox = stack.enter_context(
            sandbox_for(task, config.workers, config.device, cluster=config.cluster)
        )
        pool = stack.enter_context(judging_in(sandbox, config.workers))
        evaluator = Evaluator(task, sandbox, config.device)
        protocol = evaluator.protocol(versions())
        run = store.run_of(given.name) if store else None

        def run_all(jobs: Sequence[Job]) -> list[Evaluation]:
            talk().print(f"{len(jobs)} trainings of {task.name}, {config.workers} at a time.")
            return list(pool.map(lambda job: evaluator.evaluate(*job[:2], repeat=job[2]), jobs))

        recall = recalling(store, run, protocol, task.name) if store and run else _nothing
        found = explain(given.genome, task, places, run_all, recall)
        answer = as_dict(found, given.name, task, fresh=0 not in places)
        if store and run and run.task == task.name:
            keep(store, run, protocol, found, answer)
    return answer


def _nothing(fingerprint: str, repeat: int) -> None:
    """Recall nothing: there is no database."""


def _print(answer: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1), expand=True)
    table.add_column("without", overflow="fold", ratio=3)
    table.add_column("reading", overflow="fold", ratio=1)
    table.add_column("is worth", justify="right", no_wrap=True)
    table.add_column("", overflow="fold", ratio=2)
    for row in answer["rows"]:
        verdict = Text(row["verdict"], style=_STYLES.get(row["verdict"], "dim"))
        table.add_row(Text(row["what"]), Text(row["becomes"]), _worth(row), verdict)
    console = out()
    console.print(table)
    console.print(Text(answer["measured"], style="dim"))


_STYLES = {"is worth it": "green", "does harm": "red"}


def _worth(row: dict[str, Any]) -> str:
    if row["percent"] is None:
        return ""
    interval = "" if row["half_percent"] is None else f" ± {row['half_percent']:.1f}"
    return f"{signed(row['percent'], 1)} %{interval}"
