"""The fork server: import everything once, then fork a fresh child for each job.

A fresh interpreter with torch takes seconds; a fork of this warm one takes milliseconds and is just
as clean, since nothing of a candidate's ever runs here. It stays single-threaded (a fork of several
threads may hang), serves one job at a time, and never touches CUDA (a fork could not use it).

A job for a card is handed to a spare instead, a fresh process that has opened it already.

Started by `sandbox.forkserver` as `python -m sandbox.zygote CONTROL TIER SEAT MODULE…`, CONTROL
being the number of its socket and SEAT the worker's place at a card, or nothing. It says it is
ready with its versions, or why the tier is not to be had, and ends when that socket closes.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import platform
import select
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from sandbox import channel, isolation, kernel, pages, selftest, wire
from sandbox.base import Job, Payload
from sandbox.call import DEFAULT_SEED, seed
from sandbox.device import DeviceError, Seat, driver_of, unpack
from sandbox.errors import IsolationError
from sandbox.isolation import Cage
from sandbox.link import Link
from sandbox.messages import HEAD_LIMIT, pack_report, unpack_head
from sandbox.spares import PYTHON, Spare, Spares
from sandbox.verdict import judge
from sandbox.watch import Child, SupervisorGoneError, Watch, sweep
from sandbox.worker import Place, ballast, visit, work

# What telling of an error imports: where no file can be opened, that would be too late.
_FOR_LATER = (
    *("encodings.ascii", "encodings.latin_1", "encodings.unicode_escape", "encodings.idna"),
    *("linecache", "tokenize", "unicodedata"),
)
_ALIVE_CHECK = 2.0  # seconds: a copy of the socket elsewhere may hide that its owner died


def main(control: int, tier: str, seat: Seat | None, preload: list[str]) -> None:
    """Isolate, warm up and prove it, then serve until the supervisor is gone."""
    kernel.wake_with_forker()
    kernel.close_all_but({0, 1, 2, control})
    _calm_streams()
    with socket.socket(fileno=control) as sock:
        sock.set_inheritable(False)
        try:
            cage = _prepare(tier, seat, preload, sock)
            spares = Spares(cage, seat, preload, sock.fileno()) if seat else None
            channel.send(sock, wire.encode(Payload(_versions())))
            if spares:
                spares.start()
            parent = os.getppid()
            while _wait(sock, parent):
                _attend(cage, sock, spares)
        except IsolationError as error:
            channel.send(sock, wire.encode(Payload({"unavailable": str(error)})))
            os._exit(1)
        except (SupervisorGoneError, channel.ChannelClosedError):
            sweep()
            shutil.rmtree(os.getcwd(), ignore_errors=True)  # nobody else is left to do it
            os._exit(0)


def _attend(cage: Cage, sock: socket.socket, spares: Spares | None) -> None:
    """Take a job and report on it; where its card cannot be had, say so in the job's place."""
    head = channel.receive(sock, HEAD_LIMIT)
    job = unpack_head(head)
    data = channel.receive_files(sock, 2 if job.guest else 1)
    spare = None
    if job.device != "cpu":
        try:
            spare = _spare(spares)
        except DeviceError as error:
            for descriptor in data:
                os.close(descriptor)
            channel.send(sock, wire.encode(Payload({"unavailable": str(error)})))
            return
    channel.send(sock, [])  # taken: from here on a death may be the job's doing
    start = partial(_hand, spare, head) if spare else partial(_fork, cage)
    child = _start(job, cage, data, start)
    if spares:
        spares.start()
    spared = frozenset(spares.pids if spares else ())
    channel.send(sock, pack_report(Watch(child, job.limits, sock.fileno(), spared).report()))


def _spare(spares: Spares | None) -> Spare:
    if spares is None:
        raise DeviceError("this sandbox was made for the processor only")
    return spares.take()


def _prepare(tier: str, seat: Seat | None, preload: list[str], sock: socket.socket) -> Cage:
    """Enter the cage before anything is imported, and try its doors once all is."""
    devices = [Path(PYTHON), *driver_of(seat).files(seat, os.environ)] if seat else []
    cage = isolation.prepare(tier, devices)
    kernel.adopt_orphans()
    _warm_up(preload)
    if tier in selftest.PROVEN:
        trial = selftest.job(tier)
        child = _start(trial, cage, (), partial(_fork, cage))
        selftest.check(judge(trial, Watch(child, trial.limits, sock.fileno()).report(), 0.0))
    return cage


def _calm_streams() -> None:
    """Lose no line when a child is killed, and let no odd character raise."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")


def _calm_signals() -> None:
    """Leave no handler in Python, to a child's surprise, and no signal held back."""
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _warm_up(preload: list[str]) -> None:
    modules = [importlib.import_module(name) for name in (*_FOR_LATER, *preload)]
    torch = sys.modules.get("torch")
    if torch:
        torch.set_num_threads(1)
    for module in modules:
        if warm_up := getattr(module, "warm_up", None):
            warm_up()
    if torch and torch.cuda.is_initialized():
        sys.exit("expected the preloaded modules to leave CUDA alone, but one initialised it")
    if (count := kernel.threads()) != 1:
        sys.exit(f"expected the preloaded modules to start no thread, saw {count - 1}")
    seed(DEFAULT_SEED)  # imports what it needs here, not in every child
    _calm_signals()
    ballast()
    gc.collect()
    gc.freeze()  # so that collections in children do not copy all these pages
    pages.gather()


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    if torch := sys.modules.get("torch"):
        versions["torch"] = str(torch.__version__)
    return versions


def _wait(sock: socket.socket, parent: int) -> bool:
    """Wait for a job; return whether there is still anyone to give one."""
    while not select.select([sock], [], [], _ALIVE_CHECK)[0]:
        if os.getppid() != parent:
            raise SupervisorGoneError
    return True


Start = Callable[[Job, Place, Link | None], tuple[int, float]]


def _start(job: Job, cage: Cage, data: Sequence[int], start: Start) -> Child:
    """Have a job begin; `data` are the files with its payload and its guest's, closed here."""
    answer, answer_in = os.pipe()
    log, log_in = os.pipe()
    link = Link(job.guest.shared) if job.guest else None
    place = Place(cage, os.getpid(), answer_in, log_in, data[0] if data else None)
    pid, spent = start(job, place, link)
    guest = _fork_guest(job, place, data[1], link) if link else None
    for descriptor in (answer_in, log_in, *data):
        os.close(descriptor)
    os.set_blocking(answer, False)
    os.set_blocking(log, False)
    return Child(pid, answer, log, kernel.watch_exit(pid), guest, spent=spent)


def _fork(cage: Cage, job: Job, place: Place, link: Link | None) -> tuple[int, float]:
    """Fork a child for the job; return it and the processor time that it has used so far."""
    if not (pid := cage.fork()):
        work(job, place, link)
    return pid, 0.0


def _hand(
    spare: Spare, head: bytearray, job: Job, place: Place, link: Link | None
) -> tuple[int, float]:
    """Hand the job to a spare; return it and the processor time that it has used so far."""
    assert place.data is not None
    spare.hand(head, [place.answer, place.log, place.data, *(link.host_files if link else ())])
    return spare.pid, spare.processor


def _fork_guest(job: Job, place: Place, data: int, link: Link) -> int:
    if not (pid := place.cage.fork()):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        visit(job, replace(place, answer=nowhere, data=data), link)
    link.close()
    return pid


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], unpack(sys.argv[3]), sys.argv[4:])
