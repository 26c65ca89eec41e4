"""A machine of its own for the zygote: its own users, files, processes, network and names.

Made once per zygote, so a candidate pays nothing for it:

    guard        the process the supervisor started; it stays outside and waits
    └── zygote   the first process of a new machine: an empty network, a file system of read-only
                 windows on what Python needs, data sets covered, a small scratch folder, its own
                 /proc. It keeps the one privilege it needs, to give each child processes of its own

An ordinary user can do all this where the system allows user namespaces. Root does the same, and
becomes nobody (65534) once the file system stands.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sandbox import kernel, syscalls, view
from sandbox.errors import IsolationError, step
from sandbox.privileges import (
    ADMINISTER,
    NOBODY,
    TRACE,
    become_nobody,
    gain_none,
    keep,
    own_proc,
)

_NEW_USER, _NEW_PROCESSES, _NEW_FILES = 0x10000000, 0x20000000, 0x00020000
_NEW_NETWORK, _NEW_IPC, _NEW_NAMES = 0x40000000, 0x08000000, 0x04000000
_BIND, _RECURSIVE, _PRIVATE, _NOSUID, _NODEV, _NOEXEC = 4096, 16384, 1 << 18, 2, 4, 8
_AT_RECURSIVE, _DETACH = 0x8000, 2
_READ_ONLY_ATTRIBUTE, _NOSUID_ATTRIBUTE, _NODEV_ATTRIBUTE = 1, 2, 4
_ROOM = "size=64m,nr_inodes=4k,mode=777"
_SUPERVISOR_CHECK = 2.0  # seconds


def enter(scratch: Path, devices: Sequence[Path] = ()) -> None:
    """Move into a new machine; the guard left behind ends when the process returning here does.

    `devices` are nodes and folders that a card needs; then Python can be started there, too.
    """
    shown, links = view.here(), list(view.links())
    supervisor = os.getppid()
    _new_user()
    with step("namespaces for processes, network, ipc and names"):
        syscalls.call("unshare", _NEW_PROCESSES | _NEW_NETWORK | _NEW_IPC | _NEW_NAMES)
        pid = os.fork()
    if pid:
        _guard(pid, supervisor, scratch)
    kernel.die_with_forker()
    with step("mount namespace"):
        syscalls.call("unshare", _NEW_FILES)
        _mount("none", "/", None, _RECURSIVE | _PRIVATE)
    _build(scratch, shown, links, devices)
    with step("way to become an ordinary user"):
        become_nobody()
        gain_none()
        keep(ADMINISTER, TRACE)
        own_proc(True)
    kernel.die_with_forker()  # changing the user switched it off


def fresh_processes(own: int) -> None:
    """Give the next child a process namespace; `own` is this process's, from /proc/self/ns/pid."""
    syscalls.call("setns", own, _NEW_PROCESSES)  # a second unshare needs the way back first
    syscalls.call("unshare", _NEW_PROCESSES)


def _new_user() -> None:
    """Make a user namespace in which this process may do the rest."""
    user, group = os.getuid(), os.getgid()
    if user:
        with step("user namespace"):
            syscalls.call("unshare", _NEW_USER)
            _map_users(os.getpid(), f"{NOBODY} {user} 1", f"{NOBODY} {group} 1", groups="deny")
        return
    both = f"0 0 1\n{NOBODY} {NOBODY} 1"
    with _helper(lambda: _map_users(os.getppid(), both, both, groups="allow")) as go:
        with step("user namespace"):
            syscalls.call("unshare", _NEW_USER)
        go()


@contextlib.contextmanager
def _helper(work: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Fork a process that stays outside; what is yielded lets it do its work and waits for it."""
    hear, tell = os.pipe()
    pid = os.fork()
    if not pid:
        code = 1
        with contextlib.suppress(BaseException):
            os.close(tell)
            if os.read(hear, 1):
                work()
                code = 0
        os._exit(code)
    os.close(hear)

    def go() -> None:
        os.write(tell, b"!")
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            raise IsolationError("no user namespace: its users could not be named")

    try:
        yield go
    finally:
        os.close(tell)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _map_users(pid: int, users: str, groups_map: str, groups: str) -> None:
    for name, text in (("setgroups", groups), ("uid_map", users), ("gid_map", groups_map)):
        Path(f"/proc/{pid}/{name}").write_text(text)


def _guard(pid: int, supervisor: int, scratch: Path) -> None:
    """Wait for the zygote to end, end it where the supervisor is gone, and clear up."""
    kernel.wake_with_forker()  # changing the user switched it off
    kernel.close_all_but({0, 1, 2})
    ended = os.pidfd_open(pid)
    while not select.select([ended], [], [], _SUPERVISOR_CHECK)[0]:
        if os.getppid() != supervisor:
            os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    # A supervisor that is alive clears up as well. One that dies closes its sockets, by which the
    # zygote knows, before it ceases to be our parent: whether it is there now says nothing.
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(code if code >= 0 else 128 - code)  # a signal, as shells tell of it


def own_files(scratch: Path) -> None:
    """Give this process a /proc that shows it alone, and an empty scratch folder."""
    syscalls.call("unshare", _NEW_FILES)
    _mount("none", "/proc", "proc", 14, "hidepid=invisible")
    _mount("none", scratch, "tmpfs", _NOSUID | _NODEV, _ROOM)
    os.chdir(scratch)


def _build(scratch: Path, shown: view.View, links: list[Path], devices: Sequence[Path]) -> None:
    """Build the file system on `scratch` and make it the only one."""
    with step("file system of its own"):
        _mount("none", scratch, "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
        for path in shown.shown:
            _window(scratch, path, _READ_ONLY_ATTRIBUTE | _NOSUID_ATTRIBUTE | _NODEV_ATTRIBUTE)
        for path in shown.masked:
            _cover(scratch, path)
        (scratch / "blank").unlink(missing_ok=True)
        for path in links:
            _relink(scratch, path)
        _devices(scratch, devices)
    with step("/proc of its own (a container may hide parts of the outer one)"):
        _mount("none", _folder(scratch, Path("/proc")), "proc", 14, "hidepid=invisible")
    with step("file system of its own"):
        room = _folder(scratch, scratch)
        _mount("none", room, "tmpfs", _NOSUID | _NODEV, _ROOM)
        _set_attributes(scratch, _READ_ONLY_ATTRIBUTE, recursive=False)
        os.chdir(scratch)
        syscalls.call("pivot_root", _path("."), _path("."))
        syscalls.call("umount2", _path("."), _DETACH)
        os.chdir(scratch)


def _devices(root: Path, more: Sequence[Path]) -> None:
    for device in (*map(Path, view.DEVICES), *more):  # read-only leaves devices to be written to
        nodes = _NODEV_ATTRIBUTE if device.is_dir() or device.is_file() else 0
        _window(root, device, _READ_ONLY_ATTRIBUTE | _NOSUID_ATTRIBUTE | nodes)
    os.symlink("/proc/self/fd", root / "dev/fd")


def _window(root: Path, path: Path, attributes: int) -> None:
    """Show `path` at its own place below `root`."""
    if path.is_dir():
        place = _folder(root, path)
    else:
        place = _folder(root, path.parent) / path.name
        place.touch()
    _mount(path, place, None, _BIND | _RECURSIVE)
    _set_attributes(place, attributes, recursive=True)


def _cover(root: Path, path: Path) -> None:
    place = root / path.relative_to("/")
    if path.is_dir():
        _mount("none", place, "tmpfs", _NOSUID | _NODEV | _NOEXEC | 1, "size=4k,mode=755")
    else:
        _mount(_blank(root, path), place, None, _BIND)


def _blank(root: Path, path: Path) -> Path:
    """Return a file of the same size and age with nothing in it: what is compiled stays valid."""
    found, blank = path.stat(), root / "blank"
    blank.unlink(missing_ok=True)  # the mounts of those before stay
    with open(blank, "wb") as file:
        file.truncate(found.st_size)
    os.utime(blank, ns=(found.st_atime_ns, found.st_mtime_ns))
    return blank


def _relink(root: Path, path: Path) -> None:
    """Repeat the symbolic links on the way to `path`."""
    for place in reversed((path, *path.parents)):
        if place.is_symlink() and not (root / place.relative_to("/")).is_symlink():
            _folder(root, place.parent)
            os.symlink(os.path.realpath(place), root / place.relative_to("/"))
            return


def _folder(root: Path, path: Path) -> Path:
    place = root / path.relative_to("/")
    place.mkdir(mode=0o755, parents=True, exist_ok=True)
    return place


def _mount(
    source: str | Path, target: str | Path, kind: str | None, flags: int, options: str = ""
) -> None:
    kind_text = kind.encode() if kind else None
    try:
        syscalls.call(
            "mount", _path(source), _path(target), kind_text, flags, options.encode() or None
        )
    except OSError as error:
        raise OSError(
            error.errno, f"mount {kind or source} on {target}: {error.strerror}"
        ) from None


class _Attributes(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "users"))


def _set_attributes(place: Path, attributes: int, recursive: bool) -> None:
    change = _Attributes(set=attributes)
    deep = _AT_RECURSIVE if recursive else 0
    size = ctypes.sizeof(change)
    syscalls.call("mount_setattr", -100, _path(place), deep, ctypes.byref(change), size)


def _path(path: str | Path) -> bytes:
    return os.fsencode(path)
