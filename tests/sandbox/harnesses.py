"""Harness functions, kind and unkind, that the tests run inside a sandbox."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import signal
import subprocess
import sys
import time

import numpy as np

from sandbox import drill
from sandbox.base import Payload
from sandbox.link import GuestEnd, HostEnd


def warm_up() -> None:
    if "torch" in sys.modules:
        train(Payload({"steps": 1}))


def echo(payload: Payload) -> Payload:
    return payload


def draw(payload: Payload) -> Payload:
    words = {f"word {number}" for number in range(50)}
    draws = [random.random(), float(np.random.rand())]
    return Payload({"draws": draws, "order": list(words), "pid": os.getpid()})


def raise_error(payload: Payload) -> Payload:
    raise ValueError("no \x1b[31mred\nlines " + "x" * 2000)


def raise_exit(payload: Payload) -> Payload:
    sys.exit(3)


def raise_interrupt(payload: Payload) -> Payload:
    raise KeyboardInterrupt


def recurse(payload: Payload) -> Payload:
    return recurse(payload)


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def raise_unprintable(payload: Payload) -> Payload:
    raise UnprintableError


def return_number(payload: Payload) -> float:
    return 1.0


def return_nan(payload: Payload) -> Payload:
    return Payload({"loss": float("nan")})


def return_much(payload: Payload) -> Payload:
    return Payload(arrays={"much": np.zeros(payload.data["bytes"], np.uint8)})


def write_endlessly(payload: Payload) -> Payload:
    while True:
        os.write(3, bytes(1024 * 1024))


def write_rubbish(payload: Payload) -> Payload:
    os.write(3, b"rubbish")
    os._exit(0)


def spin(payload: Payload) -> Payload:
    for number in range(1, 65):
        if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
            signal.signal(number, signal.SIG_IGN)
    while True:
        pass


def sleep(payload: Payload) -> Payload:
    time.sleep(payload.data["seconds"])
    return payload


def stop_itself(payload: Payload) -> Payload:
    os.kill(os.getpid(), signal.SIGSTOP)
    return payload


def stop_the_zygote(payload: Payload) -> Payload:
    os.kill(os.getppid(), signal.SIGSTOP)
    return stop_itself(payload)


def exit_silently(payload: Payload) -> Payload:
    os._exit(0)


def segfault(payload: Payload) -> Payload:
    ctypes.string_at(0)
    return payload


def fill_bytearray(payload: Payload) -> Payload:
    hoard = []
    while True:
        hoard.append(bytearray(16 * 1024 * 1024))


def fill_tensor(payload: Payload) -> Payload:
    import torch

    hoard = []
    while True:
        hoard.append(torch.ones(8 * 1024 * 1024))


def ask_for_an_array(payload: Payload) -> Payload:
    return Payload(arrays={"huge": np.ones(2**40)})


def flood(payload: Payload) -> Payload:
    while True:
        print("flood " * 10_000)


def chatter(payload: Payload) -> Payload:
    print("beginning")
    for _ in range(1000):
        print("chatter " * 100)
    raise ValueError("the end")


def talk(payload: Payload) -> Payload:
    print("to stdout \x1b[2J \ud800")
    print("to stderr", file=sys.stderr)
    os.write(1, b"raw \xff\n")
    return Payload({"fine": True})


def fork_daemon(payload: Payload) -> Payload:
    """Leave a sleeping process behind, in its own session where asked, and tell its number."""
    told, tell = os.pipe()
    if not os.fork():
        if payload.data["setsid"]:
            os.setsid()
            if os.fork():
                os._exit(0)
        os.write(tell, str(os.getpid()).encode())
        time.sleep(600)
        os._exit(0)
    return Payload({"pid": int(os.read(told, 20))})


def hop(payload: Payload) -> Payload:
    """Keep fleeing: each process starts the next in a session of its own, and ends."""
    if os.fork():
        time.sleep(payload.data["seconds"])
        return payload
    while True:
        os.setsid()
        if os.fork():
            os._exit(0)


def run_a_program(payload: Payload) -> Payload:
    done = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, check=True)
    return Payload({"said": done.stdout.decode().strip()})


def describe(payload: Payload) -> Payload:
    limits = {
        name: resource.getrlimit(getattr(resource, name))[0]
        for name in ("RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_AS")
    }
    with open("/proc/self/oom_score_adj") as file:
        adjusted = int(file.read())
    descriptors = [int(name) for name in os.listdir("/dev/fd")]
    return Payload(
        {
            "environment": dict(os.environ),
            "limits": limits,
            "oom": adjusted,
            "descriptors": [number for number in descriptors if _is_open(number)],
            "leader": os.getsid(0) == os.getpid(),
            "folder": os.getcwd(),
        }
    )


def identify(payload: Payload) -> Payload:
    users = [*os.getresuid(), *os.getresgid()]
    return Payload({"process": os.getpid(), "users": users})


def write_a_file(payload: Payload) -> Payload:
    with open("file", "w") as file:
        file.write("text")
    return payload


def train(payload: Payload) -> Payload:
    import torch

    trained = drill.train(payload)
    return Payload({"threads": torch.get_num_threads()}, trained.arrays)


def ask_a_guest(payload: Payload, end: HostEnd) -> Payload:
    return Payload({"code": end.call(1, 5.0)})


def be_a_guest(payload: Payload, end: GuestEnd) -> None:
    while (number := end.wait()) is not None:
        end.answer(number, payload.data["code"])


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
