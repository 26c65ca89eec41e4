"""The few things asked of the Linux kernel itself; elsewhere each does nothing, and says so.

Processes are found through `/proc`, so that one which left its process group, session and parent
is still found: the zygote is made the *subreaper*, the parent of every orphan below it.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path

LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make this process the parent of whatever below it loses its own."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with(parent: int) -> None:
    """Have this process killed when `parent`, which forked it, ends."""
    die_with_forker()
    if os.getppid() not in (parent, 0):  # it ended before the call above could take effect
        os._exit(1)


def die_with_forker() -> None:
    """Have this process killed when the one that forked it ends, if that is still there."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wake_with_forker() -> None:
    """Have this process go on, should it be stopped, when the one that forked it ends.

    Who means to kill a process may stop it first, and be killed itself before it gets to that. The
    thread that forked it may end as well, and then this is harmless, as being killed would not be.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)


def prefer_as_victim() -> None:
    """Ask the kernel, short of memory, to end this process before any other."""
    if LINUX:
        try:
            score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        except OSError:
            return  # a courtesy to the rest of the machine, not a limit
        with contextlib.suppress(OSError):
            os.write(score, b"800")
        os.close(score)


def watch_exit(pid: int) -> int | None:
    """Return a descriptor that becomes readable when `pid` ends, or `None` where there is none."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def close_all_but(kept: set[int]) -> None:
    """Close every other descriptor."""
    for name in os.listdir("/dev/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):  # the one that this listing itself used
                os.close(int(name))


def memory_in_use() -> tuple[int, int] | None:
    """Return the bytes of address space and of private data, or `None` where they are unknown."""
    if not LINUX:
        return None
    pages = [int(field) * os.sysconf("SC_PAGE_SIZE") for field in _read("/proc/self/statm").split()]
    return pages[0], pages[5]


def memory_held(pid: int) -> int:
    """Return the bytes of memory that are `pid`'s own or shared by mapping, 0 where unknown."""
    try:
        status = _read(f"/proc/{pid}/status")
    except OSError:
        return 0
    held = (status.partition(name)[2].split(maxsplit=1)[:1] for name in (b"RssAnon:", b"RssShmem:"))
    return sum(int(count) * 1024 for found in held for count in found)


def threads() -> int:
    """Count this process's threads, those outside Python included."""
    return len(os.listdir("/proc/self/task")) if LINUX else 1


def living_below(pid: int, spared: Collection[int] = ()) -> Iterator[int]:
    """Yield every process below `pid` that still runs, except `spared` and what is below them."""
    unseen = children(pid)
    while unseen:
        child = unseen.pop()
        if child in spared:
            continue
        unseen += children(child)
        if _runs(child):
            yield child


def kill_group(pid: int) -> None:
    """Kill `pid` and the whole process group that it leads."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue  # gone, or on some systems a zombie


def kill_below(pid: int, seconds: float, spared: Collection[int] = ()) -> bool:
    """Kill all below `pid` but `spared` until nothing runs; return whether that was reached.

    One pass is not enough: a process may fork between being listed and being killed.
    """
    deadline = time.monotonic() + seconds
    while living := list(living_below(pid, spared)):
        if time.monotonic() > deadline:
            return False
        for victim in living:
            kill_group(victim)
        time.sleep(0.001)
    return True


def children(pid: int) -> list[int]:
    """Return the processes that `pid` is the parent of."""
    try:
        tasks = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for task in tasks for child in task.split()]


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def _read(path: str) -> bytes:
    """Read a small file of /proc, which comes in one piece, by as few steps as there are."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(file, 16384)
    finally:
        os.close(file)


def _prctl(option: int, value: int) -> None:
    if LINUX:
        _libc().prctl(option, value, 0, 0, 0)


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
