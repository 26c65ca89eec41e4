"""A card as the sandbox sees it: which worker sits at which, and the four words it is spoken to in.

    Seat    the card of one worker, and how many workers share it
    Card    open, check, settle, told: what a spare (`sandbox.spare`) does with its card

What is particular to CUDA is in `sandbox.cuda`; tests put another card in its place.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from sandbox.messages import Answer

DRIVER = "sandbox.cuda:Cuda"


class DeviceError(Exception):
    """Raise where a card cannot be used; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A worker's place at a card: `card` is its number, and `sharers` count those who sit there."""

    driver: str
    card: str
    sharers: int

    def pack(self) -> str:
        """Write the seat as one word of a command line."""
        return json.dumps(asdict(self))


def unpack(word: str) -> Seat | None:
    """Read what `Seat.pack` wrote; `None` where there is no card."""
    return Seat(**json.loads(word)) if word else None


class Card(Protocol):
    """One process's hold on a card. `open` comes first; all raise `DeviceError` for its faults."""

    @staticmethod
    def environment(seat: Seat, given: Mapping[str, str]) -> dict[str, str]:
        """Return the variables that let a process see this card and no other."""
        ...

    @staticmethod
    def files(seat: Seat, given: Mapping[str, str]) -> Sequence[Path]:
        """Return the device nodes and driver files that such a process needs."""
        ...

    def open(self, seat: Seat) -> None:
        """Create the context, ready to compute, with this worker's share of the memory."""
        ...

    def check(self) -> None:
        """Compute something small and wait for it."""
        ...

    def settle(self) -> None:
        """Wait until all that was asked is done; raise whatever an earlier operation did wrong."""
        ...

    def told(self, error: BaseException) -> Answer | None:
        """Return what a job answers that ended by `error`, if this is about the card."""
        ...


def seats(device: str, workers: int, driver: str = DRIVER) -> list[Seat | None]:
    """Deal the cards of `device` ("cpu", "cuda", "cuda:1", "cuda:0,1") to the workers in turn."""
    if device == "cpu":
        return [None] * workers
    cards = device.partition(":")[2].split(",")
    dealt = [cards[number % len(cards)] or "0" for number in range(workers)]
    return [Seat(driver, card, dealt.count(card)) for card in dealt]


def driver_of(seat: Seat) -> Any:
    """Return the class that drives the card."""
    module, _, name = seat.driver.partition(":")
    return getattr(importlib.import_module(module), name)
