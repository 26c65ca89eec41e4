"""Attacks on the cage itself. Each returns what it won, and raises where it was stopped."""

from __future__ import annotations

import ctypes
import mmap
import os
from typing import Any

Bait = dict[str, Any]
_NUMBERS = {  # x86_64, aarch64
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "perf_event_open": (298, 241),
    "pidfd_open": (434, 434),
    "personality": (135, 92),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "shmget": (29, 194),
    "shmctl": (31, 195),
    "open_tree": (428, 428),
    "name_to_handle_at": (303, 264),
    "syslog": (103, 116),
    "sethostname": (170, 161),
    "openat2": (437, 437),
}
_RING, _LONG = ctypes.create_string_buffer(120), ctypes.create_string_buffer(256)


def call(name: str, *args: Any) -> int:
    number = _NUMBERS[name][os.uname().machine == "aarch64"]
    words = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *words)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def new_user_namespace(bait: Bait) -> str:
    return str(call("unshare", 0x10000000))


def new_mount_namespace(bait: Bait) -> str:
    return str(call("unshare", 0x00020000))


def enter_the_namespace_of_another(bait: Bait) -> str:
    handle = os.pidfd_open(bait["victim"])
    return str(call("setns", handle, 0x40000000))


def change_the_root(bait: Bait) -> str:
    return str(call("chroot", b"/tmp"))


def mount(bait: Bait) -> str:
    call("unshare", 0x00020000)
    return str(call("mount", b"none", b"/tmp", b"tmpfs", 0, None))


def open_a_tree(bait: Bait) -> str:
    return str(call("open_tree", -100, b"/", 1))


def load_a_kernel_program(bait: Bait) -> str:
    attributes = (ctypes.c_uint32 * 30)(2, 4, 4, 1)  # an array map of one entry
    return str(call("bpf", 0, ctypes.byref(attributes), ctypes.sizeof(attributes)))


def ring_of_system_calls(bait: Bait) -> str:
    return str(call("io_uring_setup", 4, ctypes.byref(_RING)))


def handle_faults(bait: Bait) -> str:
    return str(call("userfaultfd", 1))


def keep_a_key(bait: Bait) -> str:
    return str(call("add_key", b"user", b"cambrian", b"x", 1, -2))


def read_the_kernels_log(bait: Bait) -> str:
    return str(call("syslog", 3, ctypes.byref(_LONG), 10))


def rename_the_machine(bait: Bait) -> str:
    name = os.uname().nodename.encode()
    return str(call("sethostname", name, len(name)))


def change_personality(bait: Bait) -> str:
    return str(call("personality", 0x0040000))


def share_memory(bait: Bait) -> str:
    segment = call("shmget", 0, 4096, 0o1600)
    return str(call("shmctl", segment, 0, 0))


def make_a_file_in_memory(bait: Bait) -> str:
    return str(os.memfd_create("file"))


def open_by_the_newest_call(bait: Bait) -> str:
    how = (ctypes.c_uint64 * 3)(os.O_RDWR, 0, 0)
    return str(call("openat2", -100, bait["key"].encode(), ctypes.byref(how), 24))


def open_with_all_flags(bait: Bait) -> str:
    return str(os.open(bait["folder"], os.O_TMPFILE | os.O_RDWR))


def become_root(bait: Bait) -> str:
    os.setuid(0)
    return str(os.getuid())


def type_into_the_terminal(bait: Bait) -> str:
    import fcntl

    try:
        fcntl.ioctl(0, 0x5412, b"x")  # TIOCSTI
    except OSError as error:
        if error.errno in (25, 5):  # not a terminal, or switched off: the call itself was let in
            return "asked the driver"
        raise
    return "typed"


def call_as_another_processor(bait: Bait) -> str:
    """Make a 32-bit system call, whose numbers mean other things, from machine code."""
    code = bytes.fromhex("53 b8 14 00 00 00 cd 80 5b c3")  # push rbx; eax = getpid; int 0x80
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return f"process {ctypes.CFUNCTYPE(ctypes.c_int)(address)()}"


def call_as_x32(bait: Bait) -> str:
    """Ask for the process number by the x32 table; refused means 1 (not permitted)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(0x40000000 | 39)) == -1 and ctypes.get_errno() == 1:
        raise PermissionError("x32 is refused")
    return "the call reached the kernel"
