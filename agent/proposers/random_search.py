"""Random search: programs drawn without looking at any score, the honest yardstick of evolution.

Each is a seed program after a random number of random edits (Chen et al. 2023, §2.2 compares with
random programs in the same way: same language, same starting point, no selection).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.proposer import Proposal, View
from evaluators.candidate import Origin
from programs.errors import Fault
from programs.operator import OPERATORS, Operator


@dataclass(frozen=True)
class RandomSearch:
    """Take a random walk of 1 to `longest` edits from a seed program."""

    name: str = "random-search"
    longest: int = 12
    mutations: tuple[str, ...] = ("insert", "delete", "modify")

    def propose(self, view: View, n: int, rng: np.random.Generator) -> Sequence[Proposal]:
        """Return `n` random programs."""
        operators: list[Operator] = [OPERATORS.find(name) for name in self.mutations]
        seeds = [(i, p.genome) for i, p in view.seeds.items() if p.genome is not None]
        proposals = []
        for _ in range(n):
            parent, genome = seeds[rng.integers(len(seeds))]
            steps = int(rng.integers(1, self.longest + 1))
            for _ in range(steps):
                child = operators[rng.integers(len(operators))]([genome], view.kind, rng)
                genome = genome if isinstance(child, Fault) else child
            proposals.append(
                Proposal(genome, Origin(self.name, f"{steps} random edits", (parent,)))
            )
        return proposals


PROPOSER = RandomSearch()
