"""A run's candidates by place, of which those of earlier sittings are read when somebody looks.

A search looks at its latest candidates, and at an early one where a behaviour comes again. So a
resumed run reads as much as it asks for, a block at a time, however long it was at work before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import overload

from evaluators.candidate import Candidate, Status
from programs.errors import CambrianError, Fault
from programs.kind import Kind
from programs.load import read_program
from runs.store import Store

BLOCK = 256
"""Candidates that are read at a time."""


class History(Sequence[Candidate | None]):
    """Every candidate at its place, `None` where one is still being judged.

    The first `old` were recorded by earlier sittings, and there is no hole between them.
    """

    def __init__(self, store: Store, run_id: str, kind: Kind, old: int) -> None:
        self.store, self.run_id, self.kind, self.old = store, run_id, kind, old
        self._blocks: dict[int, list[Candidate]] = {}
        self._new: list[Candidate | None] = []

    def __len__(self) -> int:
        """Return how many candidates have a place."""
        return self.old + len(self._new)

    @overload
    def __getitem__(self, place: int) -> Candidate | None: ...
    @overload
    def __getitem__(self, place: slice) -> list[Candidate | None]: ...
    def __getitem__(self, place: int | slice) -> Candidate | list[Candidate | None] | None:
        """Return the candidate at a place, or those at several."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        if place >= self.old:
            return self._new[place - self.old]
        return self._block(place // BLOCK)[place % BLOCK]

    def __setitem__(self, place: int, candidate: Candidate) -> None:
        """Put a candidate of this sitting at the place it was given."""
        self._new[place - self.old] = candidate

    def __iter__(self) -> Iterator[Candidate | None]:
        """Yield all of them in order."""
        blocks = range(-(-self.old // BLOCK))
        return chain(chain.from_iterable(map(self._block, blocks)), self._new)

    def append(self) -> None:
        """Give away the next place."""
        self._new.append(None)

    def first(self, count: int) -> Known:
        """Return the first `count`, all of which must be settled."""
        return Known(self, count)

    def _block(self, number: int) -> list[Candidate]:
        if number not in self._blocks:
            start = number * BLOCK
            found = self.store.stretch(self.run_id, start, min(start + BLOCK, self.old))
            self._blocks[number] = [revived(candidate, self.kind) for candidate in found]
        return self._blocks[number]


class Known(Sequence[Candidate]):
    """The beginning of a history, as it stands for whoever may know no more of it."""

    def __init__(self, history: History, count: int) -> None:
        self._history, self._count = history, count

    def __len__(self) -> int:
        """Return how many there are."""
        return self._count

    @overload
    def __getitem__(self, place: int) -> Candidate: ...
    @overload
    def __getitem__(self, place: slice) -> list[Candidate]: ...
    def __getitem__(self, place: int | slice) -> Candidate | list[Candidate]:
        """Return the candidate at a place, or those at several."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(self._count))]
        candidate = self._history[range(self._count)[place]]
        assert candidate is not None
        return candidate

    def __iter__(self) -> Iterator[Candidate]:
        """Yield all of them in order."""
        return (each for each in islice(self._history, self._count) if each is not None)


def revived(candidate: Candidate, kind: Kind) -> Candidate:
    """Read the genome of a stored candidate back from its source; its climbs are known later.

    What was refused may be a program all the same, and is shown to models as one.
    """
    program = read_program(candidate.program.source, kind)
    if isinstance(program, Fault):
        if candidate.evaluation.status is Status.INVALID:
            return candidate
        raise CambrianError(f"Candidate {candidate.id} no longer reads: {program}")
    return replace(candidate, program=program, climbs=())
