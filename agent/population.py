"""Who may become a parent: the population of regularised evolution, read off a view.

The population is the last `size` scored candidates, whatever their score: the oldest dies, not
the worst (Real et al. 2019). At the start it is filled with copies of the seed programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.proposer import View
from programs.genome import Genome


@dataclass(frozen=True, slots=True)
class Member:
    """A possible parent; a seed program that is not scored yet has no score and loses any fight."""

    id: str
    genome: Genome
    score: float


def population(view: View, size: int) -> list[Member]:
    """Return the living members, oldest first."""
    scores = {c.id: c.score for c in view.history}
    seeds = [
        Member(id_, program.genome, _known(scores.get(id_)))
        for id_, program in view.seeds.items()
        if program.genome is not None
    ]
    children = [
        Member(c.id, c.program.genome, c.score)
        for c in view.history
        if c.score is not None and c.program.genome is not None and c.id not in view.seeds
    ][-size:]
    copies = [seeds[i % len(seeds)] for i in range(size - len(children))] if seeds else []
    return copies + children


def _known(score: float | None) -> float:
    return -np.inf if score is None else score


def tournament(members: Sequence[Member], size: int, rng: np.random.Generator) -> Member:
    """Return the best of `size` members drawn with replacement; the youngest wins a tie."""
    drawn = rng.integers(len(members), size=size)
    return members[max(drawn, key=lambda i: (members[i].score, i))]
