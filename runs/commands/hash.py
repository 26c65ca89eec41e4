"""`cambrian hash`: are these programs the same?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from programs.errors import InputError
from runs.commands.common import (
    inputs_option,
    json_option,
    out,
    print_json,
    read_file,
    unsafe_option,
)

if TYPE_CHECKING:
    from runs.behaviours import Behaviours


@click.command(name="hash")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@inputs_option
@unsafe_option
@json_option
def command(files: tuple[Path, ...], task_name: str | None, unsafe: bool, as_json: bool) -> None:
    """Tell which program files do the same.

    Programs of one fingerprint do the same on the fixed probes, in our language or in free-form
    Python, which is run in the sandbox for it; `cambrian diff` asks random inputs too. The
    structural key sees only how they are written. A file that `cambrian export` wrote is the
    program in its header, as long as its code was not changed. What is wrong with a file is said
    after the others' fingerprints.

    Example: cambrian hash adamw.py mine.py
    """
    from runs.behaviours import Behaviours

    found, faults = [], []
    with Behaviours(unsafe) as behaviours:
        for path in files:
            try:
                found.append(_hashed(path, task_name, behaviours))
            except InputError as fault:
                faults.append(str(fault))
                found.append({"file": str(path), "fault": str(fault)})
    if len(faults) < len(found):
        if as_json:
            print_json(found)
        else:
            _print([row for row in found if "fault" not in row])
    if faults:
        raise InputError("\n".join(faults))


def _hashed(path: Path, task: str | None, behaviours: Behaviours) -> dict[str, str]:
    """Return what identifies the program in a file; `InputError` says what is wrong with it."""
    program, kind = read_file(path, task)
    print_ = behaviours.of(program, kind, str(path)).fingerprint
    return {"file": str(path), "kind": kind.name, "key": program.key, "fingerprint": print_}


def _print(rows: list[dict[str, str]]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for heading in ("fingerprint", "structural key", "kind", "file"):
        table.add_column(heading, no_wrap=heading != "file")
    for row in rows:
        table.add_row(row["fingerprint"], row["key"], row["kind"], row["file"])
    out().print(table)
