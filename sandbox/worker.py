"""The child's side of a job: give up what is not needed, run the harness, write one answer.

The answer travels on a descriptor of its own, so nothing that is printed can be mistaken for it.
The process ends with `os._exit`: no exit handler of the program's runs after the answer.
"""

from __future__ import annotations

import contextlib
import faulthandler
import mmap
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from sandbox import kernel, wire
from sandbox.base import MIB, Ending, Job, Payload, processor_seconds
from sandbox.call import attend, call, failure, too_large, trace
from sandbox.isolation import Cage
from sandbox.link import Link
from sandbox.messages import Answer, pack_answer, unpack_payload

_ANSWER = 3
_OPEN_FILES = 64
_RESERVE = 64 * MIB  # let back in once memory has run out, so that it can be said
_SPARE_BLOCKS = 64  # of each size


@dataclass(frozen=True, slots=True)
class Place:
    """Where a child finds itself: its cage, its zygote, and the descriptors to write to.

    `data` is the file that holds its payload, `None` where the job came with it.
    """

    cage: Cage
    zygote: int
    answer: int
    log: int
    data: int | None


def work(job: Job, place: Place, link: Link | None = None) -> NoReturn:
    """Run `job` in this freshly forked process, confined, and end it."""

    def run() -> None:
        nonlocal job
        job = replace(job, payload=_payload(job, place))
        kept = link.host_descriptors if link else set()
        _confine(job, place, kept)
        _write(_answer(job, link))

    _live(place, run)


def visit(job: Job, place: Place, link: Link) -> NoReturn:
    """Be the guest of `job` in this freshly forked process, confined, and end it."""

    def run() -> None:
        assert job.guest is not None
        payload = _payload(job, place)
        _confine(replace(job, device="cpu"), place, link.guest_descriptors)
        attend(job.guest.harness, payload, link.guest())

    _live(place, run)


def _live(place: Place, run: Callable[[], None]) -> NoReturn:
    code = 70
    try:
        _leave(place.zygote)
        run()
        code = 0
    except BaseException as error:
        _say(trace(error))
    finally:
        _flush()
        os._exit(code)


def _payload(job: Job, place: Place) -> Payload:
    """Read the data before anything is limited: they are ours, not what the job uses."""
    if place.data is None:
        return job.payload
    with mmap.mmap(place.data, 0, access=mmap.ACCESS_READ) as page, memoryview(page) as frame:
        return unpack_payload(frame)


def _confine(job: Job, place: Place, kept: set[int]) -> None:
    _connect(place.answer, place.log, place.cage.kept | kept)
    _limit(job)
    place.cage.confine(job, place.zygote)


def _leave(zygote: int) -> None:
    os.setsid()
    kernel.die_with(zygote)
    kernel.prefer_as_victim()
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _connect(answer: int, log: int, kept: set[int]) -> None:
    """Keep four descriptors, nothing to read, the log twice, and the answer; and those `kept`."""
    spare = os.dup(answer)  # either may sit on a number that is about to be overwritten
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2), (spare, _ANSWER)):
        if source != target:
            os.dup2(source, target)
    kernel.close_all_but({0, 1, 2, _ANSWER, *kept})
    faulthandler.enable(2)


def _limit(job: Job) -> None:
    cpu = processor_seconds(job.limits)
    _set(resource.RLIMIT_CPU, cpu, cpu + 1)
    _set(resource.RLIMIT_CORE, 0, 0)
    _set(resource.RLIMIT_NOFILE, _OPEN_FILES, _OPEN_FILES)
    on_cpu = job.device == "cpu"
    if on_cpu:  # CUDA keeps compiled kernels in files
        _set(resource.RLIMIT_FSIZE, 0, 0)
    if in_use := kernel.memory_in_use():
        space, data = (count + job.limits.memory for count in in_use)
        _set(resource.RLIMIT_DATA, data, data + _RESERVE)
        if on_cpu:  # CUDA reserves more address space than any machine has memory
            _set(resource.RLIMIT_AS, space, space + _RESERVE)


def _set(what: int, soft: int, hard: int) -> None:
    _, ceiling = resource.getrlimit(what)
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(what, (soft, hard))


def _answer(job: Job, link: Link | None) -> list[wire.Part]:
    before, ballast = _peak(), _ballast()
    try:
        parts = pack_answer(
            Answer(Ending.FINISHED, result=call(job, link.host() if link else None))
        )
        excess = too_large(job, parts)
        return parts if excess is None else pack_answer(excess)
    except BaseException as error:
        ballast.clear()
        _use_reserve()
        _say(trace(error))
        traceback.clear_frames(error.__traceback__)
        return pack_answer(failure(error, _peak() - before, job.limits.memory))
    finally:
        _flush()


def _ballast() -> list[bytes]:
    """Hold small objects of every size, to be let go when not even the reserve can be reached.

    A hoard of objects leaves the allocator without one free block; raising a limit takes several.
    """
    return [bytes(count) for count in range(1, 512, 8) for _ in range(_SPARE_BLOCKS)]


def _peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _use_reserve() -> None:
    for what in (resource.RLIMIT_DATA, resource.RLIMIT_AS):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (hard, hard))


def _say(text: str) -> None:
    _flush()
    with contextlib.suppress(OSError):
        os.write(2, text.encode("utf-8", "replace"))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the program may have closed or replaced it
            stream.flush()


def _write(parts: list[wire.Part]) -> None:
    for part in parts:
        view = memoryview(part)
        while view:
            view = view[os.write(_ANSWER, view) :]
