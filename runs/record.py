"""What a run leaves behind, and how it is written down as rows.

    RunRecord   a run with its counts         Owner     the process at work on it
    Row         a line of the leaderboard     Event     something that happened, with a time
    Verdict     what verification said

Candidates are the evaluators' nouns; here are only the two functions that turn one into a row and
back. Nothing in this file knows SQLite.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Self

from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.program import Program

STALE = 300.0
"""Seconds without a heartbeat after which a process on another machine is taken for dead."""


class State(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Owner:
    """A process: its machine, its number, and when it started, since numbers are used again.

    `started` counts from the machine's own start, which `boot` names.
    """

    host: str
    pid: int
    started: str
    boot: str = ""

    @classmethod
    def here(cls) -> Self:
        """Return this process."""
        return cls(socket.gethostname(), os.getpid(), _start_of(os.getpid()) or "", _boot())

    def alive(self) -> bool:
        """Tell whether the process still runs; one on another machine is believed to."""
        if self.host != socket.gethostname():
            return True
        if self.boot and _boot() and self.boot != _boot():
            return False
        start = _start_of(self.pid)
        return start is not None and (start == self.started or "" in (start, self.started))

    def at_work(self, heartbeat: str | None) -> bool:
        """Tell whether the process is alive, elsewhere by when it was last heard of."""
        return self.alive() and (self.host == socket.gethostname() or age(heartbeat) < STALE)

    def to_json(self) -> str:
        """Return the owner as the text that `run.owner` holds."""
        return to_json(asdict(self))


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run and its counts.

    Every candidate is counted once: `evaluations` were trained (scored, pruned, failed or timed
    out), `duplicates` took the result of an earlier one, `rejected` were no valid program.
    """

    id: str
    task: str
    kind: str
    state: str
    seed: int
    config: Mapping[str, Any]
    owner: Owner | None
    heartbeat: str | None
    started: str
    ended: str | None
    seconds: float
    usd: float
    tier: str
    device: str
    protocol: str
    versions: Mapping[str, Any]
    message: str = ""
    evaluations: int = 0
    duplicates: int = 0
    rejected: int = 0
    best: float | None = None
    best_id: str | None = None

    @property
    def held(self) -> bool:
        """Tell whether another process is at work on this run."""
        return self.owner != Owner.here() and self.alive

    @property
    def alive(self) -> bool:
        """Tell whether some process, perhaps this one, is at work on this run."""
        return self.owner is not None and self.owner.at_work(self.heartbeat)

    @property
    def condition(self) -> str:
        """Return the state, or "dead" where a run says it is running and nobody works on it."""
        return "dead" if self.state == State.RUNNING and not self.alive else self.state


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the leaderboard; `baseline` is the score of the program its run began with."""

    id: str
    kind: str
    task: str
    score: float
    stderr: float | None
    size: int
    baseline: float | None
    proposer: str
    operator: str
    source: str
    run: str
    protocol: str
    fingerprint: str
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a run."""

    time: str
    name: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison on held-out data said about a candidate."""

    candidate: str
    created: str
    sentence: str
    detail: Mapping[str, Any]


def candidate_id(run_id: str, index: int) -> str:
    """Return the id of a run's candidate: the same whenever the run is resumed."""
    return hashlib.blake2b(f"{run_id}/{index}".encode(), digest_size=6).hexdigest()


def now() -> str:
    """Return the time as UTC ISO-8601 text, which sorts as time does."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def age(time: str | None) -> float:
    """Return the seconds since `time`; without one, for ever."""
    if time is None:
        return math.inf
    return (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds()


def to_json(value: Any) -> str:
    """Write a value as JSON any reader accepts: numbers that are not finite become text."""
    try:
        return json.dumps(value, allow_nan=False, default=_plain)
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False, default=_plain)


def numbers(text: str) -> dict[str, float]:
    """Read a mapping of numbers back, the infinite ones too."""
    return {k: float(v) if isinstance(v, str) else v for k, v in json.loads(text).items()}


def candidate_row(run_id: str, candidate: Candidate) -> dict[str, Any]:
    """Return a candidate as a row; its parents and scores by seed have tables of their own."""
    origin, evaluation = candidate.origin, candidate.evaluation
    return {
        "id": candidate.id,
        "run": run_id,
        "idx": candidate.index,
        "program": candidate.program.key,
        "proposer": origin.proposer,
        "operator": origin.operator,
        "rationale": origin.rationale,
        "model": origin.model,
        "usage": to_json(dict(origin.usage)),
        "entropy": to_json([int(word) for word in origin.seed]),
        "status": str(evaluation.status),
        "score": None if evaluation.score is None else float(evaluation.score),
        "stderr": None if evaluation.stderr is None else float(evaluation.stderr),
        "metrics": to_json(dict(evaluation.metrics)),
        "rung": evaluation.rung,
        "fingerprint": evaluation.fingerprint,
        "message": evaluation.message,
        "seconds": float(evaluation.seconds),
        "device": evaluation.device,
        "tier": evaluation.tier,
        "duplicate_of": candidate.duplicate_of,
        "recalled": int(candidate.recalled),
        "created": now(),
    }


def candidate_of(
    row: Mapping[str, Any], parents: tuple[str, ...], by_seed: tuple[float, ...]
) -> Candidate:
    """Return the candidate a row was made from, without its genome."""
    program = Program(row["kind"], row["text"], row["program"])
    origin = Origin(
        proposer=row["proposer"],
        operator=row["operator"],
        parents=parents,
        rationale=row["rationale"],
        model=row["model"],
        usage=numbers(row["usage"]),
        seed=tuple(json.loads(row["entropy"])),
    )
    evaluation = Evaluation(
        status=Status(row["status"]),
        score=row["score"],
        metrics=numbers(row["metrics"]),
        by_seed=by_seed,
        rung=row["rung"],
        fingerprint=row["fingerprint"],
        message=row["message"],
        seconds=row["seconds"],
        device=row["device"],
        tier=row["tier"],
    )
    duplicate_of, recalled = row["duplicate_of"], bool(row["recalled"])
    return Candidate(row["id"], row["idx"], program, origin, evaluation, duplicate_of, recalled)


def run_of(row: Mapping[str, Any]) -> RunRecord:
    """Return the run a row was made from."""
    read = dict(row)
    read["seed"] = int(read["seed"])
    read["owner"] = Owner(**json.loads(read["owner"])) if read["owner"] else None
    read["config"] = json.loads(read["config"])
    read["versions"] = json.loads(read["versions"])
    return RunRecord(**read)


def _plain(value: Any) -> Any:
    """Return what JSON has no word for as a number or as text."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _finite(value: Any) -> Any:
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


@cache
def _boot() -> str:
    """Name this start of the machine, "" where that cannot be seen."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _start_of(pid: int) -> str | None:
    """Return when a process started, "" where that cannot be seen, or `None` if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return "" if _answers(pid) else None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else fields[18]


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
