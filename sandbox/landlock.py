"""Landlock: a process gives up the file system, except the paths it names, for good.

The kernel has had it since 5.13, needs no privilege for it, and adds rights in steps (ABI 1, 2, …).
Rights can only be added beneath a folder, never taken away from a part of one, so whoever wants to
leave a data set out lists its neighbours instead (`sandbox.view`). Kernels with ABI 4 also refuse
TCP, with ABI 6 also signals to, and abstract sockets of, processes outside.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from sandbox import syscalls

_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3
_FILE_RIGHTS = (0, 13, 14, 15, 15, 16)  # how many rights to files each ABI knows
_ALL_TCP = 0b11
_ALL_SCOPES = 0b11
_ASK_VERSION = 1
_BENEATH = 1
_O_PATH = 0o10000000


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """Return the kernel's ABI, 0 where Landlock is missing or switched off."""
    try:
        return syscalls.call("landlock_create_ruleset", 0, 0, _ASK_VERSION)
    except OSError:
        return 0


def ruleset(readable: Iterable[Path], listed: Iterable[Path] = ()) -> int:
    """Return a descriptor of the rule that only what lies at or beneath `readable` may be read.

    Beneath the folders `listed`, the names of files may be read as well.
    """
    abi = version()
    rights = (1 << _FILE_RIGHTS[min(abi, len(_FILE_RIGHTS) - 1)]) - 1
    rules = _Ruleset(rights, _ALL_TCP if abi >= 4 else 0, _ALL_SCOPES if abi >= 6 else 0)
    length = 24 if abi >= 6 else 16 if abi >= 4 else 8
    descriptor = syscalls.call("landlock_create_ruleset", ctypes.byref(rules), length, 0)
    for path in readable:
        _allow(descriptor, path, _READ_FILE | _EXECUTE | _READ_FOLDER)
    for path in listed:
        _allow(descriptor, path, _READ_FOLDER)
    return descriptor


def restrict(descriptor: int) -> None:
    """Put this process under a ruleset. It must have given up new privileges before."""
    syscalls.call("landlock_restrict_self", descriptor, 0)


def _allow(descriptor: int, path: Path, rights: int) -> None:
    parent = os.open(path, _O_PATH | os.O_CLOEXEC)
    try:
        rule = _Beneath(rights if path.is_dir() else rights & ~_READ_FOLDER, parent)
        syscalls.call("landlock_add_rule", descriptor, _BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(parent)
