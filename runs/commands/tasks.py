"""`cambrian tasks`: what can be searched on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runs.commands.common import json_option, out, print_json

if TYPE_CHECKING:
    from evaluators.task import Task


@click.command(name="tasks")
@click.option("--kind", help="Only those that judge programs of this kind.")
@json_option
def command(kind: str | None, as_json: bool) -> None:
    """List the tasks: what a good program does there, and what a judgement costs.

    A task that judges several kinds of program has a line for each. The cost is in
    multiply-adds of the networks that are trained.

    Example: cambrian tasks --kind schedule
    """
    from evaluators.task import TASKS, judging, kinds_of
    from programs.load import kind_named

    if kind is not None:
        kind_named(kind)
    found = []
    for name, summary in TASKS.names().items():
        task = TASKS.find(name)
        kinds = [k for k in kinds_of(task) if kind in (None, k)]
        found += [_facts(judging(task, k), summary) for k in kinds]
    if as_json:
        print_json(found)
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for heading in ("task", "kind", "steps x rates x seeds", "cost", "summary"):
        table.add_column(heading, justify="right" if heading == "cost" else "left")
    before = ""
    for row in found:
        size = f"{row['steps']} x {len(row['learning_rates'])} x {row['seeds']}"
        told = (row["name"], row["summary"]) if row["name"] != before else ("", "")
        table.add_row(told[0], row["kind"], size, _cost(row), told[1])
        before = row["name"]
    out().print(table)


def _facts(task: Task, summary: str) -> dict[str, Any]:
    from evaluators.funnel import search_trial, work_of

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
        "baselines": list(task.baselines),
        "multiply_adds": work_of(task, search_trial(task)),
        "held_out": list(getattr(task, "held_out", ())),
        "funnel": list(getattr(task, "funnel", ())),
    }


def _cost(row: dict[str, Any]) -> str:
    """Write multiply-adds in thousands of millions."""
    return f"{row['multiply_adds'] / 1e9:.1f} G"
