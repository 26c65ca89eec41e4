"""Remember what was worked out of the last few immutable things, told apart by identity.

A child is looked at again and again in a row (typed, keyed, probed), and what all of them look at
is the same. Equal genomes may differ in the names of their constants, so equality would not do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

MOST = 16

Thing = TypeVar("Thing")
Found = TypeVar("Found")


class Recent(Generic[Thing, Found]):
    """What was found of the last few things."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        # The thing is kept with what was found, so that no other can come to have its id.
        self.known: dict[int, tuple[Thing, Found]] = {}

    def of(self, thing: Thing, find: Callable[[Thing], Found]) -> Found:
        """Return what `find` gives for a thing, or gave a short while ago."""
        held = self.known.get(id(thing))
        if held is None:
            if len(self.known) >= self.most:
                self.known.clear()
            held = self.known[id(thing)] = (thing, find(thing))
        return held[1]
