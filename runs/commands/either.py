"""A program that a command takes as a file, by its name in the library, or by candidate id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from programs.errors import InputError
from runs.commands.common import existing_store, read_file, read_source

if TYPE_CHECKING:
    from programs.genome import Genome
    from programs.kind import Kind
    from runs.contrast import Side

FREEFORM = (
    "is free-form Python, which has no statements to look at. `cambrian diff` tells whether it "
    "does what another program does."
)

EXPECTED = "Expected a candidate's id, a file or a name of the library"


@dataclass(frozen=True, slots=True)
class Named:
    """A program of the language under the name the user gave; `task` is that of its run, if any."""

    name: str
    key: str
    genome: Genome
    kind: Kind
    task: str = ""


def program_named(name: str, db: Path, task: str | None = None, kind: str | None = None) -> Named:
    """Read a program of the language: a file, one of the library, or a candidate.

    What is no candidate is read for the inputs of a task, and a file as of a kind, if named.
    """
    side = given_program(name, db, task, kind)
    if side.program.genome is None:
        called = name if side.candidate is None else f"Candidate {side.name}"
        raise InputError(f"{called} {FREEFORM}")
    searched = side.task if side.candidate else ""
    return Named(side.name, side.program.key, side.program.genome, side.kind, searched)


def given_program(name: str, db: Path, task: str | None = None, kind: str | None = None) -> Side:
    """Read a program in any form: a file, one of the library, or a candidate.

    What is no candidate is read for the inputs of a task, and a file as of a kind, if named.
    """
    return known_program(name, task, kind) or _candidate(name, db)


def known_program(name: str, task: str | None = None, kind: str | None = None) -> Side | None:
    """Read a file or a program of the library; `None` for what can only be a candidate."""
    from programs.named import library_kinds

    if not names_a_file(name) and name not in library_kinds():
        _demand_id(name)
        return None
    # Late, for a candidate is shown without it.
    from runs.contrast import Side

    if names_a_file(name):
        return Side(name, *read_file(Path(name), task, kind), task=task or "")
    return _of_the_library(name, library_kinds()[name], task)


def _of_the_library(name: str, kind: str, task: str | None) -> Side:
    from evaluators.task import find_task, language
    from programs.errors import Fault
    from programs.load import library, read_program
    from programs.named import kind_named
    from runs.contrast import Side

    known = library(kind)[name]
    if task is None:
        return Side(name, known, kind_named(kind))
    judged = language(find_task(task, kind))
    read = read_program(known.source, judged)
    if isinstance(read, Fault):
        raise InputError(f"{name} does not fit the inputs of {task}: {read}")
    return Side(name, read, judged, task=task)


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody gave to be judged, which may be no program; `kind` and `task` where known."""

    source: str
    kind: str | None = None
    task: str = ""


def given_text(name: str, db: Path) -> Given:
    """Read the text of a file, of a program of the library, or of a candidate."""
    from programs.load import kind_of, library
    from programs.named import library_kinds

    if names_a_file(name):
        source = read_source(Path(name))
        kind = kind_of(source)
        return Given(source, kind.name if kind else None)
    if known := library_kinds().get(name):
        return Given(library(known)[name].source, known)
    _demand_id(name)
    with existing_store(db) as store:
        candidate = store.candidate(name)
        run = store.run_of(candidate.id)
    return Given(candidate.program.source, run.kind, run.task)


def names_a_file(name: str) -> bool:
    """Tell whether a name is that of a file, there or not."""
    path = Path(name)
    return path.is_file() or path.suffix == ".py"


def demand_candidate(name: str, instead: str) -> None:
    """Refuse a file or a name of the library where only a candidate will do."""
    from programs.named import library_kinds

    if names_a_file(name) or name in library_kinds():
        raise InputError(f"Expected the id of a candidate, found `{name}`: {instead}")


def _demand_id(name: str) -> None:
    """Refuse what is no id but nearly a name of the library."""
    from programs.errors import closest
    from programs.named import library_kinds

    if not _ID.fullmatch(name) and (near := closest(name, library_kinds())):
        raise InputError(f"{EXPECTED}, found `{name}`. Did you mean `{near}`?")


_ID = re.compile("[0-9a-f]*")


def _candidate(name: str, db: Path) -> Side:
    from programs.errors import Fault
    from programs.load import read_program
    from runs.contrast import Side
    from runs.judged import kind_judged

    with existing_store(db) as store:
        candidate = store.candidate(name)
        run = store.run_of(candidate.id)
    source = candidate.program.source
    kind = kind_judged(run.task, candidate.program.kind, source)
    read = read_program(source, kind)
    if isinstance(read, Fault):
        raise InputError(f"Candidate {candidate.id} is not a program of the language: {read}")
    return Side(candidate.id, read, kind, candidate, run.task, run.protocol)
