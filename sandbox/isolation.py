"""The cage: what the zygote prepares once, and what each child locks itself into before its job.

The zygote does the slow part (namespaces, rules, filters). A child only has to be forked into its
own processes and to close the doors behind it, in the one order that works: user, capabilities,
files, system calls. Nothing can be opened again from within.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox import kernel, landlock, namespaces, seccomp, syscalls, view
from sandbox.base import Job
from sandbox.errors import IsolationError, step
from sandbox.privileges import become_nobody, give_up_all

_HIGH = 10  # descriptors below are the child's own


@dataclass(frozen=True, slots=True)
class Cage:
    """What a child of this zygote is locked into; with nothing set, nothing is isolated."""

    tier: str
    filter: bytes = b""
    device_filter: bytes = b""
    files: int | None = None
    processes: int | None = None

    @property
    def kept(self) -> set[int]:
        """Return the descriptors a child needs until it is confined."""
        return set() if self.files is None else {self.files}

    def fork(self) -> int:
        """Fork, into a process namespace of the child's own where the tier has them."""
        if self.processes is not None:
            namespaces.fresh_processes(self.processes)
        return os.fork()

    def confine(self, job: Job, zygote: int) -> None:
        """Lock this process in, for good."""
        if not self.filter:
            return
        on_cpu = job.device == "cpu"
        if on_cpu or self.processes is not None:
            become_nobody()
        give_up_all()
        kernel.die_with(zygote)  # changing the user switched it off
        if on_cpu:
            self._restrict_files()
        if code := self.filter if on_cpu else self.device_filter:
            seccomp.install(code)

    def _restrict_files(self) -> None:
        if self.files is not None:
            landlock.restrict(self.files)
            os.close(self.files)


def prepare(tier: str) -> Cage:
    """Make this process the zygote of `tier`; raise `IsolationError` where that cannot be."""
    return _PREPARE[tier]()


def _process() -> Cage:
    return Cage("process")


def _strict() -> Cage:
    return Cage("strict", _filter(seccomp.PURE))


def _landlock() -> Cage:
    if not (rules := _rules()):
        raise IsolationError("the kernel has no Landlock, or it is switched off")
    return Cage("landlock", _filter(seccomp.PATHS), _filter(seccomp.DEVICE), rules)


def _namespaces() -> Cage:
    filters = _filter(seccomp.PATHS), _filter(seccomp.DEVICE)
    namespaces.enter(Path.cwd())
    with step("process namespace of its own"):
        own = _high(os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC))
    return Cage("namespaces", *filters, _rules(), own)


_PREPARE: dict[str, Callable[[], Cage]] = {
    "namespaces": _namespaces,
    "landlock": _landlock,
    "strict": _strict,
    "process": _process,
}


def _filter(profile: seccomp.Profile) -> bytes:
    machine = syscalls.machine()
    if machine is None:
        raise IsolationError("filters of system calls are made for 64-bit x86 and ARM Linux only")
    return seccomp.compile_filter(profile, machine)


def _rules() -> int | None:
    if not landlock.version():
        return None
    with step("rules for files"):
        paths = [*view.here().pieces(), *map(Path, view.DEVICES)]
        return _high(landlock.ruleset(paths))


def _high(descriptor: int) -> int:
    higher = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    os.close(descriptor)
    return higher
