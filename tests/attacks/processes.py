"""Attacks on and by other processes. Each returns what it won, and raises where it was stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from typing import Any

Bait = dict[str, Any]
_ATTACH, _DETACH = 16, 17


def fork(bait: Bait) -> str:
    return _reaped(os.fork())


def fork_without_a_library(bait: Bait) -> str:
    """Fork past Python and the C library, by the call itself."""
    number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    return _reaped(_checked(_libc().syscall(number, signal.SIGCHLD, 0, 0, 0, 0)))


def leave_a_daemon(bait: Bait) -> str:
    if not (pid := os.fork()):
        os.setsid()
        if not os.fork():
            os.execv("/bin/sleep", ["sleep", "600"])
        os._exit(0)
    return _reaped(pid)


def spawn(bait: Bait) -> str:
    return _reaped(os.posix_spawn("/bin/true", ["true"], {}))


def run_a_program(bait: Bait) -> str:
    return str(subprocess.run(["/bin/true"], check=True).returncode)


def run_a_setuid_program(bait: Bait) -> str:
    """Run a program that would run as root."""
    known = ("/bin/su", "/usr/bin/passwd", "/usr/bin/gpasswd", "/bin/mount")
    path = next(path for path in known if os.path.exists(path))
    subprocess.run([path, "--help"], check=False, capture_output=True)
    return f"{path} ran"


def bomb_with_processes(bait: Bait) -> str:
    for _ in range(20):
        if not os.fork():
            signal.pause()
    return "twenty processes"


def bomb_with_threads(bait: Bait) -> str:
    threading.stack_size(256 * 1024)
    for _ in range(20):
        threading.Thread(target=signal.pause, daemon=True).start()
    return "twenty threads"


def outlive_its_parent(bait: Bait) -> str:
    _checked(_libc().prctl(1, 0, 0, 0, 0))  # PR_SET_PDEATHSIG: no signal when the parent ends
    return "nobody will end it"


def steal_a_descriptor(bait: Bait) -> str:
    """Take over a file that another process has open."""
    return str(_checked(_libc().syscall(438, os.pidfd_open(bait["victim"]), 1, 0)))


def start_a_thread(bait: Bait) -> str:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    return "a thread"


def signal_another(bait: Bait) -> str:
    os.kill(bait["victim"], signal.SIGCONT)
    return "sent"


def signal_the_parent(bait: Bait) -> str:
    os.kill(os.getppid(), 0)
    return "sent"


def signal_its_group(bait: Bait) -> str:
    os.kill(0, 0)
    return "sent"


def signal_everyone(bait: Bait) -> str:
    os.kill(-1, 0)
    return "sent"


def signal_by_descriptor(bait: Bait) -> str:
    signal.pidfd_send_signal(os.pidfd_open(bait["victim"]), signal.SIGCONT)
    return "sent"


def signal_through_a_pipe(bait: Bait) -> str:
    """Make the kernel signal another process when a pipe has something to read."""
    import fcntl

    hear, tell = os.pipe()
    fcntl.fcntl(hear, 8, bait["victim"])  # F_SETOWN
    os.close(hear)
    os.close(tell)
    return "the pipe's owner is another process"


def trace(bait: Bait) -> str:
    _checked(_libc().ptrace(_ATTACH, bait["victim"], 0, 0))
    os.waitpid(bait["victim"], 0x40000000)
    _checked(_libc().ptrace(_DETACH, bait["victim"], 0, 0))
    return "traced"


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def write_into_another(bait: Bait) -> str:
    """Ask for the vector call with nothing to write: only the permission counts."""
    vector = _Vector(None, 0)
    there = ctypes.byref(vector)
    _checked(_libc().process_vm_writev(bait["victim"], there, 1, there, 1, 0))
    return "permitted"


def change_the_priority_of_another(bait: Bait) -> str:
    os.setpriority(os.PRIO_PROCESS, bait["victim"], 10)
    return "slowed"


def change_the_limits_of_another(bait: Bait) -> str:
    import resource

    return str(resource.prlimit(bait["victim"], resource.RLIMIT_NOFILE, (100, 200)))


def _reaped(pid: int) -> str:
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    return f"process {pid}"


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
