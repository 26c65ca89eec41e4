"""`cambrian check`: does a plug-in, or a program, of yours keep the rules?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from programs.errors import InputError
from runs.commands.common import (
    inputs_option,
    json_option,
    out,
    print_json,
    read_source,
    read_text,
    unsafe_option,
)

if TYPE_CHECKING:
    from programs.conformance import Check


@click.command(name="check")
@click.argument("name", metavar="NAME|FILE")
@click.option(
    "--kind",
    help="The kind of a program, or the only one to check a task for; one that comes with Cambrian "
    "or the path to its file.",
)
@inputs_option
@unsafe_option
@json_option
def command(
    name: str, kind: str | None, task_name: str | None, unsafe: bool, as_json: bool
) -> None:
    """Run the conformance suite on a task, proposer, operator or kind; exit 2 where a check fails.

    FILE is a .py file that defines TASK, PROPOSER, OPERATOR or KIND, or that holds a program: does
    it read, and does it do anything? NAME is one that comes with Cambrian, programs of the library
    included.

    Example: cambrian check my_task.py
    """
    found = []
    for sort, check in _examined(name, kind, task_name, unsafe):
        found.append((sort, check))
        if not as_json:
            _print(sort, check)
    passed = not any(check.fault for _, check in found)
    if as_json:
        print_json([{"kind": each, **_row(check)} for each, check in found])
    click.get_current_context().exit(0 if passed else 2)


def _row(check: Check) -> dict[str, str]:
    return {"check": check.name, "fault": check.fault, "note": check.note, "doubt": check.doubt}


def _print(sort: str, check: Check) -> None:
    """Print one line at once: the next check may take a minute."""
    from rich.table import Table
    from rich.text import Text

    line = Table.grid(padding=(0, 2))
    for width in (4, 12, 24):
        line.add_column(width=width)
    mark = Text("warn", style="yellow") if check.doubt else Text("ok", style="green")
    mark = Text("FAIL", style="bold red") if check.fault else mark
    said = Text(check.fault or check.doubt or check.note)
    line.add_row(mark, Text(sort, style="dim"), check.name, said)
    out().print(line)


def _examined(
    name: str, kind: str | None, task: str | None, unsafe: bool
) -> Iterator[tuple[str, Check]]:
    """Find out what sort of thing it is, and examine it as such."""
    from agent.conformance import proposer_conformance
    from agent.proposer import PROPOSERS, find_proposer
    from programs.conformance import kind_conformance, operator_conformance
    from programs.named import KINDS, library_kinds
    from programs.operator import OPERATORS
    from programs.plugins import seems_to_define

    path = Path(name)
    is_file = path.suffix == ".py" and path.is_file()
    text = read_text(path) if is_file else ""
    constants = (PROPOSERS.constant, OPERATORS.constant, KINDS.constant, "TASK")
    # To import a file is to run it: one that defines no plug-in is read as a program, good or bad.
    defines = any(seems_to_define(text, constant) for constant in constants)
    if name in library_kinds() or (is_file and not defines):
        return iter(_of_a_program(name, kind, task, unsafe))
    if task is not None:
        where = "a program's file or one of the library"
        raise InputError(f"--task is for reading {where}: {name} is neither.")

    def found(sort: str, checks: Iterable[Check]) -> Iterator[tuple[str, Check]]:
        return ((sort, check) for check in checks)

    if seems_to_define(text, PROPOSERS.constant) or name.partition(":")[0] in PROPOSERS.names():
        return found("proposer", proposer_conformance(find_proposer(name)))
    if seems_to_define(text, OPERATORS.constant) or name in OPERATORS.names():
        return found("operator", operator_conformance(OPERATORS.find(name)))
    if seems_to_define(text, KINDS.constant) or name in KINDS.names():
        return found("kind", kind_conformance(KINDS.find(name)))
    return _of_a_task(name, kind)


def _of_a_task(name: str, kind: str | None) -> Iterator[tuple[str, Check]]:
    """Check a task, for one kind of program or for each that it judges."""
    from evaluators.conformance import conformance
    from evaluators.task import given_task, judging, kinds_of
    from runs.start import sandbox_for

    given = given_task(name)
    for each in (kind,) if kind else kinds_of(given):
        judged = judging(given, each)
        with sandbox_for(judged, 1, "cpu") as sandbox:
            yield from ((each, check) for check in conformance(judged, sandbox))


def _of_a_program(
    name: str, named: str | None, task: str | None, unsafe: bool
) -> list[tuple[str, Check]]:
    """Check a program; of a text that shows no kind, say what keeps it from being one."""
    from evaluators.examine import examine
    from evaluators.freeform import probing
    from evaluators.task import find_task, language
    from programs.load import library, settled
    from programs.meant import meant_kind
    from programs.named import kind_named, library_kinds
    from sandbox.process import ProcessSandbox

    known = library_kinds().get(name)
    source = library(known)[name].source if known else read_source(Path(name))
    kind = kind_named(named) if named else meant_kind(source)
    judged = find_task(task, kind.name) if task else None
    kind = language(judged) if judged else settled(source, kind)
    refusal = getattr(judged, "refusal", None)
    with ProcessSandbox(1, probing(kind.name), unsafe=unsafe) as sandbox:
        return [(kind.name, check) for check in examine(source, kind, sandbox, refusal)]
