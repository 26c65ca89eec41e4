"""A program's text as models are shown it: constants folded, nothing said about itself.

What a program computes from constants alone is no statement of it: `0.03 * 1` is shown, and
counted, as `0.03`.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import ndiff
from functools import lru_cache

from evaluators.candidate import Candidate
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.folding import without_dirt
from programs.genome import Genome
from programs.kind import Kind
from programs.load import kind_named, make_program, read_program
from programs.neat import neat
from programs.program import Program
from programs.render import render


def shown_source(candidate: Candidate) -> str:
    """Return a program's text without what it says about itself, which may be long or wrong."""
    return _shown(candidate.program).source


def plain_text(source: str, kind: Kind) -> str:
    """Return a text as that of a candidate is shown: what it says of itself convinces nobody."""
    program = read_program(source, kind)
    return source if isinstance(program, Fault) else _shown(program).source


def statements(candidate: Candidate) -> int:
    """Count the statements of a program as it is shown."""
    return _shown(candidate.program).size


def block(source: str) -> str:
    """Fence a program."""
    return f"```python\n{source.strip()}\n```"


def changes(parent: Candidate, child: Candidate) -> str:
    """Return the lines that went and came, fenced; "" where most of the program is another."""
    before, after = (shown_source(c).strip().split("\n") for c in (parent, child))
    changed = [line.rstrip() for line in ndiff(before, after) if line[0] in "-+"]
    came = sum(line.startswith("+") for line in changed)
    if not changed or 2 * came > len(after):
        return ""
    return "```diff\n" + "\n".join(changed) + "\n```"


def _shown(program: Program) -> Program:
    return program if program.genome is None else _plain(program, program.genome, program.kind)


@lru_cache(maxsize=4096)
def _plain(program: Program, genome: Genome, kind_name: str) -> Program:
    kind = kind_named(kind_name)
    bare = replace(genome, doc="")
    plain = make_program(_folded(bare, kind), kind)
    plain = make_program(bare, kind) if isinstance(plain, Fault) else plain
    if isinstance(plain, Fault):
        # It fits its task, but no usual input, without which nothing can be folded.
        return replace(program, source=render(bare, kind), genome=bare)
    return plain


def _folded(genome: Genome, kind: Kind) -> Genome:
    """Fold constants, with few digits where that makes no difference on the probes."""
    exact, short = neat(genome, kind), neat(genome, kind, without_dirt)
    if short == exact or fingerprint(short, kind) == fingerprint(exact, kind):
        return short
    return exact
