"""Read an exported file back: the program in its header, where the code below is still its own.

A program is exported anew and compared with the file as code, without layout and comments. One that
was changed by hand since, or that another version wrote, is no longer told by its header.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import replace

from programs.errors import InputError
from programs.export import export
from programs.export.evidence import DEFAULT_LR, Evidence
from programs.export.header import FOUND, MARK, PROGRAM
from programs.genome import Genome
from programs.kind import Kind
from programs.kinds.architecture import at
from programs.load import kind_of, read_program
from programs.program import Program
from programs.spec import Spec

CHANGED = (
    "its header was written by `cambrian export`, but the code below it is not what this version "
    "writes for the program in the header; to use that program, save it in a file of its own"
)

LONGEST = 1 << 20
"""Characters up to which a text is looked at; no exported file is as long."""

_PLACE = re.compile(r"`x` is an? (sequence|image|vector) `\[batch, ([\d, ]+)\]`( of which no)?")


def header_program(text: str) -> str | None:
    """Return the source that an exported file shows in its header, or `None` where it is none."""
    if MARK not in text or len(text) > LONGEST:
        return None
    head, _, rest = _docstring(text).rpartition(f"\n{PROGRAM}\n\n")
    if not head or MARK not in rest:
        return None
    shown: list[str] = []
    for line in rest.splitlines():
        if line.strip() and not line.startswith("    "):
            break
        shown.append(line)
    body = textwrap.dedent("\n".join(shown)).strip()
    quoted = head.strip().replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{quoted}"""\n\n{body}\n'


def is_unchanged(text: str, source: str) -> bool:
    """Tell whether an exported file's code is what the program in its header is exported as."""
    kind = kind_of(source)
    if kind is None:
        return False
    evidence, place = Evidence((), _rate(text)), _place(text, kind)
    program = read_program(source, at(place) if place else kind)
    if not isinstance(program, Program):
        return False
    try:
        return any(_code(text) == _code(export(p, "py", evidence, place)) for p in _titled(program))
    except InputError:
        return False


def _titled(program: Program) -> Iterator[Program]:
    """Yield a program, and without its title where that may be one that the header gave it."""
    yield program
    genome = program.genome
    if isinstance(genome, Genome) and genome.doc.startswith(FOUND[program.kind]):
        yield replace(program, genome=replace(genome, doc=""))


def _rate(text: str) -> float:
    """Return the learning rate that an exported optimiser starts with."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            places = [a.arg for a in node.args.args]
            given = dict(zip(reversed(places), reversed(node.args.defaults), strict=False))
            if isinstance(rate := given.get("lr"), ast.Constant):
                return float(rate.value) if isinstance(rate.value, int | float) else DEFAULT_LR
    return DEFAULT_LR


def _place(text: str, kind: Kind) -> Spec | None:
    """Return the input that an exported architecture was made for; its outputs change no code."""
    found = _PLACE.search(" ".join(_docstring(text).split()))
    if found is None or kind.name != "architecture":
        return None
    sort, sizes, causal = found.groups()
    shape = tuple(int(size) for size in sizes.split(","))
    return Spec(sort, shape, outputs=1, causal=causal is not None)  # type: ignore[arg-type]


def _docstring(text: str) -> str:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return ast.get_docstring(tree, clean=False) or ""


def _code(text: str) -> str:
    tree = ast.parse(text)
    return ast.dump(ast.Module(tree.body[1:], []))
