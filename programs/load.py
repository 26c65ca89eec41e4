"""From text or genome to a program: read, type-check, clean, key. The door every program passes.

A text is read as a program of the language; failing that as free-form Python, which is lowered into
the language where that can be done without changing what it computes; failing that it gets the
language's located error.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from programs.canonical import structural_key, text_key
from programs.check import Typed, check, examine, without_dead_code
from programs.dialect import lowered
from programs.errors import Fault
from programs.freeform import ENTRIES, Freeform, recognise
from programs.genome import Genome
from programs.kind import Entry, Kind
from programs.named import builtin_kinds, kind_named
from programs.parse import names_in, parse, untyped
from programs.program import Program
from programs.render import render
from programs.tidy import tidy


def kind_of(source: str) -> Kind | None:
    """Tell a program's kind by the function it defines, or `None`."""
    defined = set(names_in(source))
    kinds = [kind_named(name) for name in builtin_kinds()]
    named = [(k.entry.name, k) for k in kinds] + [
        (ENTRIES[k.name], k) for k in kinds if k.name in ENTRIES
    ]
    return next((k for name, k in named if name in defined), None)


def settled(source: str, kind: Kind) -> Kind:
    """Return a kind with the inputs that a text's numbers ask for, if it fits none of the usual.

    Where it fits none of these either, with those that it comes nearest to, whose fault is told.
    """
    genome = untyped(source, kind) if kind.uncommon else None
    if kind.uncommon is None or not isinstance(genome, Genome):
        return kind
    try:
        return _nearest(genome, kind, kind.uncommon(genome))
    except RecursionError:  # which is the fault that reading tells
        return kind


def _nearest(genome: Genome, kind: Kind, entries: Iterable[Entry]) -> Kind:
    nearest, found = kind, examine(genome, kind)
    for entry in entries:
        if isinstance(found, Typed):
            break
        other = kind.at(entry)
        judged = examine(genome, other)
        if isinstance(judged, Typed) or judged.nearness > found.nearness:
            nearest, found = other, judged
    return nearest


def read_program(source: str, kind: Kind) -> Program | Fault:
    """Read a text as a program; its source is kept as written."""
    genome = parse(source, kind)
    if isinstance(genome, Genome):
        return Program(kind.name, source, structural_key(genome, kind), genome)
    free = recognise(source, kind)
    if not isinstance(free, Freeform):
        return free or genome
    genome = lowered(free, kind)
    if genome is not None:
        return Program(kind.name, source, structural_key(genome, kind), genome)
    return Program(kind.name, source, text_key(kind.name, free.text), form=free.form)


def make_program(genome: Genome, kind: Kind) -> Program | Fault:
    """Type-check a genome, drop what is dead, and write it as source."""
    fault = check(genome, kind)
    if isinstance(fault, Fault):
        return fault
    genome = tidy(without_dead_code(genome, kind), kind)
    return Program(kind.name, render(genome, kind), structural_key(genome, kind), genome)


def unreadable(source: str, kind: str) -> Program:
    """Keep a text that is no program, so that its rejection can be recorded."""
    return Program(kind, source, text_key(kind, source))


@cache
def library(kind: str) -> dict[str, Program]:
    """Return the known programs of a kind by name, read from `programs/library`."""
    folder = Path(__file__).with_name("library") / f"{kind}s"
    found: dict[str, Program] = {}
    for entry in sorted(folder.glob("*.py")):
        program = read_program(entry.read_text("utf-8"), kind_named(kind))
        if isinstance(program, Fault):
            raise ValueError(f"library program {entry.name}: {program}")
        found[entry.stem] = program
    return found


def in_language(kind: str) -> dict[str, Program]:
    """Return the known programs of a kind that have a genome."""
    return {name: p for name, p in library(kind).items() if p.genome is not None}
