"""Notes by rule: what the record says about parts of programs, recomputed from all of it each time.

For every vocabulary function, programs that use it are compared with those that do not, by the
rank of their scores. A note is kept while its evidence is (|t| of at least 2 on at least 4 programs
each side), so one that later results contradict retires by itself. Functions that the very same
programs use share a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from agent.claims import LEAST, STRENGTH, cited, contrast, judged, ranks, spelling
from agent.proposer import View
from evaluators.candidate import Candidate
from programs.kind import Kind

CITED = 2
"""Programs that a note names."""


@dataclass(frozen=True, slots=True)
class Insight:
    """One note: how programs with these functions rank beside those without.

    `evidence` are the best of them where they rank above, the worst where they rank below.
    """

    ops: tuple[str, ...]
    effect: float
    strength: float
    uses: int
    judged: int
    evidence: tuple[Candidate, ...]

    def __str__(self) -> str:
        way, end = ("above", "best") if self.effect > 0 else ("below", "worst")
        each = " and ".join(map(cited, self.evidence))
        places = abs(self.effect) * (self.judged - 1)
        used = " and ".join(f"`{op}`" for op in self.ops)
        return (
            f"of {self.judged} programs, ranked by score, the {self.uses} with {used} stand on "
            f"average {places:.0f} places {way} those without (t = {self.strength:.1f}; the {end} "
            f"of them: {each})"
        )


def insights(view: View, count: int = 6) -> list[Insight]:
    """Return the notes with the strongest evidence, strongest first."""
    known = judged(view.history)
    if len(known) < 2 * LEAST:
        return []
    found = sorted(_compared(known, view.kind), key=lambda i: (-abs(i.strength), i.ops))
    return found[:count]


def _compared(known: list[Candidate], kind: Kind) -> Iterator[Insight]:
    ranked = ranks(known)
    for users, ops in _users(known).items():
        has = np.isin(np.arange(len(known)), users)
        found = contrast(has, ranked)
        if found is not None and abs(found.strength) >= STRENGTH:
            ordered = sorted(users, key=lambda i: ranked[i], reverse=found.effect > 0)
            cited = tuple(known[i] for i in ordered[:CITED])
            words = tuple(spelling(op, kind) for op in ops)
            yield Insight(words, found.effect, found.strength, len(users), len(known), cited)


def _users(known: list[Candidate]) -> dict[tuple[int, ...], list[str]]:
    """Return the functions that are used, by the places of the programs that use them."""
    used = [_ops(c) for c in known]
    together: dict[tuple[int, ...], list[str]] = {}
    for op in sorted(set().union(*used)):
        users = tuple(i for i, ops in enumerate(used) if op in ops)
        together.setdefault(users, []).append(op)
    return together


def _ops(candidate: Candidate) -> set[str]:
    genome = candidate.program.genome
    assert genome is not None
    return {s.op for f in genome.functions for s in f.body}
