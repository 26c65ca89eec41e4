"""Explain and improve: a model says why a line of descent is stuck, then writes what would help.

The line is one whose attempts failed, or brought nothing better. The reason is asked for by itself,
before there is a program to defend: it leads the program that follows, and stays on record with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agent.dialogue import offered
from agent.parents import drawn
from agent.prompts import BUDGET, Section, named, scored_program
from agent.proposer import Proposal, Setback, View
from agent.question import Dialogue
from agent.request import Request, obtained_by, origin_of, question
from agent.stuck import Stuck, stuck
from evaluators.candidate import Candidate

SHOWN = 5
"""The latest attempts that are shown."""

REASON_TOKENS = 500
LONGEST_REASON = 400

FAILING = (
    "The line that begins with {name} is stuck: of {count} programs made from it, most got no "
    "score, and none is better. Above are the latest {shown} with what became of them."
)
PLATEAU = (
    "The line that begins with {name} is stuck: none of {count} programs made from it is better "
    "by more than the noise. Above are the latest {shown} with their scores."
)
WHY = (
    " Why is that? Say in two to four sentences what these attempts have in common that keeps them "
    "from being better, going by the programs and figures above; if the differences are no larger "
    "than the noise (±), say that it is noise. Write no program yet."
)
IMPROVE = (
    "Now write a program that does better than {name} because it removes that cause, or goes "
    "another way if there is none. Say in one sentence how, then give the whole program in one "
    "```python block."
)


@dataclass(frozen=True)
class Explain:
    """Show a stuck line, ask for the reason, then for an improved program."""

    name: str = "explain"
    temperature: float = 0.7
    max_tokens: int = 2_000
    budget: int = BUDGET

    def converse(self, view: View, rng: np.random.Generator) -> Dialogue[Proposal | Setback]:
        """Ask for a reason and one program."""
        lines = stuck(view)
        if not lines:
            return Setback("too early: no line of descent is stuck yet")
        line = lines[drawn(len(lines), 1, rng)[0]]
        name = named(line.best)
        shown, attempts = _leading(line, view), _attempts(line)
        request = Request(_why(line), "explain", [line.best], shown, (attempts,))
        first = question(request, self, view, rng)
        asked = replace(first, purpose=f"{first.purpose} reason", max_tokens=REASON_TOKENS)
        (answer,) = yield (asked,)
        if answer.error:
            return Setback(answer.error)
        improve = asked.followed_by(
            answer.text or "(nothing)", IMPROVE.format(name=name), first.purpose
        )
        improve = replace(improve, max_tokens=self.max_tokens)
        obtained = yield from obtained_by(request, improve, view)
        reason = " ".join(answer.text.split())[:LONGEST_REASON]
        return _with_reason(offered(obtained, origin_of(request, self)), reason)


def _why(line: Stuck) -> str:
    count = len(line.failed) + len(line.level)
    said = FAILING if line.failing else PLATEAU
    return said.format(name=named(line.best), count=count, shown=min(SHOWN, count)) + WHY


def _attempts(line: Stuck) -> Section:
    """Show the latest attempts; what does not fit the budget is the oldest."""
    latest: Sequence[Candidate] = sorted((*line.failed, *line.level), key=lambda c: -c.index)
    line_of = {c.id: c for c in (line.best, *latest)}
    items = tuple(_attempt(c, line_of) for c in latest[:SHOWN])
    many = f"{len(items)} of {len(latest)}"
    return Section("attempts", f"Made from {named(line.best)}: the latest {many}", items, 1)


def _attempt(candidate: Candidate, line: Mapping[str, Candidate]) -> str:
    """Show an attempt with the program of the line that it was made from."""
    made = next((line[p] for p in candidate.origin.parents if p in line), None)
    head, _, rest = scored_program(candidate).partition("\n")
    return f"{head}, made from {named(made)}\n{rest}" if made else f"{head}\n{rest}"


def _leading(line: Stuck, view: View) -> list[Candidate]:
    """Return the line's own best program after the best of all, where that is another."""
    return [*(c for c in view.elites(1) if c.id != line.best.id), line.best]


def _with_reason(outcome: Proposal | Setback, reason: str) -> Proposal | Setback:
    if isinstance(outcome, Setback) or not reason:
        return outcome
    said = f"{reason} {outcome.origin.rationale}".strip()
    return replace(outcome, origin=replace(outcome.origin, rationale=said))


PROPOSER = Explain()
