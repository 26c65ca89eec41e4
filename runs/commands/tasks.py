"""`cambrian tasks`: what can be searched on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runs.commands.common import json_option, out, print_json

if TYPE_CHECKING:
    from evaluators.task import Task


@click.command(name="tasks")
@json_option
def command(as_json: bool) -> None:
    """List the tasks: what a good program does there, and what a judgement costs.

    Example: cambrian tasks
    """
    from evaluators.rungs import MOST, levels
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
                "ladder": [_priced(task, level) for level in levels(MOST)],
                "baselines": list(task.baselines),
            }
        )
    if as_json:
        print_json(found)
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for heading in ("task", "kind", "steps x rates x seeds", "quick", "sure", "summary"):
        table.add_column(heading)
    for row in found:
        size = f"{row['steps']} x {len(row['learning_rates'])} x {row['seeds']}"
        quick, _, sure = (f"{100 * rung['cost']:.3g} %" for rung in row["ladder"])
        table.add_row(row["name"], row["kind"], size, quick, sure, row["summary"])
    out().print(table)


def _priced(task: Task, level: int) -> dict[str, Any]:
    """Describe a rung, with its training steps over all models relative to the search's."""
    from evaluators.rungs import cost, name_of, rung_at

    rung = rung_at(task, level)
    return {
        "rung": name_of(level),
        "steps": rung.steps,
        "learning_rates": len(rung.learning_rates),
        "seeds": rung.seeds,
        "cost": round(cost(rung) / cost(rung_at(task, 0)), 4),
    }
