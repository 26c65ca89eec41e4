"""What supervisor, zygote and child tell each other, each as one frame of `sandbox.wire`.

    supervisor → zygote      a Job without its data; the data follow as files, which the zygote
                             passes to the child unread: what it knew, later children would know.
                             It says with an empty message that it took them
    child → zygote           an Answer, which the zygote passes on unread
    zygote → supervisor      a Report: what it saw, the answer and the printed output as bytes
    machine → driver         an Outcome, on a cluster, or why there is none

Jobs and reports are our own; an answer is what an untrusted process says.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from programs.errors import SandboxUnavailable
from sandbox import wire
from sandbox.base import Ending, Guest, Job, Limits, Outcome, Payload

HEAD_LIMIT = 64 * 1024
_TOLD = ("message", "log", "seconds", "peak_memory", "tier")  # of an outcome, as it stands
DATA_LIMIT = 4 * 2**30 - 1  # jobs are our own: the bound is what a frame can express


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


@dataclass(frozen=True, slots=True)
class Packed:
    """A job as messages: what the zygote reads, and what the job and its guest read."""

    head: list[wire.Part]
    bodies: list[list[wire.Part]]


def pack_job(job: Job) -> Packed:
    """Write a job as frames."""
    guest = job.guest
    head = {
        "harness": job.harness,
        "device": job.device,
        "trusted": job.trusted,
        "limits": asdict(job.limits),
        "guest": {"harness": guest.harness, "shared": guest.shared} if guest else None,
    }
    payloads = [job.payload, *([guest.payload] if guest else [])]
    bodies = [wire.encode(payload, DATA_LIMIT) for payload in payloads]
    return Packed(wire.encode(Payload(head), HEAD_LIMIT), bodies)


def unpack_head(frame: wire.Part) -> Job:
    """Read a job whose payloads, its guest's included, are still empty."""
    data = dict(wire.decode(frame, HEAD_LIMIT).data)
    limits, guest = Limits(**data["limits"]), data["guest"]
    return Job(
        data["harness"],
        Payload(),
        limits,
        data["device"],
        data["trusted"],
        Guest(guest["harness"], Payload(), guest["shared"]) if guest else None,
    )


def unpack_payload(frame: wire.Part) -> Payload:
    """Read what a job, or a guest, is given."""
    return wire.decode(frame, DATA_LIMIT)


def unpack_job(packed: Packed) -> Job:
    """Read all of a job."""
    job = unpack_head(b"".join(packed.head))
    payloads = [unpack_payload(b"".join(body)) for body in packed.bodies]
    guest = replace(job.guest, payload=payloads[1]) if job.guest else None
    return replace(job, payload=payloads[0], guest=guest)


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


def pack_outcome(outcome: Outcome) -> list[wire.Part]:
    """Write an outcome as a frame."""
    result = outcome.result
    data = {name: getattr(outcome, name) for name in _TOLD}
    data |= {"ending": outcome.ending.name, "data": None if result is None else dict(result.data)}
    return wire.encode(Payload(data, {} if result is None else result.arrays), DATA_LIMIT)


def pack_refusal(why: str) -> list[wire.Part]:
    """Write, in an outcome's place, why the job cannot be run there."""
    return wire.encode(Payload({"unavailable": why}))


def unpack_outcome(frame: wire.Part) -> Outcome:
    """Read an outcome; raise `SandboxUnavailable` where there is a refusal in its place."""
    payload = wire.decode(frame, DATA_LIMIT)
    data = dict(payload.data)
    if why := data.get("unavailable"):
        raise SandboxUnavailable(str(why))
    given = data["data"]
    result = None if given is None else Payload(given, payload.arrays)
    told = {name: data[name] for name in _TOLD}
    return Outcome(Ending[data["ending"]], result, **told)


def _bytes(raw: bytes) -> np.ndarray:
    return np.frombuffer(raw, np.uint8)
