"""`cambrian check`: does a task of yours keep the rules?"""

from __future__ import annotations

import click

from runs.commands.common import json_option, out, print_json


@click.command(name="check")
@click.argument("task")
@click.option("--kind", help="Only as a task for this kind of program.  [default: for each]")
@json_option
def command(task: str, kind: str | None, as_json: bool) -> None:
    """Run the conformance suite on TASK, a name or a .py file; exit 2 where a check fails.

    Example: cambrian check my_task.py
    """
    from evaluators.conformance import conformance
    from evaluators.task import TASKS, judging, kinds_of
    from runs.start import sandbox_for

    given = TASKS.find(task)
    found = []
    for each in (kind,) if kind else kinds_of(given):
        judged = judging(given, each)
        with sandbox_for(judged, 1, "cpu") as sandbox:
            found += [(each, check) for check in conformance(judged, sandbox)]
    passed = not any(check.fault for _, check in found)
    if as_json:
        rows = [(each, {"check": c.name, "fault": c.fault, "note": c.note}) for each, c in found]
        print_json([{"kind": each, **row} for each, row in rows])
    else:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for each, check in found:
            mark = Text("FAIL", style="bold red") if check.fault else Text("ok", style="green")
            name = Text(check.name)
            table.add_row(mark, Text(each, style="dim"), name, Text(check.fault or check.note))
        out().print(table)
    click.get_current_context().exit(0 if passed else 2)
