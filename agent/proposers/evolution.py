"""Regularised evolution with Lion's three mutations, or all operators for architectures.

A tournament picks the parent from the youngest members (Real et al. 2019), one of insert, delete
and modify makes the child (Chen et al. 2023), and a child that does what its parent does is drawn
again (Gillard et al. 2023: mutate until the functional hash changes). A parent in free-form Python
has no genome to mutate: one of its constants is nudged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.population import Member, population, tournament
from agent.proposer import Proposal, View
from evaluators.candidate import Origin
from programs.canonical import structural_key
from programs.errors import Fault
from programs.fingerprint import remembered
from programs.kind import Kind
from programs.nudge_text import nudged_text
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
        children = (self._child(members, view.kind, rng) for _ in range(n))
        return [child for child in children if child is not None]

    def _child(
        self, members: Sequence[Member], kind: Kind, rng: np.random.Generator
    ) -> Proposal | None:
        parent = tournament(members, self.tournament, rng)
        if parent.genome is None:
            return self._nudged(parent, rng)
        operators = usual_operators(kind, self.mutations)
        others = [m for m in members if m.genome is not None]
        for _ in range(RETRIES):
            operator = operators[rng.integers(len(operators))]
            parents = [parent]
            parents += [tournament(others, self.tournament, rng) for _ in range(1, operator.arity)]
            genomes = [p.genome for p in parents if p.genome is not None]
            child = operator(genomes, kind, rng)
            if isinstance(child, Fault):
                continue
            does = remembered(child, kind, structural_key(child, kind))
            if does.fingerprint != parent.fingerprint:
                ids = tuple(p.id for p in parents)
                return Proposal(child, Origin(self.name, operator.name, ids))
        return None

    def _nudged(self, parent: Member, rng: np.random.Generator) -> Proposal | None:
        child = nudged_text(parent.source, rng)
        if isinstance(child, Fault):
            return None
        return Proposal(child, Origin(self.name, "nudge-constant", (parent.id,)))


PROPOSER = Evolution()
