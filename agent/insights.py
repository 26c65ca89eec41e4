"""Notes by rule: what the record says about parts of programs, recomputed from all of it each time.

For every vocabulary function, programs that use it are compared with those that do not, by the
rank of their scores. A note is kept while its evidence is (|t| of at least 2 on at least 4 programs
each side), so one that later results contradict retires by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from agent.claims import LEAST, STRENGTH, contrast, judged, ranks
from agent.proposer import View
from evaluators.candidate import Candidate


@dataclass(frozen=True, slots=True)
class Insight:
    """One note: how programs with a function rank beside those without, and the best of them."""

    op: str
    effect: float
    strength: float
    uses: int
    evidence: tuple[int, ...]

    def __str__(self) -> str:
        way = "above" if self.effect > 0 else "below"
        named = " and ".join(map(str, self.evidence))
        return (
            f"{self.uses} programs with `{self.op}` rank {abs(self.effect):.0%} {way} those "
            f"without it (t = {self.strength:.1f}; e.g. program {named})"
        )


def insights(view: View, count: int = 6) -> list[Insight]:
    """Return the notes with the strongest evidence, strongest first."""
    known = judged(view.history)
    if len(known) < 2 * LEAST:
        return []
    found = sorted(_compared(known, ranks(known)), key=lambda i: (-abs(i.strength), i.op))
    return found[:count]


def _compared(known: list[Candidate], ranked: np.ndarray) -> Iterator[Insight]:
    used = [_ops(c) for c in known]
    for op in sorted(set().union(*used)):
        has = np.array([op in ops for ops in used])
        found = contrast(has, ranked)
        if found is not None and abs(found.strength) >= STRENGTH:
            best = np.argsort(-ranked * has, kind="stable")[:2]
            best_two = tuple(known[i].index for i in best)
            yield Insight(op, found.effect, found.strength, int(has.sum()), best_two)


def _ops(candidate: Candidate) -> set[str]:
    genome = candidate.program.genome
    assert genome is not None
    return {s.op for f in genome.functions for s in f.body}
