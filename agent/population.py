"""Who may become a parent: the population of regularised evolution, read off a view.

The population is the last `size` scored candidates, whatever their score: the oldest dies, not
the worst (Real et al. 2019). At the start it is filled with copies of the seed programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice

import numpy as np

from agent.proposer import View
from evaluators.candidate import Candidate
from programs.genome import Genome


@dataclass(frozen=True, slots=True)
class Member:
    """A possible parent, with its score on each rung that it was judged on, the cheapest first.

    Where it has no score it loses any fight. Free-form Python has no genome, so that only its
    constants can be changed.
    """

    id: str
    genome: Genome | None
    scores: tuple[float, ...]
    fingerprint: str = ""
    source: str = ""


def population(view: View, size: int) -> list[Member]:
    """Return the living members, oldest first."""
    # From the latest back, as far as it takes: of a long history the rest need not be read.
    living = (c for c in reversed(view.history) if c.id not in view.seeds and c.score is not None)
    children = [_member(c) for c in islice((c for c in living if c.evaluation.ranked), size)][::-1]
    seeds = [_member(c) for c in view.history if c.id in view.seeds] if len(children) < size else []
    copies = [seeds[i % len(seeds)] for i in range(size - len(children))] if seeds else []
    return copies + children


def _member(candidate: Candidate) -> Member:
    judged = (candidate.evaluation, *candidate.climbs)
    scores = tuple(-np.inf if e.score is None else e.score for e in judged)
    program, behaviour = candidate.program, candidate.evaluation.fingerprint
    return Member(candidate.id, program.genome, scores, behaviour, program.source)


def tournament(members: Sequence[Member], size: int, rng: np.random.Generator) -> Member:
    """Return the winner of `size` members drawn with replacement, in duels from the oldest on."""
    drawn = sorted(rng.integers(len(members), size=size))
    return reduce(duel, (members[i] for i in drawn))


def duel(older: Member, younger: Member) -> Member:
    """Return the better on the dearest rung that both were judged on; the younger wins a tie.

    That is what is known best about the two, and scores of different rungs never compare.
    """
    rung = min(len(older.scores), len(younger.scores)) - 1
    return older if older.scores[rung] > younger.scores[rung] else younger
