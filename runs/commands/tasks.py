"""`cambrian tasks`: what can be searched on."""

from __future__ import annotations

from typing import Any

import click

from runs.commands.common import json_option, out, print_json


@click.command(name="tasks")
@json_option
def command(as_json: bool) -> None:
    """List the tasks: what a good program does there, and what a judgement costs.

    The cost is in multiply-adds of the networks that are trained.

    Example: cambrian tasks
    """
    from evaluators.funnel import search_trial, work_of
    from evaluators.task import TASKS, find_task

    found = []
    for name, summary in TASKS.names().items():
        task = find_task(name)
        rung = task.rungs[0]
        found.append(
            {
                "name": name,
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
        )
    if as_json:
        print_json(found)
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for heading in ("task", "kind", "steps x rates x seeds", "cost", "summary"):
        table.add_column(heading, justify="right" if heading == "cost" else "left")
    for row in found:
        size = f"{row['steps']} x {len(row['learning_rates'])} x {row['seeds']}"
        table.add_row(row["name"], row["kind"], size, _cost(row), row["summary"])
    out().print(table)


def _cost(row: dict[str, Any]) -> str:
    """Write multiply-adds in thousands of millions."""
    return f"{row['multiply_adds'] / 1e9:.1f} G"
