"""What a search found, written shorter: evolution leaves `m / 1` and the like behind."""

from __future__ import annotations

import numpy as np

from programs.kind import Kind
from programs.program import Program
from programs.render import render
from programs.simplify import simplify

LARGEST = 60
"""Statements up to which a second or two suffice."""


def shorter(program: Program, kind: Kind) -> str:
    """Return an optimiser or a schedule with fewer statements that behaves the same, if found.

    Networks are left alone: to compare two of them takes too long for the end of a run.
    """
    genome = program.genome
    if genome is None or kind.name == "architecture" or genome.size > LARGEST:
        return ""
    found = simplify(genome, kind, np.random.default_rng(0))
    return render(found.genome, kind) if found.genome.size < genome.size else ""
