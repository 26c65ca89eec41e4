"""What a process may do as its user: become nobody, and give up capabilities for good."""

from __future__ import annotations

import ctypes
import os

from sandbox import syscalls

NOBODY = 65534
TRACE, ADMINISTER = 19, 21  # CAP_SYS_PTRACE, CAP_SYS_ADMIN
_LAST = 63
_KEEP_CAPABILITIES, _SET_DUMPABLE, _DROP_BOUND, _NO_NEW_PRIVILEGES, _AMBIENT = 8, 4, 24, 38, 47
_CLEAR_ALL = 4
_VERSION = 0x20080522
_Header, _Sets = ctypes.c_uint32 * 2, ctypes.c_uint32 * 6


def become_nobody() -> None:
    """Change from root to nobody, capabilities kept; an ordinary user stays what it is."""
    if os.geteuid() == 0:
        prctl(_KEEP_CAPABILITIES, 1)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def keep(*capabilities: int) -> None:
    """Give up every capability but these."""
    bits = sum(1 << capability for capability in capabilities)
    low, high = bits & 0xFFFFFFFF, bits >> 32
    header = _Header(_VERSION, 0)
    sets = _Sets(low, low, 0, high, high, 0)  # effective, permitted, inheritable
    syscalls.call("capset", ctypes.byref(header), ctypes.byref(sets))


def own_proc(mine: bool) -> None:
    """Say whether this process's folder in /proc belongs to its own user, or to root."""
    prctl(_SET_DUMPABLE, int(mine))


def gain_none() -> None:
    """Give up, for all that is started or forked from here, what running a program could give."""
    for capability in range(_LAST + 1):
        if syscalls.libc().prctl(_DROP_BOUND, capability, 0, 0, 0):
            break  # past the last that the kernel knows, or not ours to drop: see below


def give_up_all() -> None:
    """Give up all capabilities, and the possibility of ever gaining one."""
    prctl(_NO_NEW_PRIVILEGES, 1)
    syscalls.libc().prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    keep()
    own_proc(False)


def prctl(option: int, value: int) -> None:
    """Change one attribute of this process; raise `OSError` where the kernel refuses."""
    if syscalls.libc().prctl(option, value, 0, 0, 0):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
