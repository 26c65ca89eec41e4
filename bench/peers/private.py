"""A place of its own for each trial: a network of loopback alone, and processes nobody else sees.

What runs inside reaches no machine but this one, sees no process but its own, and is gone when the
trial is over, whatever it left running. Where the kernel does not give us that, nothing is run.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox import kernel, syscalls

_NEW_USER, _NEW_PROCESSES, _NEW_FILES = 0x10000000, 0x20000000, 0x00020000
_NEW_NETWORK, _NEW_IPC = 0x40000000, 0x08000000
_RECURSIVE, _PRIVATE = 16384, 1 << 18
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1

Work = Callable[[], dict[str, Any]]


class NoPrivacy(Exception):
    """Raise where the kernel gives no network of loopback alone; the message says what to do."""


def privately(work: Work, seconds: float) -> dict[str, Any]:
    """Do the work as the first process of a new place; return what it returns.

    `TimeoutError` when it takes longer, `NoPrivacy` where no such place is to be had. The caller
    must have no thread but one.
    """
    hear, tell = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(hear)
        _outside(work, tell)
    os.close(tell)
    try:
        return _answer(hear, seconds)
    finally:
        os.close(hear)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def refusal() -> str:
    """Say why no trial can run here, or nothing."""
    try:
        privately(dict, 20.0)
    except NoPrivacy as why:
        return str(why)
    return ""


def _answer(hear: int, seconds: float) -> dict[str, Any]:
    deadline, parts = time.monotonic() + seconds, []
    while select.select([hear], [], [], max(0.0, deadline - time.monotonic()))[0]:
        part = os.read(hear, 1 << 16)
        if part:
            parts.append(part)
            continue
        found = json.loads(b"".join(parts) or b"{}")
        if "refused" in found:
            raise NoPrivacy(found["refused"])
        if "value" not in found:
            raise RuntimeError(found.get("broken") or "the trial's own process died")
        return found["value"]
    raise TimeoutError(f"the trial's own process did not end within {seconds:.0f} s")


def _outside(work: Work, tell: int) -> None:
    """Make the place, and wait in front of it; never returns."""
    kernel.die_with_forker()
    try:
        _unshare()
    except OSError as error:
        _say(tell, {"refused": _sentence(error)})
        os._exit(1)
    pid = os.fork()
    if not pid:
        _inside(work, tell)
    os.close(tell)
    os.waitpid(pid, 0)
    os._exit(0)


def _inside(work: Work, tell: int) -> None:
    kernel.die_with_forker()
    try:
        syscalls.call("mount", b"none", b"/", None, _RECURSIVE | _PRIVATE, None)
        syscalls.call("mount", b"proc", b"/proc", b"proc", 14, None)
        _lift_loopback()
    except OSError as error:
        _say(tell, {"refused": _sentence(error)})
        os._exit(1)
    try:
        _say(tell, {"value": work()})
    except BaseException:
        _say(tell, {"broken": traceback.format_exc()})
    os._exit(0)


def _unshare() -> None:
    """Leave the old network, processes and files; an ordinary user keeps their own name."""
    user, group = os.getuid(), os.getgid()
    if user:
        syscalls.call("unshare", _NEW_USER)
        own = Path("/proc/self")
        maps = (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"))
        for name, text in (*maps, ("gid_map", f"{group} {group} 1")):
            (own / name).write_text(text)
    syscalls.call("unshare", _NEW_NETWORK | _NEW_IPC | _NEW_PROCESSES | _NEW_FILES)


def _lift_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        asked = struct.pack("16sh", b"lo", 0)
        (flags,) = struct.unpack("16xh", fcntl.ioctl(line, _GET_FLAGS, asked)[:18])
        fcntl.ioctl(line, _SET_FLAGS, struct.pack("16sh", b"lo", flags | _UP))


def _say(tell: int, answer: dict[str, Any]) -> None:
    with os.fdopen(tell, "wb") as file:
        file.write(json.dumps(answer).encode())


def _sentence(error: OSError) -> str:
    return (
        "Peers run only in a network of loopback alone, with processes of their own, and this "
        f"machine gives us none ({error}). Run as root, or allow user namespaces; `unshare -rnpf "
        "--mount-proc true` must succeed."
    )
