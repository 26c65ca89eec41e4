"""What every sandbox takes and returns: a job goes in, an outcome comes out.

    Limits    what a job may use
    Job       a function of ours named by its import path, and the data it is given
    Guest     untrusted code beside a trusted job, in a process of its own
    Outcome   how it ended, what it returned, what it cost
    Sandbox   the one-method protocol that hides processes, namespaces and machines

A sandbox knows neither programs nor tasks. A job's own fault never raises: it is an `Ending`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may use: wall-clock seconds, bytes of memory on top of the warm process's own,
    bytes of result and of printed output, and whole seconds of processor where those are counted.

    What every job gets alike: 64 open descriptors; on a CPU no file to write; and where there is
    a cage (`sandbox.tiers`) no second process and no second thread.
    """

    seconds: float = 60.0
    memory: int = 2048 * MIB
    result: int = 64 * MIB
    output: int = 1 * MIB
    processor: int | None = None


def seen_as(device: str) -> str:
    """Return the name by which a job finds its device: it sees one card, whatever the number."""
    return device.partition(":")[0]


def processor_seconds(limits: Limits) -> int:
    """Return the processor time a job may use.

    Where nothing is said it is only a backstop to the clock outside: threads may use several
    seconds of it in one.
    """
    if limits.processor is not None:
        return limits.processor
    return math.ceil(4 * max(limits.seconds, 0)) + 1


@dataclass(frozen=True, slots=True)
class Payload:
    """Typed data that crosses a process boundary: a JSON value and named arrays, never pickle.

    `data` holds only what JSON holds; `arrays` are C-contiguous numeric numpy arrays.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guest:
    """Untrusted code that a trusted job asks for answers while it runs.

    It is forked apart from the job and never holds the job's data. `harness` takes `payload` and a
    `sandbox.link.GuestEnd`, the job's own harness a `HostEnd` after its payload: they share two
    blocks of `shared` bytes, of fixed size and paid for as they are used. The job's limits hold for
    the guest as well; it runs on the processor wherever the job runs.
    """

    harness: str
    payload: Payload
    shared: int = 256 * MIB


@dataclass(frozen=True, slots=True)
class Job:
    """A call of `harness` ("package.module:function", taking and returning a `Payload`).

    `trusted` says that only code of ours will run, as when our interpreter trains a program of the
    language. All else runs behind a proven cage or not at all, a job's `guest` too. `device` is
    "cpu" or else what the sandbox was made for: the job then runs on the card of its worker.
    `owner` names whose job it is, a run say: owners take turns at the workers.
    """

    harness: str
    payload: Payload
    limits: Limits = Limits()
    device: str = "cpu"
    trusted: bool = False
    guest: Guest | None = None
    owner: str = ""

    @property
    def exposed(self) -> str:
        """Return the device on which code that nobody has read would run; "" if there is none."""
        if not self.trusted:
            return self.device
        return "cpu" if self.guest else ""


class Ending(Enum):
    """How a job ended; each value is the sentence people read."""

    FINISHED = "it finished"
    FAILED = "it raised an error"
    TIMED_OUT = "it ran past its time limit"
    OUT_OF_MEMORY = "it ran out of memory"
    TOO_MUCH_OUTPUT = "its result was larger than allowed"
    CRASHED = "its process died"
    CANCELLED = "it was cancelled"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job.

    `result` is set exactly when `ending` is FINISHED. `message` is one sentence with the figure
    ("used 2.1 GiB of 2.0 GiB"). `log` is what the job printed, cut to the output limit, as plain
    text with control characters escaped. `seconds` is wall-clock time seen from outside;
    `peak_memory` is the child's peak resident set in bytes. `tier` is the isolation it ran in where
    machines differ, else "": it was the sandbox's.
    """

    ending: Ending
    result: Payload | None = None
    message: str = ""
    log: str = ""
    seconds: float = 0.0
    peak_memory: int = 0
    tier: str = ""


class Sandbox(Protocol):
    """Run jobs one at a time per calling thread.

    `run` may be called from several threads at once, up to the number of workers the sandbox was
    made for. It never raises for the job's fault; `SandboxUnavailable` is for the sandbox's own.
    `close` ends everything at once, the jobs in flight included: these return CANCELLED.
    """

    @property
    def tier(self) -> str:
        """Name the isolation in force; it is stored with every evaluation."""
        ...

    def run(self, job: Job) -> Outcome:
        """Run one job to its end, within its limits."""
        ...

    def close(self) -> None:
        """Kill what runs and release every process."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
