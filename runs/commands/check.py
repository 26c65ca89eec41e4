"""`cambrian check`: does a task of yours keep the rules?"""

from __future__ import annotations

import click

from runs.commands.common import json_option, out, print_json


@click.command(name="check")
@click.argument("task")
@json_option
def command(task: str, as_json: bool) -> None:
    """Run the conformance suite on TASK, a name or a .py file; exit 2 where a check fails.

    Example: cambrian check my_task.py
    """
    from evaluators.conformance import conformance
    from evaluators.task import find_task
    from runs.start import sandbox_for

    given = find_task(task)
    with sandbox_for(given, 1, "cpu") as sandbox:
        found = list(conformance(given, sandbox))
    passed = not any(check.fault for check in found)
    if as_json:
        print_json([{"check": c.name, "fault": c.fault, "note": c.note} for c in found])
    else:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for check in found:
            mark = Text("FAIL", style="bold red") if check.fault else Text("ok", style="green")
            table.add_row(mark, Text(check.name), Text(check.fault or check.note))
        out().print(table)
    click.get_current_context().exit(0 if passed else 2)
