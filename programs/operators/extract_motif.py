"""Extract a motif: make a function of a run of statements and call it where they stood.

If statements of the same shape stand elsewhere, the function is called there too. The program does
what it did before, but what follows changes every place at once, and `repeat` and `recur` have one
more function to apply: the motifs of hierarchical architecture search (Liu et al. 2018).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from programs.errors import Fault
from programs.genome import Genome
from programs.kind import Kind
from programs.motifs import LEAST, Run, Shape, apart, extracted, runs
from programs.operator import MAX_STATEMENTS

SHARED_CHANCE = 0.7
"""How often a run that stands in several places is taken, where there is one."""


class ExtractMotif:
    """Turn a run of statements into a helper function."""

    name = "extract-motif"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with one function more."""
        (parent,) = parents
        if not kind.motifs:
            return Fault(f"a program of kind {kind.name} has no helper functions")
        shapes = _by_shape(parent)
        if not shapes:
            return Fault(f"no {LEAST} statements in a row give one value that can have a function")
        chosen = _drawn(list(shapes.values()), rng)
        child = extracted(parent, chosen, kind)
        if child.size > MAX_STATEMENTS:
            return Fault(f"the child would have more than {MAX_STATEMENTS} statements")
        return child


def _by_shape(genome: Genome) -> dict[Shape, list[Run]]:
    found: dict[Shape, list[Run]] = {}
    for run in runs(genome):
        found.setdefault(run.shape, []).append(run)
    return {shape: apart(same) for shape, same in found.items()}


def _drawn(groups: list[list[Run]], rng: np.random.Generator) -> list[Run]:
    shared = [g for g in groups if len(g) > 1]
    if shared and rng.random() < SHARED_CHANCE:
        groups = shared
    return groups[rng.integers(len(groups))]


OPERATOR = ExtractMotif()
