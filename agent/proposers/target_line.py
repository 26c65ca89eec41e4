"""A model completes a file of programs with figures, the last of which are a target (EvoPrompting).

Chen, Dohan & So 2023: each example begins with a line that says its size and score; the line of
the program to be written asks for 90 % of the smallest parent's size and 2 % more than the best
parent's score. As in the paper these are parameters and accuracy where programs are networks that
have them; elsewhere they are statements and the task's score. A parent is used once, and the
temperature is drawn from four.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from agent.prompts import BUDGET
from agent.proposer import Proposal, Setback, View
from agent.question import Dialogue
from agent.request import Request, one_program
from agent.source import shown_source, statements
from evaluators.candidate import Candidate

TEMPERATURES = (0.2, 0.6, 0.8, 1.0)
POOL = 10
SMALLER = 0.9
BETTER = 0.02


@dataclass(frozen=True)
class TargetLine:
    """Show `shown` parents as versions of one file, and ask for the next version.

    A `temperature` of 0 is drawn anew for each.
    """

    name: str = "target-line"
    shown: int = 2
    temperature: float = 0.0
    max_tokens: int = 2_000
    budget: int = BUDGET

    def converse(self, view: View, rng: np.random.Generator) -> Dialogue[Proposal | Setback]:
        """Ask for the next version."""
        chosen = self._parents(view, rng)
        if not chosen:
            return Setback("too early: there is no program to go on from yet")
        drawn = TEMPERATURES[int(rng.integers(len(TEMPERATURES)))]
        manner = replace(self, temperature=self.temperature or drawn)
        request = Request(file_to_complete(chosen), "target line", chosen, ())
        return (yield from one_program(request, manner, view, rng))

    def _parents(self, view: View, rng: np.random.Generator) -> list[Candidate]:
        """Draw parents of the best that were not used yet, the worse one first."""
        spent = {
            p for c in view.history if c.origin.proposer == self.name for p in c.origin.parents
        }
        elites = view.elites(POOL + len(spent))
        pool = [c for c in elites if c.id not in spent][:POOL] or elites[:POOL]
        size = min(self.shown, len(pool))
        drawn = rng.choice(len(pool), size=size, replace=False) if pool else []
        return sorted((pool[i] for i in drawn), key=lambda c: (c.score or 0.0, c.index))


def file_to_complete(chosen: list[Candidate]) -> str:
    """Return the file to be completed."""
    terms = NETWORK if all(NETWORK.has(c) for c in chosen) else PROGRAM
    versions = [f"{terms.line(*terms.of(c))}\n{shown_source(c).strip()}" for c in chosen]
    file = "\n\n".join([*versions, terms.line(*terms.target(chosen))])
    return (
        f"Below is a file of programs, each under a line with its number of {terms.size} and its "
        f"{terms.worth}. Write the program that belongs under the last line: about that size (a "
        f"little more is fine if it is worth it), and at least that {terms.worth}. Reply with that "
        "program alone, without the line, in one ```python block.\n\n"
        f"```python\n{file}\n```"
    )


@dataclass(frozen=True)
class Terms:
    """The two figures of a line: how large a program is, and what it is worth."""

    size: str
    worth: str
    rounding: int
    digits: int

    def has(self, candidate: Candidate) -> bool:
        """Tell whether a candidate was measured in these terms."""
        return {self.size, self.worth} <= set(candidate.evaluation.metrics)

    def of(self, candidate: Candidate) -> tuple[int, float]:
        """Return a candidate's figures."""
        if self.has(candidate):
            metrics = candidate.evaluation.metrics
            return int(metrics[self.size]), metrics[self.worth]
        return statements(candidate), candidate.score or 0.0

    def target(self, chosen: Sequence[Candidate]) -> tuple[int, float]:
        """Return the figures to aim at; scores may be negative, more is better."""
        figures = [self.of(c) for c in chosen]
        size = round(SMALLER * min(s for s, _ in figures) / self.rounding) * self.rounding
        best = max(w for _, w in figures)
        worth = best + BETTER * abs(best)
        return max(size, self.rounding), min(worth, 1.0) if self is NETWORK else worth

    def line(self, size: int, worth: float) -> str:
        """Write figures as the line above a program."""
        return f'"""{self.size}: {size}, {self.worth}: {worth:.{self.digits}f}"""'


NETWORK = Terms("parameters", "accuracy", 100, 3)
PROGRAM = Terms("statements", "score", 1, 4)


PROPOSER = TargetLine()
