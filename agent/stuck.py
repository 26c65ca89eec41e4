"""Lines of descent that come to nothing: good programs whose children fail, or bring no more.

    Stuck    a good program, and what was made of it in vain
    stuck    every such program among the best, best first

A line is read off the view: a program, with all that descends from it on any side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.parents import POOL
from agent.proposer import View
from evaluators.candidate import Candidate, Status

LEAST = 3
"""Attempts to improve a program before its line can be called stuck."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """A program that nothing made from it has beaten.

    `failed` of its descendants have no score, `level` have one that is no better; both oldest
    first. A program that was found again is no attempt.
    """

    best: Candidate
    failed: tuple[Candidate, ...]
    level: tuple[Candidate, ...]

    @property
    def failing(self) -> bool:
        """Tell whether most attempts got no score at all, rather than one that is no better."""
        return len(self.failed) > len(self.level)


def stuck(view: View) -> list[Stuck]:
    """Return the lines of the best programs that are stuck, the best program's first."""
    return [s for c in view.elites(POOL) if (s := _line_of(c, view.history)) is not None]


def _line_of(top: Candidate, history: Sequence[Candidate]) -> Stuck | None:
    below = [c for c in _descendants(top, history) if c.evaluation.status is not Status.DUPLICATE]
    failed = tuple(c for c in below if c.score is None)
    level = tuple(c for c in below if c.score is not None)
    if len(below) < LEAST or any((c.score or 0.0) > margin(top) for c in level):
        return None
    return Stuck(top, failed, level)


def margin(candidate: Candidate) -> float:
    """Return the score above which another is better, by more than the standard error."""
    return (candidate.score or 0.0) + (candidate.evaluation.stderr or 0.0)


def _descendants(top: Candidate, history: Sequence[Candidate]) -> list[Candidate]:
    line = {top.id}
    found = []
    for candidate in history:
        if line.intersection(candidate.origin.parents):
            line.add(candidate.id)
            found.append(candidate)
    return found
