"""A model writes a whole new program, starting from a good one.

One direction out of several is asked for, so that equal views do not bring equal programs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.parents import parents, with_elites
from agent.prompts import BUDGET, ELITES, named
from agent.proposer import Proposal, Setback, View
from agent.question import Dialogue
from agent.request import Request, one_program

DIRECTIONS = (
    "Change the one thing that you think holds it back most.",
    "Use an idea from the literature that no program above uses.",
    "Make it simpler without losing what works.",
    "Make a bold change of its structure; a failure is fine if much could be learnt from it.",
)
SPECIAL = {
    "optimizer": (
        "Use a different statistic of the gradient, or the same one at another scale or grouping.",
        "Let its behaviour change in the course of training, or with the size of what it sees.",
    ),
    "schedule": (
        "Change how the rate begins: the length and the shape of its rise, or none.",
        "Change how the rate ends: when it falls, along which curve, and how low.",
    ),
    "architecture": (
        "Mix positions in another way: convolution, attention, recurrence, pooling.",
        "Spend its parameters elsewhere: width, depth, gates, or weights that are shared.",
    ),
}
"""Directions that only programs of a kind can go."""


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
        directions = (*DIRECTIONS, *SPECIAL.get(view.kind.name, ()))
        direction = directions[int(rng.integers(len(directions)))]
        start = f"Start from {named(chosen[0])}. " if chosen else ""
        ask = (
            f"{start}{direction} Say in one or two sentences what you change and why, then give "
            "the whole program in one ```python block."
        )
        shown = with_elites(view, chosen, ELITES)
        return (yield from one_program(Request(ask, "rewrite", chosen, shown), self, view, rng))


PROPOSER = Rewrite()
