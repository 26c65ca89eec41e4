"""What supervisor, zygote and child tell each other, each as one frame of `sandbox.wire`.

    supervisor → zygote      a Job; the zygote says with an empty message that it took it
    child → zygote           an Answer, which the zygote passes on unread
    zygote → supervisor      a Report: what it saw, the answer and the printed output as bytes

Jobs and reports are our own; an answer is what an untrusted process says.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from sandbox import wire
from sandbox.base import Ending, Job, Limits, Payload

JOB_LIMIT = 4 * 2**30 - 1  # jobs are our own: the bound is what a frame can express


@dataclass(frozen=True, slots=True)
class Answer:
    """What the child says of itself; nothing in it can be relied upon."""

    ending: Ending
    message: str = ""
    result: Payload = field(default_factory=Payload)


@dataclass(frozen=True, slots=True)
class Report:
    """What the zygote saw: why it stopped watching, the exit status, what was used and the bytes.

    `stopped` is "exit", "time", "size" or "memory"; `status` is negative for the signal that
    killed; `held` is the most memory seen in use on top of the warm process's own, and `processor`
    the seconds of it.
    """

    stopped: str
    status: int
    peak_memory: int
    held: int
    processor: float
    answer: bytes
    log: bytes


def pack_job(job: Job) -> list[wire.Part]:
    """Write a job as a frame."""
    data = {
        "harness": job.harness,
        "device": job.device,
        "trusted": job.trusted,
        "limits": asdict(job.limits),
        "data": dict(job.payload.data),
    }
    return wire.encode(Payload(data, job.payload.arrays), JOB_LIMIT)


def unpack_job(frame: wire.Part) -> Job:
    """Read a job from a frame."""
    payload = wire.decode(frame, JOB_LIMIT)
    data = payload.data
    limits = Limits(**data["limits"])
    payload = Payload(data["data"], payload.arrays)
    return Job(data["harness"], payload, limits, data["device"], data["trusted"])


def pack_answer(answer: Answer) -> list[wire.Part]:
    """Write an answer as a frame."""
    data = {
        "ending": answer.ending.name,
        "message": answer.message,
        "data": dict(answer.result.data),
    }
    return wire.encode(Payload(data, answer.result.arrays))


def unpack_answer(frame: wire.Part) -> Answer:
    """Read an answer from untrusted bytes; raise `WireError` where they are none."""
    payload = wire.decode(frame)
    match dict(payload.data):
        case {"ending": str(name), "message": str(message), "data": dict(data)}:
            if name in Ending.__members__:
                return Answer(Ending[name], message, Payload(data, payload.arrays))
    raise wire.WireError("expected an ending, a message and data")


def pack_report(report: Report) -> list[wire.Part]:
    """Write a report as a frame."""
    arrays = {name: _bytes(getattr(report, name)) for name in ("answer", "log")}
    names = (field.name for field in fields(report) if field.name not in arrays)
    data = {name: getattr(report, name) for name in names}
    return wire.encode(Payload(data, arrays))


def unpack_report(frame: wire.Part) -> Report:
    """Read a report from a frame."""
    payload = wire.decode(frame)
    raw: dict[str, Any] = {name: array.tobytes() for name, array in payload.arrays.items()}
    return Report(**payload.data, **raw)


def _bytes(raw: bytes) -> np.ndarray:
    return np.frombuffer(raw, np.uint8)
