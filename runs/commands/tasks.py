"""`cambrian tasks`: what can be searched on."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import click

from runs.commands.common import json_option, out, print_json, talk

if TYPE_CHECKING:
    from evaluators.task import Task


@click.command(name="tasks")
@click.argument("name", required=False, metavar="[NAME|FILE]")
@click.option("--kind", help="Only those that judge programs of this kind, or of this kind's file.")
@json_option
def command(name: str | None, kind: str | None, as_json: bool) -> None:
    """List the tasks: what a good program does there, and what a judgement costs.

    The name of the score stands behind what the task is. A task that judges several kinds of
    program has a line for each: its training, what a judgement costs in thousands of millions (G)
    of multiply-adds, and what the quick and the sure rung of `--rungs` cost beside it. NAME or a
    FILE shows one task with its goals.

    Example: cambrian tasks --kind schedule
    """
    from evaluators.task import TASKS, given_task, judging, kinds_of
    from programs.load import kind_named

    if kind is not None:
        kind = kind_named(kind).name
    found = []
    for each, summary in ({name: ""} if name else TASKS.names()).items():
        task = given_task(each)
        if name:
            judging(task, kind)
        kinds = [k for k in kinds_of(task) if kind in (None, k)]
        summary = summary or TASKS.names().get(each, task.goal)
        found += [_facts(judging(task, k), summary) for k in kinds]
    if as_json:
        print_json(found)
        return
    if not found:
        talk().print(f"No task judges programs of kind {kind}.")
    for each, kinds in groupby(found, key=itemgetter("name")):
        _print(each, list(kinds))
    if name:
        for row in found:
            out().print(f"{row['kind']}: {row['goal']}", markup=False)


def _print(name: str, kinds: list[dict[str, Any]]) -> None:
    """Write what a task is, and under it a line for each kind that it judges."""
    from rich.markup import escape
    from rich.padding import Padding
    from rich.table import Table

    scores = " or ".join(dict.fromkeys(row["score"] for row in kinds))
    out().print(f"[bold]{escape(name)}[/]: {escape(kinds[0]['summary'])} [dim]({scores})[/]")
    table = Table.grid(padding=(0, 2))
    for row in kinds:
        rates, seeds = len(row["learning_rates"]), row["seeds"]
        quick, _, sure = (f"{100 * rung['cost']:.0f} %" for rung in row["ladder"])
        table.add_row(
            f"{row['kind']:12}",
            f"{row['steps']} steps x {rates} rates x {seeds} seeds".ljust(33),
            f"{row['multiply_adds'] / 1e9:5.1f} G",
            f"quick {quick:>4}",
            f"sure {sure:>6}",
        )
    out().print(Padding(table, (0, 0, 0, 2)))


def _facts(task: Task, summary: str) -> dict[str, Any]:
    from evaluators.funnel import search_trial, work_of
    from evaluators.levels import MOST, levels

    rung = task.rungs[0]
    return {
        "name": task.name,
        "kind": task.kind,
        "summary": summary,
        "goal": task.goal,
        "score": task.score_name,
        "steps": rung.steps,
        "learning_rates": list(rung.learning_rates),
        "seeds": rung.seeds,
        "seconds_allowed": rung.limits.seconds,
        "rungs": [each.name for each in task.rungs],
        "ladder": [_priced(task, level) for level in levels(MOST)],
        "baselines": list(task.baselines),
        "multiply_adds": work_of(task, search_trial(task)),
        "held_out": list(getattr(task, "held_out", ())),
        "funnel": list(getattr(task, "funnel", ())),
    }


def _priced(task: Task, level: int) -> dict[str, Any]:
    """Describe a rung, with its training steps over all models relative to the search's."""
    from evaluators.levels import name_of
    from evaluators.rungs import cost, rung_at

    rung = rung_at(task, level)
    return {
        "rung": name_of(level),
        "steps": rung.steps,
        "learning_rates": len(rung.learning_rates),
        "seeds": rung.seeds,
        "cost": round(cost(rung) / cost(rung_at(task, 0)), 4),
    }
