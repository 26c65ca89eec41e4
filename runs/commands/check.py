"""`cambrian check`: does a task, or a program, of yours keep the rules?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runs.commands.common import json_option, out, print_json, read_text, unsafe_option

if TYPE_CHECKING:
    from evaluators.conformance import Check


@click.command(name="check")
@click.argument("task", metavar="TASK|FILE")
@unsafe_option
@json_option
def command(task: str, unsafe: bool, as_json: bool) -> None:
    """Run the conformance suite on TASK, a name or a .py file; exit 2 where a check fails.

    A file that holds a program instead is checked as one: does it read, and does it do anything?

    Example: cambrian check my_task.py
    """
    found = _of_a_program(Path(task), unsafe) or _of_a_task(task)
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


def _of_a_task(name: str) -> list[Check]:
    from evaluators.conformance import conformance
    from evaluators.task import find_task
    from runs.start import sandbox_for

    given = find_task(name)
    with sandbox_for(given, 1, "cpu") as sandbox:
        return list(conformance(given, sandbox))


def _of_a_program(path: Path, unsafe: bool) -> list[Check]:
    """Check a program; nothing where the file holds none."""
    if path.suffix != ".py" or not path.is_file():
        return []
    from evaluators.examine import examine
    from evaluators.freeform import PROBING
    from programs.load import kind_of
    from sandbox.process import ProcessSandbox

    source = read_text(path)
    if (kind := kind_of(source)) is None or "\nTASK" in source:
        return []
    with ProcessSandbox(1, PROBING, unsafe=unsafe) as sandbox:
        return list(examine(source, kind, sandbox))
