"""A program that a command takes by candidate id or as a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from programs.errors import InputError
from runs.commands.common import existing_store, read_file

if TYPE_CHECKING:
    from programs.genome import Genome
    from programs.kind import Kind

FREEFORM = (
    "is free-form Python, which has no statements to look at. `cambrian hash` tells whether it "
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


def program_named(name: str, db: Path) -> Named:
    """Read a file where there is one of that name, or else a candidate of the database."""
    path = Path(name)
    if path.is_file() or path.suffix == ".py":
        program, kind = read_file(path)
        if program.genome is None:
            raise InputError(f"{name} {FREEFORM}")
        return Named(name, program.key, program.genome, kind)
    return _candidate(name, db)


def _candidate(name: str, db: Path) -> Named:
    from programs.errors import Fault
    from programs.load import kind_named, read_program

    with existing_store(db) as store:
        candidate = store.candidate(name)
        task = store.run_of(candidate.id).task
    program = candidate.program
    kind = kind_named(program.kind)
    read = read_program(program.source, kind)
    if isinstance(read, Fault):
        raise InputError(f"Candidate {candidate.id} is not a program of the language: {read}")
    if read.genome is None:
        raise InputError(f"Candidate {candidate.id} {FREEFORM}")
    return Named(candidate.id, program.key, read.genome, kind, task)
