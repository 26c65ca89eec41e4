"""The cage: what the zygote prepares once, and what each child locks itself into before its job.

The zygote does the slow part (namespaces, rules, filters). A child only has to be forked into its
own processes and to close the doors behind it, in the one order that works: user, capabilities,
files, system calls. Nothing can be opened again from within.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox import kernel, landlock, namespaces, seccomp, syscalls, view
from sandbox.errors import IsolationError, step
from sandbox.privileges import become_nobody, gain_none, give_up_all, own_proc

_HIGH = 10  # descriptors below are the child's own


@dataclass(frozen=True, slots=True)
class Cage:
    """What a child of this zygote is locked into; with nothing set, nothing is isolated."""

    tier: str
    filter: bytes = b""
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

    def furnish(self) -> None:
        """Give this process, just forked, files of its own to write and a /proc of its own."""
        if self.processes is not None:
            namespaces.own_files(Path.cwd())

    def confine(self, zygote: int) -> None:
        """Lock this process in, for good."""
        if not self.filter:
            return
        become_nobody()
        give_up_all()
        kernel.die_with(zygote)  # changing the user switched it off
        self._restrict_files()
        seccomp.install(self.filter)

    def _restrict_files(self) -> None:
        if self.files is not None:
            landlock.restrict(self.files)
            os.close(self.files)


def prepare(tier: str, devices: Sequence[Path] = ()) -> Cage:
    """Make this process the zygote of `tier`; raise `IsolationError` where that cannot be.

    `devices` are what else a card needs to be seen where little is.
    """
    return _PREPARE[tier](devices)


def shed(tier: str, zygote: int) -> None:
    """Give up, before a card is opened, what its driver's threads must never have.

    A driver may need to name its threads, in /proc, as it starts: that is left open until `wait`.
    """
    if tier == "process":
        return
    if tier == "namespaces":
        become_nobody()
    give_up_all()
    kernel.die_with(zygote)  # changing the user switched it off
    own_proc(True)


def wait(tier: str) -> None:
    """Lock this process in, now that its card is open: every thread, for good."""
    if tier != "process":
        own_proc(False)
        _install(tier, seccomp.WAITING)


def seal(tier: str) -> None:
    """Shut the one door left in a process that waited: no more is to be taken over."""
    _install(tier, seccomp.DEVICE)


def _install(tier: str, profile: seccomp.Profile) -> None:
    if tier in ("namespaces", "landlock"):  # a strict filter opens no file, as every driver must
        seccomp.install(_filter(profile), every_thread=True)


def _process(_: Sequence[Path]) -> Cage:
    return Cage("process")


def _strict(_: Sequence[Path]) -> Cage:
    gain_none()
    return Cage("strict", _filter(seccomp.PURE))


def _landlock(_: Sequence[Path]) -> Cage:
    if not (rules := _rules()):
        raise IsolationError("the kernel has no Landlock, or it is switched off")
    gain_none()
    return Cage("landlock", _filter(seccomp.PATHS), rules)


def _namespaces(devices: Sequence[Path]) -> Cage:
    code = _filter(seccomp.PATHS)
    namespaces.enter(Path.cwd(), devices)
    with step("process namespace of its own"):
        own = _high(os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC))
    return Cage("namespaces", code, _rules(), own)


_PREPARE: dict[str, Callable[[Sequence[Path]], Cage]] = {
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
        seen = view.here()
        paths = [*seen.pieces(), *map(Path, view.DEVICES)]
        return _high(landlock.ruleset(paths, seen.folders()))


def _high(descriptor: int) -> int:
    higher = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    os.close(descriptor)
    return higher
