"""A card that is none: it counts what it holds, fails when told to, and has a thread as drivers do.

Its jobs are here as well. A seat's card may be a folder, where it notes who opened it and where a
file `sick` makes it fail once (for tests at a tier that leaves files open).
"""

from __future__ import annotations

import os
import resource
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.base import MIB, Payload
from sandbox.cuda import sentence
from sandbox.device import DeviceError, Seat
from sandbox.link import HostEnd
from sandbox.messages import Answer

MEMORY = 64 * MIB


class Card:
    """The stand-in for `sandbox.cuda.Cuda`."""

    now: Card

    def __init__(self) -> None:
        self.share = self.used = self.jobs = 0
        self.error = ""
        self.folder: Path | None = None
        self.asked, self.answered = threading.Event(), threading.Event()
        self.reached = ""

    @staticmethod
    def environment(seat: Seat, given: Mapping[str, str]) -> dict[str, str]:
        dealt = given.get("CUDA_VISIBLE_DEVICES", "")
        return {"THE_CARD": seat.card, "SHARERS": str(seat.sharers), "DEALT": dealt}

    @staticmethod
    def files(seat: Seat, given: Mapping[str, str]) -> Sequence[Path]:
        return ()

    def open(self, seat: Seat) -> None:
        if seat.card == "none":
            raise DeviceError("there is no such card")
        if os.path.isabs(seat.card):
            self.folder = Path(seat.card)
            (self.folder / str(os.getpid())).touch()
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text("card")
        self.share = MEMORY // seat.sharers
        threading.Thread(target=self._drive, daemon=True).start()
        Card.now = self

    def check(self) -> None:
        if self.folder and (self.folder / "sick").exists():
            (self.folder / "sick").unlink()
            raise DeviceError("it fell off the bus")

    def settle(self) -> None:
        if self.error:
            raise RuntimeError(self.error)

    def told(self, error: BaseException) -> Answer | None:
        return sentence(str(error), self.used, self.share)

    def take(self, count: int) -> None:
        """Allocate, as PyTorch does: within the share or not at all."""
        if self.used + count > self.share:
            raise RuntimeError(f"CUDA out of memory. Tried to allocate {count / MIB:.2f} MiB.")
        self.used += count

    def reach_out(self) -> str:
        """Have the driver's own thread open a socket, and return what came of it."""
        self.asked.set()
        self.answered.wait()
        return self.reached

    def _drive(self) -> None:
        self.asked.wait()
        try:
            socket.socket(socket.AF_UNIX).close()
            self.reached = "a socket"
        except OSError as error:
            self.reached = str(error.strerror)
        self.answered.set()


def look(payload: Payload) -> Payload:
    """Tell how many came before, and what there is."""
    card = Card.now
    card.jobs += 1
    return Payload(
        {
            "jobs": card.jobs,
            "share": card.share,
            "environment": dict(os.environ),
            "seen": sorted(n for n in os.listdir("/proc") if n.isdigit()),
            "space": resource.getrlimit(resource.RLIMIT_AS)[0],
            "scratch": os.listdir("."),
            "root": os.getuid() == 0,
        }
    )


def linger(payload: Payload) -> Payload:
    """Look, after long enough for others to have to be elsewhere."""
    time.sleep(1.0)
    return look(payload)


def hoard(payload: Payload) -> Payload:
    while True:
        Card.now.take(MIB)


def fail_late(payload: Payload) -> Payload:
    Card.now.error = "CUDA error: an illegal memory access was encountered\nCompile with more."
    return Payload({"won": True})


def reach_out(payload: Payload) -> Payload:
    return Payload({"reached": Card.now.reach_out()})


def leave_something(payload: Payload) -> Payload:
    Path("for the next").write_text("!")
    return Payload({"left": os.listdir(".")})


def chatter(payload: Payload) -> Payload:
    print("only mine")
    return payload


def ask_a_guest(payload: Payload, end: HostEnd) -> Payload:
    end.mine[:4] = b"card"
    code = end.call(1, 10.0)
    return Payload({"code": code, "said": bytes(end.theirs[:4]).decode(), "jobs": Card.now.jobs})


def stop(payload: Payload) -> Payload:
    os._exit(3)


def who(payload: Payload) -> Payload:
    return Payload({"process": os.getpid(), "share": Card.now.share})


def spin(payload: Payload) -> Payload:
    while True:
        pass


def hoard_here(payload: Payload) -> Payload:
    hoard = []
    while True:
        hoard.append(bytearray(16 * MIB))


def attack(payload: Payload) -> Payload:
    """Open a socket, start a program, signal the parent: say what was won."""
    attempts = (
        lambda: socket.socket(socket.AF_INET).close(),
        lambda: os.posix_spawn("/bin/true", ["true"], {}),
        lambda: os.kill(os.getppid() or 1, 0),
        lambda: Path("/etc/passwd").read_text(),
        lambda: Path("/proc/1/environ").read_bytes(),
        lambda: os.mkdir("folder"),
        _fork,
    )
    won = []
    for number, attempt in enumerate(attempts):
        try:
            attempt()
            won.append(number)
        except OSError:
            continue
    return Payload({"won": won})


def _fork() -> None:
    if not os.fork():
        os._exit(0)
