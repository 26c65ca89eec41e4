"""`cambrian tasks`: what can be searched on."""

from __future__ import annotations

import click

from runs.commands.common import json_option, out, print_json


@click.command(name="tasks")
@json_option
def command(as_json: bool) -> None:
    """List the tasks that can be searched on.

    Example: cambrian tasks
    """
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
                "baselines": list(task.baselines),
            }
        )
    if as_json:
        print_json(found)
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for heading in ("task", "kind", "steps", "rates x seeds"):
        table.add_column(heading, no_wrap=True)
    table.add_column("summary")
    for row in found:
        size = f"{len(row['learning_rates'])} x {row['seeds']}"
        table.add_row(row["name"], row["kind"], str(row["steps"]), size, row["summary"])
    out().print(table)
