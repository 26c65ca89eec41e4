"""`cambrian hash`: are these programs the same?"""

from __future__ import annotations

from pathlib import Path

import click

from runs.commands.common import json_option, out, print_json, read_file, unsafe_option


@click.command(name="hash")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@unsafe_option
@json_option
def command(files: tuple[Path, ...], unsafe: bool, as_json: bool) -> None:
    """Tell which program files do the same.

    Equal fingerprints are equivalent programs, in our language or in free-form Python, which is run
    in the sandbox for it. The structural key sees only how they are written. A file that `cambrian
    export` wrote is the program in its header, as long as its code was not changed.

    Example: cambrian hash adamw.py mine.py
    """
    from runs.behaviours import Behaviours

    programs = [(path, *read_file(path)) for path in files]
    found = []
    with Behaviours(unsafe) as behaviours:
        for path, program, kind in programs:
            print_ = behaviours.of(program, kind, str(path)).fingerprint
            found.append(
                {"file": str(path), "kind": kind.name, "key": program.key, "fingerprint": print_}
            )
    if as_json:
        print_json(found)
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for heading in ("fingerprint", "structural key", "kind", "file"):
        table.add_column(heading, no_wrap=heading != "file")
    for row in found:
        table.add_row(row["fingerprint"], row["key"], row["kind"], row["file"])
    out().print(table)
