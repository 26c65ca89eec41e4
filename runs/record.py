"""What a run leaves behind, and how it is written down as rows.

    RunRecord   a run with its counts         State     where it stands
    Row         a line of the leaderboard     Event     something that happened, with a time
    Verdict     what verification said            Measured  one score, with its learning curve

Candidates are the evaluators' nouns; here are only the two functions that turn one into a row and
back. Nothing in this file knows SQLite.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.program import Program
from runs.owner import Owner


class State(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


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
    def tried(self) -> int:
        """Count the candidates that are recorded."""
        return self.evaluations + self.duplicates + self.rejected

    @property
    def held(self) -> bool:
        """Tell whether another process is at work on this run."""
        return self.owner != Owner.here() and self.alive

    @property
    def alive(self) -> bool:
        """Tell whether some process, perhaps this one, is at work on this run."""
        return self.owner is not None and self.owner.at_work(age(self.heartbeat))

    @property
    def condition(self) -> str:
        """Return the state, or "dead" where a run says it is running and nobody works on it."""
        return "dead" if self.state == State.RUNNING and not self.alive else self.state


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the leaderboard: `score` is that on the highest rung the candidate was judged on.

    `baseline` is the score there of the program its run began with.
    """

    id: str
    kind: str
    task: str
    rung: int
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
    keys: Mapping[str, Any] = field(default_factory=dict)
    """What it was sorted by, where that was asked for."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A candidate's score on one rung with one seed; `curve` are training losses, if kept."""

    rung: int
    seed: int
    score: float
    curve: tuple[float, ...]


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
    if text == "{}":  # most are, and there may be thousands
        return {}
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
        "stderr": None if evaluation.stderr is None else float(evaluation.stderr),
        **_judgement_row(evaluation),
        "duplicate_of": candidate.duplicate_of,
        "recalled": int(candidate.recalled),
        "created": now(),
    }


def climb_row(run_id: str, candidate_id: str, climb: Evaluation, recalled: bool) -> dict[str, Any]:
    """Return a judgement on a dearer rung as a row."""
    about = {"candidate": candidate_id, "run": run_id, "recalled": int(recalled), "created": now()}
    return about | _judgement_row(climb)


def _judgement_row(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "rung": evaluation.rung,
        "fingerprint": evaluation.fingerprint,
        "status": str(evaluation.status),
        "score": None if evaluation.score is None else float(evaluation.score),
        "metrics": to_json(dict(evaluation.metrics)),
        "message": evaluation.message,
        "seconds": float(evaluation.seconds),
        "device": evaluation.device,
        "tier": evaluation.tier,
    }


def evaluation_of(row: Mapping[str, Any], by_seed: tuple[float, ...]) -> Evaluation:
    """Return the judgement a row was made from."""
    return Evaluation(
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


def candidate_of(
    row: Mapping[str, Any],
    parents: tuple[str, ...],
    by_seed: tuple[float, ...],
    climbs: tuple[Evaluation, ...] = (),
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
    return Candidate(
        row["id"],
        row["idx"],
        program,
        origin,
        evaluation_of(row, by_seed),
        duplicate_of=row["duplicate_of"],
        recalled=bool(row["recalled"]),
        climbs=climbs,
    )


def funnel_row(
    program: str, protocol: str, task: str, steps: int, found: Evaluation
) -> dict[str, Any]:
    """Return what a funnel found of a program as a row."""
    return {
        "program": program,
        "protocol": protocol,
        "task": task,
        "steps": steps,
        "status": str(found.status),
        "score": found.score,
        "by_seed": to_json(list(found.by_seed)),
        "metrics": to_json(dict(found.metrics)),
        "message": found.message,
        "seconds": float(found.seconds),
        "created": now(),
    }


def funnel_of(row: Mapping[str, Any]) -> Evaluation:
    """Return what a row of a funnel says."""
    return Evaluation(
        status=Status(row["status"]),
        score=row["score"],
        metrics=numbers(row["metrics"]),
        by_seed=tuple(json.loads(row["by_seed"])),
        message=row["message"],
        seconds=row["seconds"],
    )


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
