"""A model changes a few lines of a good program by search/replace blocks.

An edit costs fewer tokens than a program and keeps what it does not name. A reply that gives the
whole program instead is taken as well: small models often cannot do otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from agent.directions import drawn_direction
from agent.edits import read_edits
from agent.parents import beyond, parents
from agent.prompts import BUDGET, named, shown_source
from agent.proposer import Proposal, Setback, View
from agent.question import Dialogue
from agent.request import Request, one_program

ASK = """\
Improve {name} by small edits{goal}. {direction} Write each edit as

<<<<<<< SEARCH
whole lines of the program, exactly as they stand
=======
what replaces them
>>>>>>> REPLACE

The lines must stand together in the program; the first place where they do is taken. Edits are \
applied in the order given, each to what the ones before made. Any line may be edited, that with \
`def` too; to delete lines, leave the part below ======= empty. Say in one sentence what you \
change and why, then give the edits and nothing else."""

AGAIN = (
    "Give edits of {name} as it was shown, not of your last reply, in SEARCH/REPLACE blocks as "
    "before."
)


@dataclass(frozen=True)
class Diff:
    """Show one parent and ask for edits of it."""

    name: str = "diff"
    temperature: float = 0.8
    max_tokens: int = 1_000
    budget: int = BUDGET

    def converse(self, view: View, rng: np.random.Generator) -> Dialogue[Proposal | Setback]:
        """Ask for edits of one parent."""
        chosen = parents(view, 1, rng)
        if not chosen:
            return Setback("too early: there is no program to edit yet")
        name = named(chosen[0])
        goal = beyond(view, chosen)
        direction = drawn_direction(view.kind, rng, small=True)
        ask = ASK.format(name=name, goal=goal, direction=direction)
        read = partial(read_edits, shown_source(chosen[0]))
        again = AGAIN.format(name=name)
        request = Request(ask, "edit", chosen, chosen, read=read, again=again)
        return (yield from one_program(request, self, view, rng))


PROPOSER = Diff()
