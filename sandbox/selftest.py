"""Try every door from within, before anything untrusted runs; all must be seen to be shut.

A layer that was set up but does nothing (a kernel that ignores it, a mistake of ours) looks just
like one that works. So the zygote's first job is this one, confined as all jobs will be. A door is
a function that must raise `OSError`; one that returns is open, and the zygote refuses to serve.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator

import numpy as np

from sandbox import syscalls, view
from sandbox.base import MIB, Job, Limits, Outcome, Payload
from sandbox.errors import IsolationError

PROVEN = ("namespaces", "landlock", "strict")
CARDED = ("namespaces",)
"""The tiers at which code that nobody has read may run on a card."""

OPEN_ON_CARDS = ("write a file", "start a thread", "make a file in memory")
"""What a card's driver does itself; the files are a candidate's own, and gone with it."""

_NEW_USER = 0x10000000


def examine(payload: Payload) -> Payload:
    """Return the names of the doors found open, and what should work and does not."""
    doors: dict[str, Callable[[], object]] = {**DOORS, **_data_sets(payload.data["data sets"])}
    for name in OPEN_ON_CARDS if payload.data["on card"] else ():
        del doors[name]
    opened = [name for name, door in doors.items() if _opens(door)]
    return Payload({"open": opened, "broken": list(_broken(bool(payload.data["imports"])))})


def job(tier: str, on_card: bool = False) -> Job:
    """Return the job that tries the doors of `tier`, without those that a card's driver needs."""
    sets = [str(path) for path in view.here().masked]
    data = {"data sets": sets, "imports": tier != "strict", "on card": on_card}
    limits = Limits(seconds=20.0, memory=256 * MIB)
    return Job("sandbox.selftest:examine", Payload(data), limits)


def check(outcome: Outcome) -> None:
    """Raise `IsolationError` unless every door was seen shut."""
    if outcome.result is None:
        words = outcome.log.strip().splitlines()
        said = f" ({words[-1]})" if words else ""
        raise IsolationError(f"its self-test did not finish: {outcome.message}{said}")
    demand(outcome.result)


def demand(found: Payload) -> None:
    """Raise `IsolationError` unless what was examined says that every door was shut."""
    if broken := found.data["broken"]:
        raise IsolationError(f"its self-test could not {', '.join(broken)}")
    if doors := found.data["open"]:
        raise IsolationError(f"its self-test could {', '.join(doors)}")


def _opens(door: Callable[[], object]) -> bool:
    try:
        door()
    except (OSError, RuntimeError):  # a thread that cannot be started is a RuntimeError
        return False
    return True


def _broken(imports: bool) -> Iterator[str]:
    """Yield what a job needs and does not get."""
    if not np.isfinite(np.ones((64, 64)) @ np.ones((64, 64))).all():
        yield "multiply matrices"
    if os.getuid() == 0 or os.geteuid() == 0:
        yield "become an ordinary user"
    if imports:
        try:
            with open(os.__file__) as file:
                file.read(1)
        except OSError:
            yield f"read Python's own files as an ordinary user ({os.path.dirname(os.__file__)})"


def _fork() -> None:
    if not os.fork():
        os._exit(0)


def _thread() -> None:
    threading.Thread(target=int).start()


def _execute() -> None:
    subprocess.Popen(["/bin/true"]).wait()


def _write() -> None:
    with open("file", "w") as file:
        file.write("text")


def _read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def _look(path: str) -> None:
    """Read something at or beneath `path`: a cover is an empty folder or a file of zeros."""
    beneath = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    for name in beneath or [path]:
        with open(name, "rb") as file:
            if file.read().strip(b"\0"):
                return
    raise FileNotFoundError


def _debug() -> None:
    """Use a debugger's call; there is nothing to copy, so it changes nothing where it is open."""
    if syscalls.libc().process_vm_readv(os.getpid(), None, 0, None, 0, 0):
        raise OSError(ctypes.get_errno(), "process_vm_readv")


DOORS: dict[str, Callable[[], object]] = {
    "read the list of users": lambda: _read("/etc/passwd"),
    "read the environment of a process": lambda: _read("/proc/1/environ"),
    "write a file": _write,
    "make a folder": lambda: os.mkdir("folder"),
    "open a network socket": lambda: socket.socket(socket.AF_INET).close(),
    "open a local socket": lambda: socket.socket(socket.AF_UNIX).close(),
    "start a process": _fork,
    "start a thread": _thread,
    "run a program": _execute,
    "signal its own group": lambda: os.kill(0, 0),
    "signal another process": lambda: os.kill(1, 0),
    "stop itself": lambda: signal.raise_signal(signal.SIGCONT),
    "debug a process": _debug,
    "become root": lambda: os.setuid(0),
    "make a user namespace": lambda: syscalls.call("unshare", _NEW_USER),
    "mount": lambda: syscalls.call("mount", b"none", b"/", b"tmpfs", 0, None),
    "make a file in memory": lambda: os.memfd_create("file"),
}


def _data_sets(paths: list[str]) -> dict[str, Callable[[], object]]:
    return {f"read {path}": lambda path=path: _look(path) for path in paths}
