"""A program that a command takes as a file, by its name in the library, or by candidate id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from programs.errors import InputError
from runs.commands.common import existing_store, read_file

if TYPE_CHECKING:
    from programs.genome import Genome
    from programs.kind import Kind
    from runs.contrast import Side

FREEFORM = (
    "is free-form Python, which has no statements to look at. `cambrian diff` tells whether it "
    "does what another program does."
)


@dataclass(frozen=True, slots=True)
class Named:
    """A program of the language under the name the user gave; `task` is that of its run, if any."""

    name: str
    key: str
    genome: Genome
    kind: Kind
    task: str = ""


def program_named(name: str, db: Path, task: str | None = None) -> Named:
    """Read a program of the language: a file, one of the library, or a candidate.

    A file is read for the inputs of a task, if one is named.
    """
    side = given_program(name, db, task)
    if side.program.genome is None:
        called = name if side.candidate is None else f"Candidate {side.name}"
        raise InputError(f"{called} {FREEFORM}")
    searched = side.task if side.candidate else ""
    return Named(side.name, side.program.key, side.program.genome, side.kind, searched)


def given_program(name: str, db: Path, task: str | None = None) -> Side:
    """Read a program in any form: a file, one of the library, or a candidate.

    A file is read for the inputs of a task, if one is named.
    """
    from programs.load import builtin_kinds, kind_named, library
    from runs.contrast import Side

    path = Path(name)
    if path.is_file() or path.suffix == ".py":
        return Side(name, *read_file(path, task), task=task or "")
    for each in builtin_kinds():
        if known := library(each).get(name):
            return Side(name, known, kind_named(each))
    return _candidate(name, db)


def _candidate(name: str, db: Path) -> Side:
    from programs.errors import Fault
    from programs.load import read_program
    from runs.contrast import Side
    from runs.judged import kind_judged

    with existing_store(db) as store:
        candidate = store.candidate(name)
        run = store.run_of(candidate.id)
    kind = kind_judged(run.task, candidate.program.kind)
    read = read_program(candidate.program.source, kind)
    if isinstance(read, Fault):
        raise InputError(f"Candidate {candidate.id} is not a program of the language: {read}")
    return Side(candidate.id, read, kind, candidate, run.task, run.protocol)
