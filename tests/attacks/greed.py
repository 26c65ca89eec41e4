"""Jobs that want more than they may have: time, memory, output, or not to end at all."""

from __future__ import annotations

import collections
import ctypes
import itertools
import mmap
import os
import select
import signal
import sys
import time

from sandbox.base import Payload


def spin(payload: Payload) -> Payload:
    while True:
        pass


def spin_in_c(payload: Payload) -> Payload:
    collections.deque(itertools.repeat(0), maxlen=0)
    return payload


def spin_in_torch(payload: Payload) -> Payload:
    import torch

    x = torch.ones(2000, 2000)
    while True:
        x = x @ x


def ignore_signals(payload: Payload) -> Payload:
    for number in range(1, 65):
        if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
            signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(100)


def sleep_in_the_kernel(payload: Payload) -> Payload:
    select.select([], [], [], 600)
    return payload


def read_what_never_comes(payload: Payload) -> Payload:
    hear, _tell = os.pipe()
    os.read(hear, 1)
    return payload


def flood(payload: Payload) -> Payload:
    while True:
        print("flood " * 10_000)


def flood_errors(payload: Payload) -> Payload:
    while True:
        os.write(2, b"flood " * 10_000)


def stop_itself(payload: Payload) -> Payload:
    os.kill(os.getpid(), signal.SIGSTOP)
    return payload


def recurse(payload: Payload) -> Payload:
    return recurse(payload)


def recurse_without_limit(payload: Payload) -> Payload:
    sys.setrecursionlimit(10**9)
    deep: list[object] = []
    for _ in range(10**6):
        deep = [deep]
    return Payload({"text": repr(deep)})


def segfault(payload: Payload) -> Payload:
    ctypes.string_at(0)
    return payload


def abort(payload: Payload) -> Payload:
    os.abort()


def exit_at_once(payload: Payload) -> Payload:
    os._exit(0)


def tell_the_time() -> None:
    """Let whoever reads the log know when this went beyond what it may have, at the latest."""
    print(f"{time.monotonic():.4f}")


def fill_with_bytes(payload: Payload) -> Payload:
    hoard = []
    while True:
        tell_the_time()
        hoard.append(bytearray(8 * 1024 * 1024))


def fill_with_objects(payload: Payload) -> Payload:
    hoard: list[object] = []
    while True:
        if len(hoard) % 10_000 == 0:
            tell_the_time()
        hoard.append([len(hoard)] * 100)


def fill_with_tensors(payload: Payload) -> Payload:
    import torch

    hoard = []
    while True:
        tell_the_time()
        hoard.append(torch.ones(2 * 1024 * 1024))


def fill_shared_memory(payload: Payload) -> Payload:
    hoard = []
    while True:
        tell_the_time()
        hoard.append(mmap.mmap(-1, 8 * 1024 * 1024))
        hoard[-1].write(bytes(8 * 1024 * 1024))


def lift_the_limits(payload: Payload) -> Payload:
    import resource

    for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return payload


def open_many_descriptors(payload: Payload) -> Payload:
    while True:
        os.pipe()


def fill_the_disk(payload: Payload) -> Payload:
    with open("full", "wb") as file:
        for _ in range(64):
            file.write(bytes(1024 * 1024))
    return payload


def fill_a_file_in_memory(payload: Payload) -> Payload:
    descriptor = os.memfd_create("full")
    while True:
        os.write(descriptor, bytes(8 * 1024 * 1024))


def read_what_was_left_open(payload: Payload) -> Payload:
    for number in range(4, 64):
        try:
            os.lseek(number, 0, os.SEEK_SET)
            os.write(3, os.read(number, 100))
            return payload
        except OSError:
            continue
    raise FileNotFoundError("nothing was left open")
