"""Inline a motif: write a helper function's body out in the place of one call of it.

The program does what it did before, but from now on this copy can change without the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from programs.errors import Fault
from programs.genome import CALL, Genome
from programs.kind import Kind
from programs.motifs import inlined
from programs.operator import MAX_STATEMENTS


class InlineMotif:
    """Replace a call by what it calls."""

    name = "inline-motif"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with one call less."""
        (parent,) = parents
        calls = [(f, i) for f in parent.functions for i, s in enumerate(f.body) if s.op == CALL]
        if not calls:
            return Fault("the program calls no helper function")
        function, place = calls[rng.integers(len(calls))]
        child = inlined(parent, function, place, kind)
        if child.size > MAX_STATEMENTS:
            return Fault(f"the child would have more than {MAX_STATEMENTS} statements")
        return child


OPERATOR = InlineMotif()
