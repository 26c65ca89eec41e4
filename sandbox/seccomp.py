"""Let a process make only the system calls that computing needs; the kernel refuses all others.

A filter is a small program for the kernel's packet-filter machine, run before every system call.
It allows by name and refuses by default, so a call invented tomorrow is refused too. Once loaded
it cannot be taken back. A call made for another processor (32-bit, x32) never reaches the list.

    PURE      memory, clocks, open descriptors: no path, socket, process or signal
    PATHS     the same, and files may be opened for reading
    DEVICE    the same, and what a GPU's driver needs: device controls, threads, writing
    WAITING   the same, and what takes a job over: words on a socket that is there, a last filter
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox import syscalls
from sandbox.syscalls import Machine

_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
ALLOW, KILL, REFUSE, ABSENT = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026  # EPERM, ENOSYS
_NUMBER, _ARCH, _ARGS = 0, 4, 16  # offsets into the kernel's `struct seccomp_data`
_X32 = 0x40000000
_SET_FILTER, _EVERY_THREAD, _LEAVE_SPECULATION = 1, 1 << 0, 1 << 2


@dataclass(frozen=True, slots=True)
class Lacks:
    """Allow where the argument has none of these bits."""

    place: int
    bits: int


@dataclass(frozen=True, slots=True)
class Has:
    """Allow where the argument has one of these bits."""

    place: int
    bits: int


@dataclass(frozen=True, slots=True)
class Among:
    """Allow where the argument is one of these."""

    place: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Besides:
    """Allow unless the argument is one of these."""

    place: int
    values: tuple[int, ...]


Check = Lacks | Has | Among | Besides | None
Profile = Mapping[str, Check]

# Everything that would open a file for writing, make one or cut one short.
_WRITING = 0o3 | 0o100 | 0o1000 | 0o20000000
_ASK_TERMINAL, _CLOSE_ON_EXEC, _KEEP_ON_EXEC, _WAITING = 0x5401, 0x5451, 0x5450, 0x541B
_TYPING, _SIGNALLING = (0x5412, 0x541C), (8, 10, 15)  # TIOCSTI, TIOCLINUX; F_SETOWN and its kin
_DUPLICATE, _FLAGS, _DUPLICATE_CLOSING = 0, (1, 2, 3, 4), 1030
_THREAD = 0x00010000

PURE: Profile = {
    **dict.fromkeys(
        (
            *("read", "write", "readv", "writev", "pread64", "close", "fstat", "lseek"),
            *("mmap", "mprotect", "munmap", "brk", "mremap", "madvise", "membarrier"),
            *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall"),
            *("poll", "ppoll", "select", "pselect6", "pipe", "pipe2", "dup", "dup2", "dup3"),
            *("futex", "set_robust_list", "rseq", "set_tid_address", "sched_yield"),
            *("nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday"),
            *("time", "times", "getrusage", "sysinfo", "uname", "getcpu", "getcwd", "getrandom"),
            *("getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid"),
            *("getresuid", "getresgid", "getpgrp", "getpgid", "getsid", "sched_getaffinity"),
            *("getrlimit", "setrlimit", "exit", "exit_group"),
        )
    ),
    # Not F_SETOWN and F_SETSIG, which send signals; not TIOCSTI, which types into a terminal.
    "fcntl": Among(1, (_DUPLICATE, *_FLAGS, _DUPLICATE_CLOSING)),
    "ioctl": Among(1, (_ASK_TERMINAL, _CLOSE_ON_EXEC, _KEEP_ON_EXEC, _WAITING)),
    "prlimit64": Among(0, (0,)),  # its own limits, not another process's
}

PATHS: Profile = {
    **PURE,
    "open": Lacks(1, _WRITING),
    "openat": Lacks(2, _WRITING),
    **dict.fromkeys(
        (
            *("stat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat"),
            *("faccessat2", "readlink", "readlinkat", "getdents64", "fadvise64"),
        )
    ),
}

DEVICE: Profile = {
    **PATHS,
    "clone": Has(0, _THREAD),
    "ioctl": Besides(1, _TYPING),
    "fcntl": Besides(1, _SIGNALLING),
    **dict.fromkeys(
        (
            *("open", "openat", "eventfd2", "mlock", "munlock", "mincore"),
            *("memfd_create", "ftruncate", "epoll_create1", "epoll_ctl", "epoll_pwait"),
            *("epoll_wait", "get_mempolicy", "set_mempolicy", "mbind", "sched_setaffinity"),
            *("sched_getscheduler", "sched_getparam", "sched_get_priority_max"),
            "sched_get_priority_min",
        )
    ),
}

WAITING: Profile = {
    **DEVICE,
    **dict.fromkeys(("sendto", "recvfrom", "recvmsg", "seccomp")),
}


def compile_filter(profile: Profile, machine: Machine) -> bytes:
    """Return the filter that allows `profile` on `machine`, as the kernel reads it."""
    code = [
        _step(_LOAD, _ARCH),
        *_unless(_EQUAL, machine.audit, KILL),
        _step(_LOAD, _NUMBER),
        *_when(_AT_LEAST, _X32, REFUSE),
    ]
    for name in ("clone3", "openat2"):  # their arguments cannot be seen: callers use the older one
        code += _when(_EQUAL, _needed(name, machine), ABSENT)
    for name, check in profile.items():
        if (number := syscalls.number(name, machine)) is not None:
            code += _rule(number, check)
    return b"".join([*code, _step(_RETURN, REFUSE)])


def install(code: bytes, every_thread: bool = False) -> None:
    """Put this process under a filter, for good. It must have given up new privileges before.

    Threads that are there already come under it only with `every_thread`, or it is refused.
    """
    program = _Program(len(code) // 8, code)
    # Slower memory for filtered processes, the default of old kernels, guards against nothing here.
    flags = _LEAVE_SPECULATION | (_EVERY_THREAD if every_thread else 0)
    if left_out := syscalls.call("seccomp", _SET_FILTER, flags, ctypes.byref(program)):
        raise OSError(errno.EBUSY, f"the thread {left_out} has a filter of its own")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _rule(number: int, check: Check) -> list[bytes]:
    if check is None:
        return _when(_EQUAL, number, ALLOW)
    body = [_step(_LOAD, _ARGS + 8 * check.place), *_checked(check)]
    return [_step(_EQUAL, number, 0, len(body)), *body]


def _checked(check: Lacks | Has | Among | Besides) -> Iterator[bytes]:
    """Yield a test of the loaded argument that always returns."""
    match check:
        case Lacks(_, bits):
            yield from _when(_ANY_BIT, bits, REFUSE)
            yield _step(_RETURN, ALLOW)
        case Has(_, bits):
            yield from _when(_ANY_BIT, bits, ALLOW)
            yield _step(_RETURN, REFUSE)
        case Among(_, values):
            for value in values:
                yield from _when(_EQUAL, value, ALLOW)
            yield _step(_RETURN, REFUSE)
        case Besides(_, values):
            for value in values:
                yield from _when(_EQUAL, value, REFUSE)
            yield _step(_RETURN, ALLOW)


def _when(test: int, value: int, answer: int) -> list[bytes]:
    return [_step(test, value, 0, 1), _step(_RETURN, answer)]


def _unless(test: int, value: int, answer: int) -> list[bytes]:
    return [_step(test, value, 1, 0), _step(_RETURN, answer)]


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


def _needed(name: str, machine: Machine) -> int:
    number = syscalls.number(name, machine)
    assert number is not None, name
    return number
