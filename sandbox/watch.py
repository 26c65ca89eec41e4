"""Watch one child from its fork to its end: the clock, its answer, its output, and its remains.

The child is untrusted: it is never waited for without a deadline, everything read from it is
bounded, and when it ends, for whatever reason, all it left running is killed before anyone is told.
"""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox import kernel
from sandbox.base import Limits
from sandbox.log import BoundedLog
from sandbox.messages import Report
from sandbox.wire import HEADER_LIMIT

_CHUNK = 64 * 1024
_PIPE_CHUNKS = 16  # as much as the largest pipe holds
_TICK = 0.02  # between looks at a child that cannot be watched by descriptor
_LOOK = 0.05  # between looks at its memory
_SWEEP_SECONDS = 3.0
ENVELOPE = HEADER_LIMIT + 1024  # what an answer may take beyond the result's own limit


class SupervisorGoneError(Exception):
    """Raise when nobody is left to report to."""


@dataclass(slots=True)
class Child:
    """A forked child and the two pipes from it; the descriptors are owned here.

    `guest` is the process of its guest, which prints to the same log. `spent` is the processor time
    it had used before it was given its job.
    """

    pid: int
    answer: int
    log: int
    exit: int | None
    guest: int | None = None
    status: int | None = None
    peak_memory: int = 0
    processor: float = 0.0
    spent: float = 0.0

    def ended(self) -> bool:
        """Say whether the child is dead, taking its exit status where it is not watchable."""
        if self.status is None and self.exit is None:
            self.reap(os.WNOHANG)
        return self.status is not None

    def reap(self, flags: int = 0) -> None:
        """Take the exit status and what was used; waits unless told not to."""
        pid, status, usage = os.wait4(self.pid, flags)
        if pid:
            self.status = os.waitstatus_to_exitcode(status)
            self.peak_memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            self.processor = usage.ru_utime + usage.ru_stime - self.spent

    def close(self) -> None:
        """Close the descriptors."""
        for descriptor in (self.answer, self.log, self.exit):
            if descriptor is not None:
                os.close(descriptor)


@dataclass(slots=True)
class Watch:
    """Follow `child` within `limits`, for as long as `control` stays open.

    `spared` are the processes of ours that outlive it.
    """

    child: Child
    limits: Limits
    control: int
    spared: frozenset[int] = frozenset()
    answer: bytearray = field(default_factory=bytearray)
    log: BoundedLog = field(init=False)
    open: set[int] = field(init=False)
    poll: select.poll = field(default_factory=select.poll)
    inherited: int = 0
    held: int = 0
    looked: float = 0.0

    def __post_init__(self) -> None:
        self.inherited = max(self._memory())
        self.looked = time.monotonic()
        self.log = BoundedLog(self.limits.output)
        self.open = {self.child.answer, self.child.log}
        for descriptor in (*self.open, self.control, self.child.exit):
            if descriptor is not None:
                self.poll.register(descriptor, select.POLLIN)

    def report(self) -> Report:
        """Wait for the end, clear up, and return what was seen."""
        try:
            stopped = self._until_the_end()
        finally:
            self._clear_up()
        if stopped == "exit" and self._too_large():
            stopped = "size"
        child, answer = self.child, b"" if stopped == "size" else bytes(self.answer)
        return Report(
            stopped=stopped,
            status=child.status or 0,
            peak_memory=child.peak_memory,
            held=self.held,
            processor=child.processor,
            answer=answer,
            log=self.log.bytes(),
        )

    def _until_the_end(self) -> str:
        deadline = time.monotonic() + self.limits.seconds
        while (left := deadline - time.monotonic()) > 0:
            ready = self._ready(left)
            if self.control in ready:
                raise SupervisorGoneError
            for descriptor in self.open & ready:
                self._read(descriptor)
            if self._too_large():
                return "size"
            if self.child.exit in ready or self.child.ended():
                return "exit"
            if self._too_greedy():
                return "memory"
        return "time"

    def _ready(self, left: float) -> set[int]:
        wait = min(left, _TICK if self.child.exit is None else _LOOK)
        return {descriptor for descriptor, _ in self.poll.poll(max(1, wait * 1000))}

    def _read(self, descriptor: int) -> bool:
        """Take one piece; return whether there may be more."""
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self.poll.unregister(descriptor)
            self.open.discard(descriptor)
        elif descriptor == self.child.log:
            self.log.add(chunk)
        else:
            self.answer += chunk
        return bool(chunk)

    def _too_large(self) -> bool:
        return len(self.answer) > self.limits.result + ENVELOPE

    def _too_greedy(self) -> bool:
        """Look at the memory now and then: limits on addresses count less, and later."""
        if (now := time.monotonic()) < self.looked + _LOOK:
            return False
        self.looked = now
        self.held = max(self.held, max(self._memory()) - self.inherited)
        return self.held > self.limits.memory

    def _memory(self) -> list[int]:
        """Return what the child holds, and what its guest does: each may use as much."""
        found = (self.child.pid, self.child.guest)
        return [kernel.memory_held(pid) for pid in found if pid is not None]

    def _clear_up(self) -> None:
        for pid in (self.child.pid, self.child.guest):
            if pid is not None:
                kernel.kill_group(pid)
        if self.child.status is None:
            self.child.reap()
        sweep(self.spared)
        for descriptor in tuple(self.open):
            for _ in range(_PIPE_CHUNKS):
                if not self._read(descriptor):
                    break
        self.child.close()


def sweep(spared: Iterable[int] = ()) -> None:
    """Kill and reap all that children left behind, except what is below `spared`."""
    deadline = time.monotonic() + _SWEEP_SECONDS
    kept = set(spared)
    while _reap_dead(kept):
        kernel.kill_below(os.getpid(), deadline - time.monotonic(), kept)
        if time.monotonic() > deadline:
            sys.exit("a child's processes could not be killed")
        time.sleep(0.001)


def _reap_dead(kept: set[int]) -> bool:
    """Reap what is dead; return whether any child is left that is not `kept`."""
    try:
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            kept.discard(pid)  # its number may come to be another's
    except ChildProcessError:
        return False
    return not kept or bool(set(kernel.children(os.getpid())) - kept)
