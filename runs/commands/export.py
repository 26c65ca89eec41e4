"""`cambrian export`: take a program home."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from programs.errors import InputError
from runs.commands.common import db_option, existing_store, write_or_print
from runs.commands.either import known_program, names_a_file

if TYPE_CHECKING:
    from programs.program import Program
    from runs.contrast import Side


@click.command(name="export")
@click.argument("name", metavar="ID|FILE|NAME")
@click.option(
    "--as",
    "form",
    type=click.Choice(["py", "latex", "json"]),
    default="py",
    show_default=True,
    help="A PyTorch file, equations, or data.",
)
@click.option(
    "--task",
    "task_name",
    help="The task for whose inputs a network is made.  [default: that of the ID's run]",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@db_option
def command(name: str, form: str, task_name: str | None, output: Path | None, db: Path) -> None:
    """Write a program as a file that needs only PyTorch.

    It is a candidate, with the evidence for it in the header, a file of yours, or a program of the
    library. An optimiser or a schedule needs nothing else; a network is made for the inputs of a
    task.

    Example: cambrian export 3fa9c1 -o my_optimizer.py
    """
    from runs.evidence import exported

    if (given := known_program(name, task_name)) is not None:
        text = _exported(given, form, task_name)
    else:
        with existing_store(db) as store:
            _demand_network(task_name, store.candidate(name).program.kind)
            text = exported(store, name, form, task_name)
    write_or_print(text, output)


def _exported(given: Side, form: str, task: str | None) -> str:
    """Write a program that no run found."""
    from programs.export import export
    from runs.evidence import place_in

    program = given.program
    _demand_network(task, program.kind)
    if program.kind == "architecture" and form == "py" and not program.form and task is None:
        raise InputError(
            f"{given.name} is a network, and written for the inputs of a task: add --task NAME."
        )
    titled = _titled(program, Path(given.name).stem) if names_a_file(given.name) else program
    return export(titled, form, spec=place_in(task, program.kind) if task else None)


def _demand_network(task: str | None, kind: str) -> None:
    if task is not None and kind != "architecture":
        raise InputError(f"--task is for the inputs of a network; this program is of kind {kind}.")


def _titled(program: Program, title: str) -> Program:
    """Give a program without a docstring that of its file's name: nobody found it by search."""
    from programs.freeform import documentation

    if (genome := program.genome) is not None:
        return program if genome.doc else replace(program, genome=replace(genome, doc=f"{title}."))
    if documentation(program.source):
        return program
    quoted = title.replace("\\", "\\\\").replace('"', '\\"')
    return replace(program, source=f'"""{quoted}."""\n{program.source}')
