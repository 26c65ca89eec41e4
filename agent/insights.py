"""Notes to self: what the record says about parts of programs, recomputed from all of it each time.

For every vocabulary function, programs that use it are compared with those that do not, by the
rank of their scores. A note is kept while its evidence is (|t| of at least 2 on at least 4 programs
each side), so one that later results contradict retires by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from agent.proposer import View
from evaluators.candidate import Candidate, Status

LEAST = 4
STRENGTH = 2.0


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
    judged = [c for c in view.history if _judged(c)]
    if len(judged) < 2 * LEAST:
        return []
    ranks = np.empty(len(judged))
    scores = [-np.inf if c.score is None else c.score for c in judged]
    ranks[np.argsort(scores, kind="stable")] = np.linspace(0.0, 1.0, len(judged))
    found = sorted(_compared(judged, ranks), key=lambda i: (-abs(i.strength), i.op))
    return found[:count]


def _judged(candidate: Candidate) -> bool:
    unknown = (Status.INVALID, Status.DUPLICATE)
    return candidate.program.genome is not None and candidate.evaluation.status not in unknown


def _compared(judged: list[Candidate], ranks: np.ndarray) -> Iterator[Insight]:
    used = [_ops(c) for c in judged]
    for op in sorted(set().union(*used)):
        has = np.array([op in ops for ops in used])
        if min(has.sum(), (~has).sum()) < LEAST:
            continue
        effect = ranks[has].mean() - ranks[~has].mean()
        spread = np.sqrt(ranks[has].var() / has.sum() + ranks[~has].var() / (~has).sum())
        strength = float(effect / max(spread, 1e-9))
        if abs(strength) >= STRENGTH:
            best = np.argsort(-ranks * has, kind="stable")[:2]
            best_two = tuple(judged[i].index for i in best)
            yield Insight(op, float(effect), strength, int(has.sum()), best_two)


def _ops(candidate: Candidate) -> set[str]:
    genome = candidate.program.genome
    assert genome is not None
    return {s.op for f in genome.functions for s in f.body}
