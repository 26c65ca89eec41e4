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
@click.option("--kind", help="Only as a task for this kind of program.  [default: for each]")
@unsafe_option
@json_option
def command(task: str, kind: str | None, unsafe: bool, as_json: bool) -> None:
    """Run the conformance suite on TASK, a name or a .py file; exit 2 where a check fails.

    A file that holds a program instead is checked as one: does it read, and does it do anything?

    Example: cambrian check my_task.py
    """
    found = _of_a_program(Path(task), unsafe) or _of_a_task(task, kind)
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


def _of_a_task(name: str, kind: str | None) -> list[tuple[str, Check]]:
    """Check a task, for one kind of program or for each that it judges."""
    from evaluators.conformance import conformance
    from evaluators.task import TASKS, judging, kinds_of
    from runs.start import sandbox_for

    given = TASKS.find(name)
    found = []
    for each in (kind,) if kind else kinds_of(given):
        judged = judging(given, each)
        with sandbox_for(judged, 1, "cpu") as sandbox:
            found += [(each, check) for check in conformance(judged, sandbox)]
    return found


def _of_a_program(path: Path, unsafe: bool) -> list[tuple[str, Check]]:
    """Check a program; nothing where the file holds none."""
    if path.suffix != ".py" or not path.is_file():
        return []
    from evaluators.examine import examine
    from evaluators.freeform import probing
    from programs.load import kind_of
    from sandbox.process import ProcessSandbox

    source = read_text(path)
    if (kind := kind_of(source)) is None or "\nTASK" in source:
        return []
    with ProcessSandbox(1, probing(kind.name), unsafe=unsafe) as sandbox:
        return [(kind.name, check) for check in examine(source, kind, sandbox)]
