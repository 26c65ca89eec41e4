"""Mend: a program by a model that failed when it was judged goes back with what became of it.

What does not parse or type-check is sent back at once, in the conversation that brought it. That a
program crashes, diverges or takes too long is known only once it was judged, when its conversation
is over: so a later place is given to its repair, the same few times at most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.dialogue import REPAIRS
from agent.parents import drawn
from agent.prompts import BUDGET, block, named
from agent.proposer import Proposal, Setback, View
from agent.question import Dialogue
from agent.request import Request, one_program
from evaluators.candidate import Candidate, Status

BROKEN = (Status.FAILED, Status.TIMED_OUT)
LONGEST_MESSAGE = 600

ASK = (
    "This program, {name}, was judged and got no score:\n\n{program}\n\nWhat became of it: "
    "{message}\n\nThe idea behind it was: {idea}\n\nKeep the idea and correct what made it fail; "
    "if the idea itself cannot work, change what is needed of it. Say in one sentence what was "
    "wrong, then give the whole corrected program in one ```python block."
)


@dataclass(frozen=True)
class Mend:
    """Show one broken program with its message, the latest more often; `repairs` times at most."""

    name: str = "mend"
    temperature: float = 0.4
    max_tokens: int = 2_000
    budget: int = BUDGET
    repairs: int = REPAIRS

    def converse(self, view: View, rng: np.random.Generator) -> Dialogue[Proposal | Setback]:
        """Ask for the corrected program."""
        broken = [c for c in reversed(view.history) if self._waits(c, view)]
        if not broken:
            return Setback("too early: no program by a model has failed and waits to be mended")
        chosen = broken[drawn(len(broken), 1, rng)[0]]
        ask = ASK.format(
            name=named(chosen),
            program=block(chosen.program.source),
            message=(chosen.evaluation.message or str(chosen.evaluation.status))[:LONGEST_MESSAGE],
            idea=chosen.origin.rationale or "(not said)",
        )
        return (yield from one_program(Request(ask, "mend", [chosen]), self, view, rng))

    def _waits(self, candidate: Candidate, view: View) -> bool:
        """Tell whether a model's program failed when judged, and was not mended too often yet."""
        origin = candidate.origin
        written = bool(origin.model) and not origin.usage.get("stand_in")
        if not written or candidate.evaluation.status not in BROKEN:
            return False
        return self._line(candidate, view) < self.repairs and not self._mended(candidate, view)

    def _line(self, candidate: Candidate, view: View) -> int:
        """Return how many repairs led to a candidate."""
        by_id = {c.id: c for c in view.history}
        count = 0
        while candidate.origin.proposer == self.name:
            count += 1
            candidate = by_id[candidate.origin.parents[0]]
        return count

    def _mended(self, candidate: Candidate, view: View) -> bool:
        own = (c for c in view.history if c.origin.proposer == self.name)
        return any(candidate.id in c.origin.parents for c in own)


PROPOSER = Mend()
