"""Who may become a parent: the population of regularised evolution, read off a view.

The population is the last `size` scored candidates, whatever their score: the oldest dies, not
the worst (Real et al. 2019). At the start it is filled with copies of the seed programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.proposer import View
from evaluators.candidate import Candidate
from programs.genome import Genome


@dataclass(frozen=True, slots=True)
class Member:
    """A possible parent; a seed program without a score loses any fight.

    Free-form Python has no genome, so that only its constants can be changed.
    """

    id: str
    genome: Genome | None
    score: float
    fingerprint: str = ""
    source: str = ""


def population(view: View, size: int) -> list[Member]:
    """Return the living members, oldest first."""
    seeds = [_member(c) for c in view.history if c.id in view.seeds]
    living = (c for c in view.history if c.id not in view.seeds and c.score is not None)
    children = [_member(c) for c in living if c.evaluation.ranked][-size:]
    copies = [seeds[i % len(seeds)] for i in range(size - len(children))] if seeds else []
    return copies + children


def _member(candidate: Candidate) -> Member:
    score = -np.inf if candidate.score is None else candidate.score
    program, behaviour = candidate.program, candidate.evaluation.fingerprint
    return Member(candidate.id, program.genome, score, behaviour, program.source)


def tournament(members: Sequence[Member], size: int, rng: np.random.Generator) -> Member:
    """Return the best of `size` members drawn with replacement; the youngest wins a tie."""
    drawn = rng.integers(len(members), size=size)
    return members[max(drawn, key=lambda i: (members[i].score, i))]
