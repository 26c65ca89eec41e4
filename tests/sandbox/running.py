"""Short words for the tests: make a job, look for a process."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox import MIB, Job, Limits, Payload

QUICK = Limits(seconds=10.0, memory=256 * MIB, result=1 * MIB, output=64 * 1024)


def job(name: str, limits: Limits = QUICK, **data: Any) -> Job:
    return Job(f"tests.sandbox.harnesses:{name}", Payload(data), limits, trusted=True)


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def until(condition: Callable[[], object], within: float = 20.0) -> bool:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def gone(pid: int, within: float = 2.0) -> bool:
    return until(lambda: not runs(pid), within)
