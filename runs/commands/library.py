"""`cambrian library`: the known programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runs.commands.common import json_option, out, print_json, talk

if TYPE_CHECKING:
    from programs.program import Program


@click.command(name="library")
@click.argument("name", required=False)
@click.option(
    "--kind",
    "kind_name",
    metavar="KIND",
    help="Only programs of this kind, or of this kind's file.",
)
@json_option
def command(name: str | None, kind_name: str | None, as_json: bool) -> None:
    """List the known programs, or print the source of one.

    Example: cambrian library adamw
    """
    from programs.errors import InputError, closest
    from programs.load import builtin_kinds, kind_named, library

    kinds = builtin_kinds() if kind_name is None else (kind_named(kind_name).name,)
    known = {n: p for kind in kinds for n, p in library(kind).items()}
    if name is not None and name not in known:
        hint = closest(name, known)
        ask = f" Did you mean `{hint}`?" if hint else ""
        sort = f" of kind {kinds[0]}" if kind_name else ""
        raise InputError(f"The library has no `{name}`{sort}.{ask}")
    chosen = known if name is None else {name: known[name]}
    if as_json:
        print_json([_described(n, p) for n, p in chosen.items()])
        return
    if name is not None:
        click.echo(known[name].source, nl=False)
        return
    if not known:
        talk().print(f"The library has no program of kind {kinds[0]}.")
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for heading in ("name", "kind", "what it is"):
        table.add_column(heading)
    for each, program in known.items():
        kind = program.kind if program.genome else f"{program.kind}, free-form"
        table.add_row(each, kind, _doc(program).split("\n")[0])
    out().print(table)


def _doc(program: Program) -> str:
    from programs.freeform import documentation

    return program.genome.doc if program.genome else documentation(program.source)


def _described(name: str, program: Program) -> dict[str, str]:
    return {"name": name, "kind": program.kind, "form": program.form, "source": program.source}
