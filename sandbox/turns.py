"""Who gets the next free worker: those who wait take turns by owner, not by who came first.

Two runs that share a pool each get half of it, however many jobs one of them has waiting; while one
of them waits for nothing, the other gets all of it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Ticket(Generic[T]):
    """One who waits, and what came for it."""

    served: threading.Event = field(default_factory=threading.Event)
    got: T | None = None


class Turns(Generic[T]):
    """Things to be borrowed one by one, handed out fairly."""

    def __init__(self, things: Iterable[T] = ()) -> None:
        self._lock = threading.Lock()
        self._free = deque(things)
        self._waiting: OrderedDict[str, deque[_Ticket[T]]] = OrderedDict()
        self._closed = False

    def take(self, owner: str, seconds: float | None = None) -> T | None:
        """Wait for a thing of one's own; `None` once all is closed, or after so many seconds."""
        ticket = _Ticket[T]()
        with self._lock:
            if self._closed:
                return None
            self._waiting.setdefault(owner, deque()).append(ticket)
            self._serve()
        try:
            if ticket.served.wait(seconds):
                return ticket.got
        except BaseException:  # Ctrl-C: nothing may be lost to one who no longer waits
            self._give_up(owner, ticket)
            raise
        self._give_up(owner, ticket)
        return None

    def give(self, thing: T) -> None:
        """Hand a thing in, or back, to whoever's turn it is."""
        with self._lock:
            self._free.append(thing)
            self._serve()

    def close(self) -> None:
        """Send all who wait away with nothing, and all who come."""
        with self._lock:
            self._closed = True
            for tickets in self._waiting.values():
                for ticket in tickets:
                    ticket.served.set()
            self._waiting.clear()

    def _give_up(self, owner: str, ticket: _Ticket[T]) -> None:
        with self._lock:
            if ticket.got is not None:
                self._free.append(ticket.got)
                self._serve()
            elif owner in self._waiting and ticket in self._waiting[owner]:
                self._waiting[owner].remove(ticket)
                if not self._waiting[owner]:
                    del self._waiting[owner]

    def _serve(self) -> None:
        while self._free and self._waiting:
            owner, tickets = self._waiting.popitem(last=False)
            ticket = tickets.popleft()
            if tickets:
                self._waiting[owner] = tickets  # behind all others
            ticket.got = self._free.popleft()
            ticket.served.set()
