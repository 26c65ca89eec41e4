"""A proposer turns a view of what is known into new programs; it keeps nothing between calls.

View        what a proposer may know: the task, what was tried, what is left
Proposal    a program, and where it came from
Proposer    one method; same view and same generator state give the same proposals
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from evaluators.candidate import Candidate, Origin, Status
from programs.genome import Genome
from programs.kind import Kind
from programs.plugins import Plugins
from programs.program import Program


@dataclass(frozen=True, slots=True)
class View:
    """What is known when a program is proposed.

    `history` holds every candidate so far in order of proposal; `seeds` are the programs that the
    search starts from, with the ids of the candidates that carry them.
    """

    task: str
    goal: str
    kind: Kind
    seeds: Mapping[str, Program]
    history: Sequence[Candidate] = ()
    budget_left: Mapping[str, float] = field(default_factory=dict)

    @property
    def scored(self) -> list[Candidate]:
        """Return the candidates with a score, duplicates of scored ones included."""
        return [c for c in self.history if c.score is not None]

    def elites(self, count: int) -> list[Candidate]:
        """Return the best candidates of distinct behaviour, best first."""
        distinct = [c for c in self.scored if c.evaluation.status is Status.SCORED]
        return sorted(distinct, key=lambda c: (-(c.score or 0.0), c.index))[:count]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a proposer offers: a genome, or a text that is still to be read."""

    offer: Genome | str
    origin: Origin


class Proposer(Protocol):
    """Propose programs; `name` is what `--proposer` calls it."""

    name: str

    def propose(self, view: View, n: int, rng: np.random.Generator) -> Sequence[Proposal]:
        """Return up to `n` proposals; fewer, or none, when there is nothing to offer."""
        ...


PROPOSERS = Plugins(sort="proposer", package="agent.proposers", constant="PROPOSER")


def find_proposer(name: str) -> Proposer:
    """Return a proposer by name, path or entry point; `InputError` names the nearest."""
    return PROPOSERS.find(name)
