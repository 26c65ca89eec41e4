"""A model combines two or three programs into one, knowing their scores (as in ShinkaEvolve)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.parents import beyond, unlike_parents
from agent.prompts import BUDGET, named
from agent.proposer import Proposal, Setback, View
from agent.question import Dialogue
from agent.request import Request, one_program

ASK = (
    "Combine what is good in {names} into one program{goal}. Do not paste them together: find out "
    "which part of each makes it good, and build one rule from those parts; if one adds nothing, "
    "leave it out and say so. Say in one or two sentences what you take from which, then give the "
    "whole program in one ```python block."
)


@dataclass(frozen=True)
class Crossover:
    """Show only the parents, which differ: two or (one time in three) three of them."""

    name: str = "crossover"
    temperature: float = 0.8
    max_tokens: int = 2_000
    budget: int = BUDGET

    def converse(self, view: View, rng: np.random.Generator) -> Dialogue[Proposal | Setback]:
        """Ask for one child."""
        chosen = unlike_parents(view, 3 if rng.random() < 1 / 3 else 2, rng)
        if len(chosen) < 2:
            return Setback("too early: there are no two programs to combine yet")
        ask = ASK.format(names=" and ".join(named(c) for c in chosen), goal=beyond(view, chosen))
        request = Request(ask, "crossover", chosen, chosen)
        return (yield from one_program(request, self, view, rng))


PROPOSER = Crossover()
