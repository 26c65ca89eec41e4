"""`cambrian hash`: are these programs the same?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from programs.errors import CambrianError, InputError
from runs.commands.common import (
    db_option,
    inputs_option,
    json_option,
    kind_option,
    out,
    print_json,
    unsafe_option,
)
from runs.commands.either import given_program

if TYPE_CHECKING:
    from runs.behaviours import Behaviours
    from runs.contrast import Side


@click.command(name="hash")
@click.argument("names", nargs=-1, required=True, metavar="ID|FILE|NAME...")
@kind_option
@inputs_option
@unsafe_option
@db_option
@json_option
def command(
    names: tuple[str, ...],
    kind: str | None,
    task_name: str | None,
    unsafe: bool,
    db: Path,
    as_json: bool,
) -> None:
    """Tell which programs do the same.

    Programs of one fingerprint do the same on the fixed probes, in our language or in free-form
    Python, which is run in the sandbox for it; `cambrian diff` asks random inputs too. The
    structural key sees only how they are written. A file that `cambrian export` wrote is the
    program in its header, as long as its code was not changed. What is wrong with one is said
    after the others' fingerprints.

    Example: cambrian hash adamw.py mine.py
    """
    from runs.behaviours import Behaviours

    found, faults = [], []
    with Behaviours(unsafe) as behaviours:
        for name in names:
            try:
                found.append(_hashed(given_program(name, db, task_name, kind), behaviours))
            except CambrianError as fault:
                faults.append(str(fault))
                found.append({"file": name, "fault": str(fault)})
    if len(faults) < len(found):
        if as_json:
            print_json(found)
        else:
            _print([row for row in found if "fault" not in row])
    if faults:
        raise InputError("\n".join(faults))


def _hashed(given: Side, behaviours: Behaviours) -> dict[str, str]:
    """Return what identifies a program; `InputError` says what is wrong with it."""
    name, kind, key = given.name, given.kind, given.program.key
    print_ = behaviours.of(given.program, kind, name).fingerprint
    return {"file": name, "kind": kind.name, "key": key, "fingerprint": print_}


def _print(rows: list[dict[str, str]]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for heading in ("fingerprint", "structural key", "kind", "program"):
        table.add_column(heading, no_wrap=heading != "program")
    for row in rows:
        table.add_row(row["fingerprint"], row["key"], row["kind"], row["file"])
    out().print(table)
