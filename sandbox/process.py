"""Run each job in a fresh process, forked from a warm one.

One fork server per worker, each serving one job at a time. `run` borrows an idle one, in turn with
other owners, and gives it back; a server that died or hangs is killed with all it started, and
another takes its place.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from programs.errors import SandboxUnavailable
from sandbox import tiers
from sandbox.base import Ending, Job, Outcome
from sandbox.closing import Closing
from sandbox.device import DRIVER, Seat, seats
from sandbox.forkserver import ForkServer, ServerGoneError
from sandbox.messages import Packed, pack_job, unpack_report
from sandbox.spares import START, TRIES
from sandbox.turns import Turns
from sandbox.verdict import judge
from sandbox.watch import ENVELOPE
from sandbox.wire import HEADER_LIMIT

GRACE = 30.0  # seconds after a job's limit until its fork server, which may starve, is given up
OFFERS = 3  # of a job to fork servers, until one takes it
STARTS = 3  # of a fork server that something kills before it serves
_MESSAGE = ENVELOPE + HEADER_LIMIT + 2 * 64 * 1024  # a report beyond its answer and log
_CLOSED = Outcome(Ending.CANCELLED, message="the sandbox was closed")


@dataclass(slots=True)
class _Slot:
    """One worker's place; `server` changes when it has to be replaced."""

    seat: Seat | None
    server: ForkServer | None = None


class _ClosedError(Exception):
    """Raise instead of starting anything once the sandbox is closed."""


class ProcessSandbox(Closing):
    """Run up to `workers` jobs at a time, with the modules in `preload` already imported.

    Nothing starts before `start` or the first `run`. A preloaded module may define `warm_up()`,
    called once before the first fork.

    `tier` is "auto" for the best that works here, or a name from `sandbox.tiers`. Where none is
    safe, jobs that are not `trusted` are refused, unless `unsafe` allows them; the tier is then
    called "unsafe".

    `device` "cuda" gives the workers the first card, "cuda:1" another and "cuda:0,1" these in turn;
    each then has a spare warm for the next job that is for a card (`sandbox.spare`). `driver` names
    what such a card is.
    """

    def __init__(
        self,
        workers: int,
        preload: Sequence[str] = (),
        start_timeout: float = 60.0,
        tier: str = "auto",
        unsafe: bool = False,
        device: str = "cpu",
        driver: str = DRIVER,
    ) -> None:
        if workers < 1:
            raise ValueError(f"expected at least 1 worker, saw {workers}")
        self._preload = tuple(preload)
        self._start_timeout = start_timeout
        self._asked = tier
        self._unsafe = unsafe
        self._slots: list[_Slot] = [_Slot(seat) for seat in seats(device, workers, driver)]
        self._turns = Turns(self._slots)
        self._lock = threading.Lock()
        self._started = False
        self._closed = False

    @property
    def tier(self) -> str:
        """Name the isolation in force, found out by trying when first asked for."""
        chosen = self._cage
        return "unsafe" if self._unsafe and chosen not in tiers.SAFE else chosen

    @property
    def promise(self) -> str:
        """Say what the tier gives and what it does not."""
        return tiers.promise(self.tier)

    @functools.cached_property
    def _cage(self) -> str:
        return tiers.choose(self._asked)

    @property
    def versions(self) -> Mapping[str, Any]:
        """Return the versions of Python, numpy and torch in use; empty before the start."""
        known = (slot.server.versions for slot in self._slots if slot.server)
        return next((versions for versions in known if versions), {})

    def servers(self) -> list[int]:
        """Return the process of each fork server."""
        return [slot.server.pid for slot in self._slots if slot.server]

    def processor(self) -> float:
        """Return the processor seconds that the fork servers and all their jobs have used."""
        return sum(slot.server.processor() for slot in self._slots if slot.server)

    def start(self) -> None:
        """Start every fork server at once and wait until all are ready."""
        servers = self._launch_all()
        try:
            for server in servers:
                server.await_ready(self._start_timeout)
        except SandboxUnavailable:
            for server in servers:
                server.kill()
            raise

    def run(self, job: Job) -> Outcome:
        """Run one job to its end, within its limits; untrusted code only where that is safe."""
        self._admit(job)
        packed = pack_job(job)
        try:
            self._begin()
            slot = self._turns.take(job.owner)
        except _ClosedError:
            return _CLOSED
        if slot is None:
            return _CLOSED
        try:
            return self._run(slot, job, packed)
        except _ClosedError:
            return _CLOSED
        finally:
            self._turns.give(slot)

    def close(self) -> None:
        """Kill what runs and release every process."""
        with self._lock:
            self._closed = True
            servers = [slot.server for slot in self._slots if slot.server]
        self._turns.close()
        for server in servers:
            server.kill()

    def _admit(self, job: Job) -> None:
        if job.exposed and (why := tiers.refusal(self.tier, job.exposed)):
            raise SandboxUnavailable(why)

    def _launch_all(self) -> list[ForkServer]:
        try:
            return [self._server(slot) for slot in self._slots]
        except _ClosedError:
            raise SandboxUnavailable("the sandbox was closed before it was started") from None

    def _begin(self) -> None:
        """Start all servers at the first job, so that they warm up side by side."""
        with self._lock:
            first, self._started = not self._started, True
        if first:
            for slot in self._slots:
                self._server(slot)

    def _server(self, slot: _Slot) -> ForkServer:
        """Return the slot's fork server, a new one where there is none alive."""
        cage = self._cage  # may take a moment to find out, so outside the lock
        with self._lock:
            if self._closed:
                raise _ClosedError
            if slot.server is None or not slot.server.alive():
                if slot.server:
                    slot.server.kill()
                slot.server = ForkServer(self._preload, cage, slot.seat)
            return slot.server

    def _run(self, slot: _Slot, job: Job, packed: Packed) -> Outcome:
        """Offer the job to fork servers until one takes it: so far nothing is its fault."""
        why = ""
        for _ in range(OFFERS):
            try:
                return self._attempt(slot, job, packed)
            except ServerGoneError as gone:
                why = str(gone)
                if gone.received:
                    return Outcome(Ending.CRASHED, message=why)
        raise SandboxUnavailable(
            f"expected a fork server to take a job, saw {OFFERS} that did not: {why}."
            " If the machine is very busy, try again later, or with fewer workers."
        )

    def _attempt(self, slot: _Slot, job: Job, packed: Packed) -> Outcome:
        server = self._ready(slot)
        began = time.monotonic()
        limit = job.limits.result + job.limits.output + _MESSAGE
        try:
            taking = GRACE if job.device == "cpu" else GRACE + TRIES * START
            report = server.ask(packed, limit, job.limits.seconds, GRACE, taking)
        except ServerGoneError:
            server.kill()
            self._server(slot)  # warms up while the caller reads the outcome
            raise
        except (
            BaseException
        ):  # Ctrl-C: the job must not run on, nor its report be taken for another
            server.kill()
            raise
        return judge(job, unpack_report(report), time.monotonic() - began)

    def _ready(self, slot: _Slot) -> ForkServer:
        """Return the slot's server once it serves; one killed as it started gets a successor."""
        for left in reversed(range(STARTS)):
            server = self._server(slot)
            try:
                server.await_ready(self._start_timeout)
                return server
            except SandboxUnavailable:
                killed = server.was_killed()  # by another: we do so below
                server.kill()
                if self._closed:
                    raise _ClosedError from None
                if not (killed and left):
                    raise
        raise AssertionError("the last start returns or raises")
