"""A model writes a whole new program, starting from a good one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.directions import drawn_direction
from agent.parents import beyond, parents, with_elites
from agent.prompts import BUDGET, ELITES, named
from agent.proposer import Proposal, Setback, View
from agent.question import Dialogue
from agent.request import Request, one_program
from evaluators.candidate import Candidate


@dataclass(frozen=True)
class Rewrite:
    """Show a parent among the elites and ask for a better program."""

    name: str = "rewrite"
    temperature: float = 0.8
    max_tokens: int = 2_000
    budget: int = BUDGET

    def converse(self, view: View, rng: np.random.Generator) -> Dialogue[Proposal | Setback]:
        """Ask for one program."""
        chosen = parents(view, 1, rng)
        direction = drawn_direction(view.kind, rng)
        start = _start(chosen[0], view) if chosen else ""
        ask = (
            f"{start}{direction} Say in one or two sentences what you change and why, then give "
            "the whole program in one ```python block."
        )
        shown = with_elites(view, chosen, ELITES)
        return (yield from one_program(Request(ask, "rewrite", chosen, shown), self, view, rng))


def _start(parent: Candidate, view: View) -> str:
    """Say what to start from, and what to beat where that is another program."""
    return f"Start from {named(parent)}{beyond(view, [parent])}. "


PROPOSER = Rewrite()
