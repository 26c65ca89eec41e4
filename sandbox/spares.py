"""The fork server's side of spares: keep one warm, hand it out for one job, start the next at once.

A spare that died, or whose card went wrong while it waited, is never handed out: another takes its
place. One that was handed out is gone with its job.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from sandbox import channel, kernel, wire
from sandbox.base import Payload
from sandbox.device import DeviceError, Seat, driver_of
from sandbox.isolation import Cage
from sandbox.watch import SupervisorGoneError

PYTHON = os.path.realpath(sys.executable)
"""The interpreter itself: in a cage there is no link to it."""

TRIES = 3
START = 60.0  # seconds until a spare must be ready
_CHECK = 20.0  # seconds in which a card answers
_WORD = 64 * 1024
_HIGH = 10


class _LostError(Exception):
    """Raise where a spare ended, or gave no sign in time; the text is a sentence."""


@dataclass(slots=True)
class Spare:
    """One process that waits; `processor` is the time it spent on getting ready."""

    pid: int
    sock: socket.socket
    ready: bool = False
    processor: float = 0.0

    def hand(self, head: bytes | bytearray, files: Sequence[int]) -> None:
        """Give it its job. Should it have died this very moment, whoever watches it will see."""
        with contextlib.suppress(OSError):
            channel.send(self.sock, [bytes(head)])
            channel.send_files(self.sock, files)
        self.sock.close()

    def end(self) -> None:
        """Kill and reap it."""
        self.sock.close()
        kernel.kill_group(self.pid)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


class Spares:
    """The spares of one fork server at one `seat`; there is one at a time."""

    def __init__(self, cage: Cage, seat: Seat, preload: Sequence[str], control: int) -> None:
        self._cage, self._seat, self._preload = cage, seat, tuple(preload)
        self._control = control
        self._waiting: Spare | None = None

    @property
    def pids(self) -> set[int]:
        """Return the processes that wait, and are to be left alone."""
        return {self._waiting.pid} if self._waiting else set()

    def start(self) -> None:
        """Start a spare where none waits, and return at once."""
        if self._waiting is None:
            self._waiting = self._spawn()

    def take(self) -> Spare:
        """Return a spare that is well, and waits no more; `DeviceError` where none can be had."""
        why = ""
        for _ in range(TRIES):
            self.start()
            spare, self._waiting = self._waiting, None
            assert spare is not None
            try:
                self._await_ready(spare)
                self._look_at(spare)
                return spare
            except _LostError as lost:
                why = str(lost)
                spare.end()
            except BaseException:
                spare.end()
                raise
        raise DeviceError(f"{why} ({TRIES} processes tried in turn)")

    def _await_ready(self, spare: Spare) -> None:
        if spare.ready:
            return
        said = self._hear(spare, START)
        if why := said.data.get("unavailable"):
            raise _LostError(str(why))  # perhaps the one before had not let go yet
        spare.ready = True

    def _look_at(self, spare: Spare) -> None:
        try:
            channel.send(spare.sock, [])
        except OSError:
            raise _LostError("it ended while it waited") from None
        said = self._hear(spare, _CHECK)
        if sick := said.data["sick"]:
            raise _LostError(str(sick))
        spare.processor = float(said.data["processor"])

    def _hear(self, spare: Spare, seconds: float) -> Payload:
        deadline = time.monotonic() + seconds
        heard, _, _ = select.select([spare.sock, self._control], [], [], seconds)
        if self._control in heard:  # there is nothing to be said there now but good-bye
            raise SupervisorGoneError
        try:
            return wire.decode(channel.receive(spare.sock, _WORD, deadline))
        except TimeoutError:
            raise _LostError(f"it gave no sign within {seconds:g} s") from None
        except (OSError, wire.WireError):
            raise _LostError("it ended before it was ready") from None

    def _spawn(self) -> Spare:
        near, far = socket.socketpair()
        zygote = os.getpid()
        with far:
            if not (pid := self._cage.fork()):
                control = fcntl.fcntl(far.fileno(), fcntl.F_DUPFD, _HIGH)
                self._become(control, zygote)
        return Spare(pid, near)

    def _become(self, control: int, zygote: int) -> NoReturn:
        """Turn this freshly forked process into a fresh interpreter: a fork cannot hold a card."""
        try:
            self._cage.furnish()
            # What `site` would add is on the path that is passed on.
            module = ["-s", "-P", "-S", "-m", "sandbox.spare", str(control), self._cage.tier]
            given = [self._seat.pack(), str(zygote), *self._preload]
            seen = driver_of(self._seat).environment(self._seat, os.environ)
            path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            os.execve(PYTHON, [PYTHON, *module, *given], {**os.environ, **path, **seen})
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(2, f"no spare: {type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(71)
