"""The docstring an exported file opens with: the program, how to read it, what is known of it."""

from __future__ import annotations

import ast
import textwrap

from programs.check import without_dead_code
from programs.export.evidence import Evidence
from programs.genome import Genome
from programs.load import kind_named
from programs.program import Program
from programs.tidy import tidy

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
    lines += ["", "The program:", "", *_indented(_source(program))]
    lines += ["", *textwrap.wrap(reading, 88)]
    if evidence.lines:
        lines += ["", "Evidence:", "", *_indented("\n".join(evidence.lines))]
    lines += ["", "Exported by Cambrian. Needs PyTorch, nothing else."]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{text}\n"""\n\n{imports}'


def _source(program: Program) -> str:
    """Return the program's own text from its first function on."""
    first = next(n for n in ast.parse(program.source).body if isinstance(n, ast.FunctionDef))
    return "\n".join(program.source.splitlines()[first.lineno - 1 :]).strip()


def _indented(text: str) -> list[str]:
    return textwrap.indent(text, "    ").splitlines()
