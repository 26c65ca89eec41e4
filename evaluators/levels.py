"""The levels of the ladder's rungs and their names, for those who only name them.

    -1  quick    a third of the steps, every other learning rate, two seeds
     0  search   the task's own first rung, on which all are judged where there is no ladder
     1  sure     the task's second rung; where it has none, the first with four times the seeds

Levels mean the same in every run, so that scores in a database can be told apart: those of
different levels never compare. `rungs.py` makes rungs of them. Nothing is imported here, for
listings are not to wait for it.
"""

from __future__ import annotations

NAMES = {-1: "quick", 0: "search", 1: "sure"}

MOST = 3
"""The rungs of the longest ladder."""

ETA = 3
"""One in so many climbs from each rung."""


def name_of(level: int) -> str:
    """Return the name by which a level is shown."""
    return NAMES[level]


def levels(count: int) -> tuple[int, ...]:
    """Return the levels of a ladder of so many rungs, the cheapest first."""
    return {1: (0,), 2: (-1, 0), 3: (-1, 0, 1)}[count]
