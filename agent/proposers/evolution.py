"""Regularised evolution with Lion's three mutations, or all operators for architectures.

A tournament picks the parent from the youngest members (Real et al. 2019), one of insert, delete
and modify makes the child (Chen et al. 2023), and a child that does what its parent does is drawn
again (Gillard et al. 2023: mutate until the functional hash changes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.population import population, tournament
from agent.proposer import Proposal, View
from evaluators.candidate import Origin
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.operator import usual_operators

RETRIES = 20


@dataclass(frozen=True)
class Evolution:
    """Breed from the living; `mutations` are operators' names, equally likely.

    Where none are named, they are those usual for the kind. A second parent, where an operator
    takes one, wins a tournament of its own.
    """

    name: str = "evolution"
    population: int = 32
    tournament: int = 5
    mutations: tuple[str, ...] = ()

    def propose(self, view: View, n: int, rng: np.random.Generator) -> Sequence[Proposal]:
        """Return `n` children of tournament winners."""
        members = population(view, self.population)
        operators = usual_operators(view.kind, self.mutations)
        proposals = []
        for _ in range(n):
            parent = tournament(members, self.tournament, rng)
            for _ in range(RETRIES):
                operator = operators[rng.integers(len(operators))]
                parents = [parent]
                parents += [
                    tournament(members, self.tournament, rng) for _ in range(1, operator.arity)
                ]
                child = operator([p.genome for p in parents], view.kind, rng)
                if isinstance(child, Fault):
                    continue
                if fingerprint(child, view.kind) != parent.fingerprint:
                    ids = tuple(p.id for p in parents)
                    proposals.append(Proposal(child, Origin(self.name, operator.name, ids)))
                    break
        return proposals


PROPOSER = Evolution()
