"""What is new since the last time that was asked: bests, what was tried, money, failures.

A digest covers the time from the last kept digest of its scope, a schedule's name or everybody's
"", so that nothing is told twice and nothing is left out.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from runs.apart import RANKED
from runs.record import now, to_json
from runs.store import Store

BEGINNING = "0001-01-01T00:00:00.000+00:00"


@dataclass(frozen=True, slots=True)
class NewBest:
    """The best of a task found in the time, and the best before; scores of one protocol."""

    task: str
    id: str
    score: float
    before: float | None
    size: int
    source: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one proposer's candidates on one task."""

    task: str
    proposer: str
    tried: int
    scored: int
    duplicates: int
    failed: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why candidates got no score, and how many."""

    reason: str
    times: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that was at work in the time; `condition` is "dead" where its process is gone."""

    id: str
    task: str
    condition: str
    evaluations: int
    seconds: float
    message: str


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything new between two moments."""

    scope: str
    since: str
    created: str
    bests: tuple[NewBest, ...]
    tried: tuple[Tried, ...]
    runs: tuple[Ended, ...]
    failures: tuple[Failure, ...]
    usd: float
    calls: int

    @property
    def facts(self) -> dict[str, Any]:
        """Return the digest as JSON has it."""
        return asdict(self)


def digest(store: Store, scope: str = "", since: str | None = None) -> Digest:
    """Gather what is new since a moment, or since the scope's last digest."""
    since, until = since or last_digest(store, scope) or BEGINNING, now()
    money = store.rows(_MONEY, since)[0]
    return Digest(
        scope,
        since,
        until,
        _bests(store, since),
        tuple(Tried(**row) for row in store.rows(_TRIED, since)),
        _runs(store, since),
        tuple(Failure(**row) for row in store.rows(_FAILURES, since)),
        money["usd"],
        money["calls"],
    )


def keep(store: Store, made: Digest) -> None:
    """Store a digest; the next one of its scope begins where it ends."""
    sql = "INSERT INTO digest(scope, since, created, detail) VALUES (?, ?, ?, ?)"
    with store.transaction():
        store.execute(sql, made.scope, made.since, made.created, to_json(made.facts))


def kept(store: Store, limit: int) -> list[dict[str, Any]]:
    """Return stored digests as JSON has them, the latest first."""
    rows = store.rows("SELECT detail FROM digest ORDER BY id DESC LIMIT ?", limit)
    return [json.loads(row["detail"]) for row in rows]


def last_digest(store: Store, scope: str) -> str | None:
    """Return when the scope's last digest was made."""
    sql = "SELECT max(created) AS last FROM digest WHERE scope = ?"
    return store.rows(sql, scope)[0]["last"]


def _bests(store: Store, since: str) -> tuple[NewBest, ...]:
    rows = store.rows(_BESTS, since)
    return tuple(NewBest(**row) for row in rows)


def _runs(store: Store, since: str) -> tuple[Ended, ...]:
    found = [r for r in store.runs() if r.started > since or (r.heartbeat or "") > since]
    return tuple(
        Ended(r.id, r.task, r.condition, r.evaluations, r.seconds, r.message) for r in found[::-1]
    )


# Only what was judged in the time counts as found in it: a recalled score is an old one.
_BESTS = f"""
    WITH scored AS (
        SELECT c.id, c.score, c.program, c.source, r.task, r.protocol, c.created > ?1 AS fresh,
            row_number() OVER (PARTITION BY r.task, r.protocol, c.created > ?1
                               ORDER BY c.score DESC, c.rowid) AS place
        FROM candidate c JOIN run r ON r.id = c.run
        WHERE c.status = 'scored' AND c.duplicate_of IS NULL AND NOT c.recalled AND c.{RANKED}
    )
    SELECT n.task, n.id, n.score, o.score AS before, p.size, coalesce(n.source, p.source) AS source
    FROM scored n JOIN program p ON p.key = n.program
    LEFT JOIN scored o ON o.task = n.task AND o.protocol = n.protocol AND NOT o.fresh
        AND o.place = 1
    WHERE n.fresh AND n.place = 1 AND (o.score IS NULL OR n.score > o.score)
    ORDER BY n.task
"""

_TRIED = """
    SELECT r.task, c.proposer, count(*) AS tried,
        sum(c.status = 'scored' AND c.duplicate_of IS NULL AND NOT c.recalled) AS scored,
        sum(c.status = 'duplicate' OR c.duplicate_of IS NOT NULL OR c.recalled) AS duplicates,
        sum(c.status IN ('invalid', 'failed', 'timed out')) AS failed
    FROM candidate c JOIN run r ON r.id = c.run WHERE c.created > ?
    GROUP BY r.task, c.proposer ORDER BY r.task, tried DESC
"""

_FAILURES = """
    SELECT CASE WHEN status = 'timed out' THEN status
           ELSE trim(substr(message, 1, instr(message || ':', ':') - 1)) END AS reason,
        count(*) AS times
    FROM candidate WHERE created > ? AND status IN ('invalid', 'failed', 'timed out')
    GROUP BY reason ORDER BY times DESC, reason LIMIT 5
"""

_MONEY = """
    SELECT coalesce(sum(l.usd), 0.0) AS usd, count(*) AS calls
    FROM llm_call l JOIN run r ON r.id = l.run
    WHERE l.created > ? AND json_extract(r.config, '$.replay') IS NULL
"""
