"""Which process is at work on something, and whether it still lives.

A process of this machine is looked up; of one elsewhere only its heartbeat can tell.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Self

STALE = 300.0
"""Seconds without a heartbeat after which a process on another machine is taken for dead."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process: its machine, its number, and when it started, since numbers are used again.

    `started` counts from the machine's own start, which `boot` names.
    """

    host: str
    pid: int
    started: str
    boot: str = ""

    @classmethod
    def here(cls) -> Self:
        """Return this process."""
        return cls(_host(), os.getpid(), _start_of(os.getpid()) or "", _boot())

    def alive(self) -> bool:
        """Tell whether the process still runs; one on another machine is believed to."""
        if self.host != _host():
            return True
        if self.boot and _boot() and self.boot != _boot():
            return False
        start = _start_of(self.pid)
        return start is not None and (start == self.started or "" in (start, self.started))

    def at_work(self, silent: float) -> bool:
        """Tell whether the process is alive, elsewhere by the seconds since its last heartbeat."""
        return self.alive() and (self.host == _host() or silent < STALE)

    def to_json(self) -> str:
        """Return the owner as the text that `run.owner` holds."""
        return json.dumps(asdict(self))


@cache
def _host() -> str:
    import socket  # late, for listings ask of nobody's machine

    return socket.gethostname()


@cache
def _boot() -> str:
    """Name this start of the machine, "" where that cannot be seen."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _start_of(pid: int) -> str | None:
    """Return when a process started, "" where that cannot be seen, or `None` if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return "" if _answers(pid) else None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else fields[18]


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
