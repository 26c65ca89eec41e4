"""What joins a trusted job with its guest: two blocks of shared memory, and a line to take turns.

The host writes one block and the guest the other; whose turn it is goes over two pipes in frames of
sixteen bytes, so a step costs one round trip whatever the size of what is shared. Nothing the guest
does reaches further: the blocks are sealed, so that none can be cut short under the other's hands,
and the host copies what it reads before it looks at it.

    host.call(7, 5.0)              # "what is in my block is yours, as number 7; I wait 5 seconds"
    guest.wait() == 7              # `None` once the host has gone
    guest.answer(7, 0)             # "my block is yours"; the code is for the two to agree on
"""

from __future__ import annotations

import fcntl
import mmap
import os
import select
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass

_FRAME = struct.Struct("<qq")
_HIGH = 10  # descriptors below are the child's own
_SHRINK, _GROW, _NO_MORE_SEALS = 0x2, 0x4, 0x1


class GuestError(Exception):
    """Raise where the guest does not answer as it should; its text is a sentence on why."""


class GuestLateError(GuestError):
    """Raise where the guest takes longer than it may."""


@dataclass(frozen=True, slots=True)
class HostEnd:
    """The trusted side: `mine` to write, `theirs` to read, which may change at any moment."""

    mine: memoryview
    theirs: memoryview
    out: int
    back: int

    def call(self, number: int, seconds: float) -> int:
        """Give the guest its turn and return the code it answers with, within `seconds`."""
        deadline = time.monotonic() + seconds
        try:
            os.write(self.out, _FRAME.pack(number, 0))
        except BrokenPipeError:
            raise GuestError("its process ended") from None
        answered, code = _FRAME.unpack(self._frame(deadline, seconds))
        if answered != number:
            raise GuestError("it answered out of turn")
        return code

    def _frame(self, deadline: float, seconds: float) -> bytes:
        poll = select.poll()
        poll.register(self.back, select.POLLIN)
        found = b""
        while len(found) < _FRAME.size:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(1000 * left):
                raise GuestLateError(f"it took longer than {seconds:g} s")
            piece = os.read(self.back, _FRAME.size - len(found))
            if not piece:
                raise GuestError("its process ended")
            found += piece
        return found


@dataclass(frozen=True, slots=True)
class GuestEnd:
    """The untrusted side: `mine` to write, `theirs` to read."""

    mine: memoryview
    theirs: memoryview
    out: int
    back: int

    def wait(self) -> int | None:
        """Wait for a turn and return its number, or `None` when there will be none."""
        frame = os.read(self.back, _FRAME.size)
        return _FRAME.unpack(frame)[0] if len(frame) == _FRAME.size else None

    def answer(self, number: int, code: int) -> None:
        """Give the turn back."""
        os.write(self.out, _FRAME.pack(number, code))


class Link:
    """Both ends before the processes are forked; `close` lets go of them in the one that forks."""

    def __init__(self, size: int) -> None:
        """Make two blocks of `size` bytes and the pipes."""
        self._files: list[int] = []
        self._pages = (self._block(size), self._block(size))
        self._calls, self._answers = _pipe(), _pipe()

    @property
    def host_files(self) -> list[int]:
        """Return what makes a host of a process that was not forked from here, by `adopt`."""
        return [*self._files, self._calls[1], self._answers[0]]

    @property
    def guest_descriptors(self) -> set[int]:
        """Return what the guest must keep open."""
        return {self._calls[0], self._answers[1]}

    def host(self) -> HostEnd:
        """Return the trusted end."""
        mine, theirs = map(memoryview, self._pages)
        return HostEnd(mine, theirs, self._calls[1], self._answers[0])

    def guest(self) -> GuestEnd:
        """Return the untrusted end."""
        theirs, mine = map(memoryview, self._pages)
        return GuestEnd(mine, theirs, self._answers[1], self._calls[0])

    def close(self) -> None:
        """Release everything here; what was forked keeps its own."""
        for descriptor in (*self._calls, *self._answers, *self._files):
            os.close(descriptor)
        for page in self._pages:
            page.close()

    def _block(self, size: int) -> mmap.mmap:
        """Map memory that processes share; where the system has them, sealed at its size."""
        if not hasattr(os, "memfd_create"):
            return mmap.mmap(-1, size)  # without a name, nobody can cut it short either
        descriptor = os.memfd_create("shared", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self._files.append(descriptor)
        os.ftruncate(descriptor, size)
        page = mmap.mmap(descriptor, size)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SHRINK | _GROW | _NO_MORE_SEALS)
        return page


def adopt(files: Sequence[int]) -> HostEnd | None:
    """Return the trusted end made of a link's `host_files`, or `None` where there are none."""
    if not files:
        return None
    blocks, line = files[:2], [_high(descriptor) for descriptor in files[2:]]
    mine, theirs = (memoryview(mmap.mmap(block, 0)) for block in blocks)
    for block in blocks:
        os.close(block)
    return HostEnd(mine, theirs, *line)


def _pipe() -> tuple[int, int]:
    """Make a pipe whose numbers are out of the way of the child's own descriptors."""
    low = os.pipe()
    return _high(low[0]), _high(low[1])


def _high(descriptor: int) -> int:
    higher = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    os.close(descriptor)
    return higher
