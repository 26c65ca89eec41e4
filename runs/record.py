"""What a run leaves behind: the nouns that are stored beside the evaluators' candidates.

    RunRecord   a run with its counts         State     where it stands
    Row         a line of the leaderboard     Event     something that happened, with a time
    Verdict     what verification said            Measured  one score, with its learning curve

`rows.py` turns them into rows and back. Nothing in this file knows SQLite. Every command waits
while it is imported, and a named tuple is defined in a fifth of a dataclass's 0.7 ms: so the
smaller nouns are named tuples, here and in what else a listing imports.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from runs.owner import Owner

NOTES = "insight"
"""The event that keeps what a model noted of a run."""


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
    out), `duplicates` took the result of an earlier one, `rejected` were no valid program. Runs
    of before `score_name` was kept have none.
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
    score_name: str = ""
    best: float | None = None
    best_id: str | None = None

    @property
    def tried(self) -> int:
        """Count the candidates that are recorded."""
        return self.evaluations + self.duplicates + self.rejected

    @property
    def spent(self) -> float:
        """Return the dollars that were paid: a replay's calls carry what they cost once before."""
        return 0.0 if self.config.get("replay") else self.usd

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


class Measured(NamedTuple):
    """A candidate's score on one rung with one seed; `curve` are training losses, if kept."""

    rung: int
    seed: int
    score: float
    curve: tuple[float, ...]


class Event(NamedTuple):
    """Something that happened in a run."""

    time: str
    name: str
    detail: Mapping[str, Any]


class Verdict(NamedTuple):
    """What a comparison on held-out data said about a candidate."""

    candidate: str
    created: str
    sentence: str
    detail: Mapping[str, Any]


def candidate_id(run_id: str, index: int) -> str:
    """Return the id of a run's candidate: the same whenever the run is resumed."""
    from hashlib import blake2b  # late, for those who only read ids make none

    return blake2b(f"{run_id}/{index}".encode(), digest_size=6).hexdigest()


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
        return _JSON.encode(value)
    except ValueError:
        return _JSON.encode(_finite(value))


def numbers(text: str) -> dict[str, float]:
    """Read a mapping of numbers back, the infinite ones too."""
    if text == "{}":  # most are, and there may be thousands
        return {}
    return {k: float(v) if isinstance(v, str) else v for k, v in json.loads(text).items()}


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


# Made once, which takes as long as a candidate's words take to write.
_JSON = json.JSONEncoder(allow_nan=False, default=_plain)
