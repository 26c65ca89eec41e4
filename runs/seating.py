"""Who gets each place: proposals in the order they are drawn in, and what fills in for them.

Where no model is asked, or nothing may fill in, draw `i` gets place `i`. Else workers do not wait
for answers. When one would have nothing to do, the earliest draw that is there goes before those
that are awaited; where none is, a proposer that asks nobody fills in, and the draws get the places
after it. An answer gets the next place when it comes.

That hangs on time, so who got a place is written down before it is given. All else follows from
that record, the seed and the replies: what draw `i` may know ends with the place of draw `i -
window` or a fixed number of places before, what fills a place in may know ends `lookahead` places
before it. So a run that is repeated or resumed by its record has one lineage.

A fill-in takes no place that somebody was asked for: as many evaluations are left of the budget as
draws are awaited. So that workers need not wait for the last of these, nobody is asked who would
come when the budget is as good as used up, and who comes later than `waits.py` allows is waited
for no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from runs.config import RunConfig
from runs.record import Event

FILL_IN = -1
"""Stands for what fills a place in, where others have the number of their draw."""

SEATED = "place"
"""The event that says who got a place."""


def seated_in(events: Iterable[Event]) -> dict[int, int]:
    """Return who got which place, as far as that was written down."""
    return {e.detail["place"]: e.detail["draw"] for e in events if e.name == SEATED}


def as_detail(place: int, who: int) -> dict[str, int]:
    """Return what an event says of a place."""
    return {"place": place, "draw": who}


class Seating:
    """The places that were given; the first `seeds` are those of the programs a run begins with.

    `given` says who gets places that are still to come, up to the place `foreseen` at the start.
    `first` is the earliest draw without a place, `filled` counts what filled in, `to_fill` the
    places that were given to be filled in and are still to come.
    """

    def __init__(self, config: RunConfig, seeds: int, given: Mapping[int, int]) -> None:
        self.lookahead, self.window, self.fill = config.lookahead, config.window, config.fill
        self.seeds = seeds
        self.in_turn = not config.fills
        self.given = dict(given)
        self.foreseen = max(given, default=-1)
        self._place_of = {draw: place for place, draw in given.items() if draw != FILL_IN}
        self._places: list[int] = []
        self._early: set[int] = set()
        self._upto = 0
        self.first = 0
        self.filled = 0
        self.to_fill = sum(who == FILL_IN for who in given.values())

    def advance(self, count: int) -> None:
        """Learn that so many places are given."""
        if self.in_turn:
            self.first = count
            return
        for place in range(self._upto, count):
            self._take(self.given.get(place, self.first))
            self._upto = place + 1

    def give(self, place: int, who: int) -> None:
        """Give the next place to a draw, or to what fills it in."""
        self.to_fill += who == FILL_IN and place not in self.given
        self.given[place] = who

    def _take(self, who: int) -> None:
        if who == FILL_IN:
            self.filled += 1
            self.to_fill -= 1
            return
        self._places.append(self._upto)
        self._early.add(who)
        while self.first in self._early:
            self._early.remove(self.first)
            self.first += 1

    @property
    def places(self) -> Sequence[int]:
        """Return the places of the draws that have one, in the order they got them."""
        return range(self.first) if self.in_turn else self._places

    def place_of(self, draw: int) -> int | None:
        """Return the place that a draw has, or will have, where that is known."""
        return draw if self.in_turn or draw < self.seeds else self._place_of.get(draw)

    def gone(self, draw: int) -> bool:
        """Tell whether a draw has its place."""
        return draw < self.first or draw in self._early

    def known_to(self, draw: int) -> int | None:
        """Return how many places a draw may know, `None` where that is still to come."""
        if draw < self.seeds:
            return 0
        before = draw - self.window
        if before < 0:
            return self.seeds
        if before >= len(self.places):
            return None
        return max(self.seeds, self.places[before] + 1 - (self.lookahead - self.window))

    def known_to_fill_in(self, place: int) -> int:
        """Return how many places may be known to what fills one in."""
        return max(self.seeds, place - self.lookahead + 1)

    def may_fill_in(self, awaited: int) -> bool:
        """Tell whether one more may fill in, beside all that filled in for those who were asked."""
        asked = len(self.places) - self.seeds + awaited
        return self.fill is None or self.filled < self.fill * asked
