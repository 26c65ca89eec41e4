"""A model goes on from everything it proposed so far (GENIUS, Zheng et al. 2023).

As in the paper it is shown each of its programs with what became of it, in order, and asked for a
better one; the temperature is 0, so the history alone moves it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.claims import cited
from agent.prompts import BUDGET, Section, scored_program
from agent.proposer import Proposal, Setback, View
from agent.question import Dialogue
from agent.request import Request, one_program

SHOWN = 10

ASK = (
    "Learn from your own latest proposals and their results what helps and what hurts, and propose "
    "a program that scores higher than {best}. Say in one or two sentences what you conclude, then "
    "give the whole program in one ```python block."
)
FIRST = (
    "You have proposed nothing yet. Propose a program that scores higher than what you see above; "
    "you will be shown what becomes of it and go on from there. Say in one or two sentences what "
    "you try, then give the whole program in one ```python block."
)


@dataclass(frozen=True)
class Iterate:
    """Show the proposer's own latest proposals, and the best program where it is not among them."""

    name: str = "iterate"
    temperature: float = 0.0
    max_tokens: int = 2_000
    budget: int = BUDGET

    def converse(self, view: View, rng: np.random.Generator) -> Dialogue[Proposal | Setback]:
        """Ask for one program."""
        own = [c for c in view.history if c.origin.proposer == self.name]
        best = view.elites(1)
        # Newest first: what does not fit the budget is the oldest.
        latest = own[: -SHOWN - 1 : -1]
        items = tuple(scored_program(c) for c in latest)
        history = Section("history", "Your proposals, the latest first", items)
        parents = [*own[-1:], *(c for c in best if c not in own[-1:])]
        name = f"{cited(best[0])}, the best so far" if best else "all of them"
        ask = ASK.format(best=name) if own else FIRST
        shown = [c for c in best if c not in latest]
        request = Request(ask, "iterate", parents, shown, (history,))
        return (yield from one_program(request, self, view, rng))


PROPOSER = Iterate()
