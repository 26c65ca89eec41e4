"""Regularised evolution with Lion's three mutations.

A tournament picks the parent from the youngest members (Real et al. 2019), one of insert, delete
and modify makes the child (Chen et al. 2023), and a child that is written like its parent is
mutated again (Gillard et al. 2023, "re-mutate until the hash changes").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.population import population, tournament
from agent.proposer import Proposal, View
from evaluators.candidate import Origin
from programs.canonical import structural_key
from programs.errors import Fault
from programs.operator import OPERATORS, Operator

RETRIES = 20


@dataclass(frozen=True)
class Evolution:
    """Breed from the living; `mutations` are operators' names, equally likely."""

    name: str = "evolution"
    population: int = 32
    tournament: int = 5
    mutations: tuple[str, ...] = ("insert", "delete", "modify")

    def propose(self, view: View, n: int, rng: np.random.Generator) -> Sequence[Proposal]:
        """Return `n` children of tournament winners."""
        members = population(view, self.population)
        operators: list[Operator] = [OPERATORS.find(name) for name in self.mutations]
        proposals = []
        for _ in range(n):
            parent = tournament(members, self.tournament, rng)
            key = structural_key(parent.genome, view.kind)
            for _ in range(RETRIES):
                operator = operators[rng.integers(len(operators))]
                child = operator([parent.genome], view.kind, rng)
                if not isinstance(child, Fault) and structural_key(child, view.kind) != key:
                    proposals.append(
                        Proposal(child, Origin(self.name, operator.name, (parent.id,)))
                    )
                    break
        return proposals


PROPOSER = Evolution()
