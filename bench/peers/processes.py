"""The processes of a trial, seen from the first of them: how many live, and what they hold."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Alive:
    """A process that runs: its number and what it calls itself."""

    pid: int
    name: str


def others() -> list[Alive]:
    """Return every process here but this one; zombies are dead."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                name, _, rest = entry.joinpath("stat").read_text().rpartition(")")
            except OSError:
                continue  # ended since it was listed
            if rest.split()[0] not in "ZX":
                found.append(Alive(int(entry.name), name.partition("(")[2]))
    return found


def held() -> int:
    """Return the bytes of memory that the others hold together, shared pages counted once."""
    return sum(_proportional(alive.pid) for alive in others())


def spent() -> float:
    """Return the processor seconds of all others, and of those they collected."""
    ticks = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                fields = entry.joinpath("stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def reap(ended: dict[int, int]) -> float:
    """Collect who ended, exit codes into `ended`; return the processor seconds they used."""
    spent = 0.0
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return spent
        if not pid:
            return spent
        ended[pid] = os.waitstatus_to_exitcode(status)
        spent += usage.ru_utime + usage.ru_stime


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
