"""A program that no run has judged, of a file or the library, as a screen or as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from programs.errors import CambrianError
from programs.export.unicode import export_unicode
from programs.fingerprint import fingerprint
from programs.program import Program
from runs import tables
from runs.contrast import Side
from runs.inert import inert


def as_dict(side: Side) -> dict[str, Any]:
    """Return what a program says of itself; only running it would tell a free-form one's print."""
    from programs.export.latex import export_latex  # late, for the screen has no use for it

    program = side.program
    return {
        "name": side.name,
        "kind": side.kind.name,
        "form": program.form,
        "size": None if program.genome is None else program.genome.size,
        "fingerprint": _fingerprint(side),
        "key": program.key,
        "source": program.source,
        "formula": _formula(program, export_unicode),
        "latex": _formula(program, export_latex),
    }


def as_screen(side: Side) -> RenderableType:
    """Compose the screen: facts first, then the program and its formula."""
    program = side.program
    facts = {
        "program": f"{side.name}, {side.kind.name}, which no run has judged",
        "statements": "" if program.genome is None else str(program.genome.size),
        "fingerprint": _fingerprint(side) or "of free-form Python only `cambrian hash` tells",
        "key": program.key,
    }
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value:
            table.add_row(name, Text(value))
    parts: list[RenderableType] = [table, Text(""), tables.Source(inert(program.source))]
    if formula := _formula(program, export_unicode):
        parts += [Text(""), tables.Formula(formula)]
    return Group(*parts)


def _fingerprint(side: Side) -> str | None:
    genome = side.program.genome
    return None if genome is None else fingerprint(genome, side.kind)


def _formula(program: Program, write: Callable[[Program], str]) -> str | None:
    """Return the program's equations, or `None` where it has none."""
    try:
        return write(program)
    except (CambrianError, ValueError, KeyError):
        return None
