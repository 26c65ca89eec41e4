"""The child's side of a job: give up what is not needed, run the harness, write one answer.

The answer travels on a descriptor of its own, so nothing that is printed can be mistaken for it.
The process ends with `os._exit`: no exit handler of the program's runs after the answer.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import mmap
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from sandbox import isolation, kernel, wire
from sandbox.base import MIB, Ending, Job, Payload, processor_seconds
from sandbox.call import attend, call, failure, too_large, trace
from sandbox.device import Card
from sandbox.isolation import Cage
from sandbox.link import HostEnd, Link
from sandbox.messages import Answer, pack_answer, unpack_payload

ANSWER = 3
_OPEN_FILES = 64
_OPEN_FILES_ON_CARDS = 512  # a driver holds dozens
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
        _leave(place.zygote)
        _do(job, place, link.host() if link else None)

    _live(run)


def serve(job: Job, place: Place, end: HostEnd | None, card: Card) -> NoReturn:
    """Run `job` in this process, which holds an open card and is confined, and end it."""
    _live(lambda: _do(job, place, end, card))


def visit(job: Job, place: Place, link: Link) -> NoReturn:
    """Be the guest of `job` in this freshly forked process, confined, and end it."""

    def run() -> None:
        assert job.guest is not None
        _leave(place.zygote)
        payload = _payload(job, place)
        _confine(replace(job, device="cpu"), place, link.guest_descriptors)
        attend(job.guest.harness, payload, link.guest())

    _live(run)


def _live(run: Callable[[], None]) -> NoReturn:
    code = 70
    try:
        run()
        code = 0
    except BaseException as error:
        _say(trace(error))
    finally:
        _flush()
        os._exit(code)


def _do(job: Job, place: Place, end: HostEnd | None, card: Card | None = None) -> None:
    job = replace(job, payload=_payload(job, place))
    if card:
        _confine_with_card(job, place)
    else:
        _confine(job, place, {end.out, end.back} if end else set())
    _write(_answer(job, end, card))


def _payload(job: Job, place: Place) -> Payload:
    """Read the data before anything is limited: they are ours, not what the job uses."""
    if place.data is None:
        return job.payload
    with mmap.mmap(place.data, 0, access=mmap.ACCESS_READ) as page, memoryview(page) as frame:
        return unpack_payload(frame)


def _confine(job: Job, place: Place, kept: set[int]) -> None:
    _connect(place.answer, place.log)
    kernel.close_all_but({0, 1, 2, ANSWER, *place.cage.kept, *kept})
    _limit(job)
    place.cage.confine(place.zygote)


def _confine_with_card(job: Job, place: Place) -> None:
    """Do the same where a driver has descriptors that are its own, and most doors are shut."""
    _connect(place.answer, place.log)
    for descriptor in (place.answer, place.log, place.data):
        if descriptor is not None and descriptor > ANSWER:
            os.close(descriptor)
    _limit(job)
    isolation.seal(place.cage.tier)


def _leave(zygote: int) -> None:
    os.setsid()
    kernel.die_with(zygote)
    kernel.prefer_as_victim()


def _connect(answer: int, log: int) -> None:
    """Have four descriptors: nothing to read, the log twice, and the answer."""
    spare = os.dup(answer)  # either may sit on a number that is about to be overwritten
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2), (spare, ANSWER)):
        if source != target:
            os.dup2(source, target)
    for descriptor in (spare, nothing):
        if descriptor > ANSWER:
            os.close(descriptor)
    faulthandler.enable(2)


def _limit(job: Job) -> None:
    on_cpu = job.device == "cpu"
    cpu = int(time.process_time()) + processor_seconds(job.limits)
    _set(resource.RLIMIT_CPU, cpu, cpu + 1)
    _set(resource.RLIMIT_CORE, 0, 0)
    files = _OPEN_FILES if on_cpu else _OPEN_FILES_ON_CARDS
    _set(resource.RLIMIT_NOFILE, files, files)
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


def _answer(job: Job, end: HostEnd | None, card: Card | None) -> list[wire.Part]:
    before, held = _peak(), ballast()
    try:
        result = call(job, end)
        if card:
            card.settle()
        parts = pack_answer(Answer(Ending.FINISHED, result=result))
        excess = too_large(job, parts)
        return parts if excess is None else pack_answer(excess)
    except BaseException as error:
        held.clear()
        _use_reserve()
        _say(trace(error))
        traceback.clear_frames(error.__traceback__)
        told = card.told(error) if card else None
        return pack_answer(told or failure(error, _peak() - before, job.limits.memory))
    finally:
        _flush()


@functools.cache
def ballast() -> list[bytes]:
    """Hold small objects of every size, to be let go when not even the reserve can be reached.

    A hoard of objects leaves the allocator without one free block; raising a limit takes several.
    What is held before a fork costs the child nothing.
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
            view = view[os.write(ANSWER, view) :]
