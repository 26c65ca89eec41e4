"""The docstring an exported file opens with: the program, how to read it, what is known of it."""

from __future__ import annotations

import ast
import textwrap

from programs.check import without_dead_code
from programs.docstrings import docstring
from programs.export.evidence import Evidence
from programs.genome import Genome
from programs.load import kind_named
from programs.program import Program
from programs.tidy import tidy

PROGRAM = "The program:"
"""The line above the program's text."""

MARK = "Exported by Cambrian."
"""How the last line of an exported file's docstring opens."""

FOUND = {
    "optimizer": "An optimiser found by search",
    "schedule": "A learning-rate schedule found by search",
    "architecture": "An architecture found by search",
}


def clean(program: Program) -> Genome:
    """Return the program without what is dead, as its text will say it."""
    assert program.genome is not None
    kind = kind_named(program.kind)
    return tidy(without_dead_code(program.genome, kind), kind)


def header(program: Program, evidence: Evidence, reading: str, imports: str) -> str:
    """Return the module's docstring and imports; `reading` says what the program's names mean."""
    assert program.genome is not None
    lines = [program.genome.doc.strip() or f"{FOUND[program.kind]}, {program.key[:8]}."]
    lines += ["", PROGRAM, "", *_indented(body_of(program.source))]
    lines += ["", *textwrap.wrap(reading, 88)]
    if evidence.lines:
        lines += ["", "Evidence:", "", *_indented("\n".join(evidence.lines))]
    lines += ["", f"{MARK} Needs PyTorch, nothing else."]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{text}\n"""\n\n{imports}'


def body_of(source: str) -> str:
    """Return a text without its docstring and what must stand first in a file."""
    tree = ast.parse(source)
    lines: list[str | None] = list(source.splitlines())
    for place, node in enumerate(tree.body):
        first = place == 0 and docstring(node) is not None
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if first or future:
            last = node.end_lineno or node.lineno
            lines[node.lineno - 1 : last] = [None] * (last - node.lineno + 1)
    return "\n".join(line for line in lines if line is not None).strip()


def _indented(text: str) -> list[str]:
    return textwrap.indent(text, "    ").splitlines()
