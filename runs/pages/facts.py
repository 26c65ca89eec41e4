"""What a report says of a run, read from the store in a few questions.

Point     a candidate as a dot: enough for curves and fronts
Share     what one proposer got and brought
Savings   what recognising equal behaviour was worth
Calls     what a model was asked, and what that cost
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluators.candidate import FILLED_IN
from evaluators.collisions import COLLISION
from runs.apart import RANKED
from runs.queries import Queries
from runs.record import Verdict

SIZE = "size"
"""The cost of a program that every run knows: its statements."""


@dataclass(frozen=True, slots=True)
class Point:
    """A candidate: `fresh` if it is ranked with a score not taken over from another of the run.

    `cost` is what the front sets against the score, `None` where that was not measured. `score` is
    that on the rung all of the run were judged on; `standing` is (rung, score) on the dearest.
    """

    index: int
    id: str
    score: float | None
    status: str
    fresh: bool
    cost: float | None
    standing: tuple[int, float] = (0, 0.0)


@dataclass(frozen=True, slots=True)
class Share:
    """What one proposer got and brought; `seconds` of training, `usd` and calls of models."""

    name: str
    tried: int
    trained: int
    scored: int
    best: float | None
    seconds: float
    usd: float


@dataclass(frozen=True, slots=True)
class Savings:
    """Trainings spared and the seconds they would have taken, in this run and by earlier ones.

    `collisions` counts the programs that fresh inputs told from the one they were taken for.
    """

    duplicates: int
    duplicate_seconds: float
    recalled: int
    recalled_seconds: float
    collisions: int


@dataclass(frozen=True, slots=True)
class Calls:
    """What a model was asked for one purpose."""

    model: str
    purpose: str
    calls: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    usd: float
    seconds: float


def points(store: Queries, run_id: str, cost: str = SIZE) -> list[Point]:
    """Return all candidates of a run as dots, in the order of their index."""
    measured = "c.size" if cost == SIZE else "json_extract(c.metrics, ?2)"
    sql = f"""
        SELECT c.idx AS "index", c.id, c.score, c.status,
               c.status = 'scored' AND (c.duplicate_of IS NULL OR c.recalled) AND c.{RANKED}
                   AS fresh,
               {measured} AS cost, c.high_rung, coalesce(c.high_score, 0.0) AS high_score
        FROM candidate c WHERE c.run = ?1 ORDER BY c.idx
    """
    values = [run_id] if cost == SIZE else [run_id, f'$."{cost}"']
    return [
        Point(
            row["index"],
            row["id"],
            row["score"],
            row["status"],
            bool(row["fresh"]),
            row["cost"] if isinstance(row["cost"], int | float) else None,
            (row["high_rung"], row["high_score"]),
        )
        for row in store.rows(sql, *values)
    ]


def best_so_far(found: Iterable[Point]) -> list[Point]:
    """Return the candidates that were better than all before them."""
    best: list[Point] = []
    for point in found:
        if not point.fresh or point.score is None:
            continue
        if not best or point.score > (best[-1].score or 0.0):
            best.append(point)
    return best


def front(found: Iterable[Point]) -> list[Point]:
    """Return the Pareto front, the cheapest first: nobody is both cheaper and better."""
    scored = [p for p in found if p.fresh and p.score is not None and p.cost is not None]
    scored.sort(key=lambda p: (p.cost, -(p.score or 0.0), p.index))
    kept: list[Point] = []
    for point in scored:
        if not kept or (point.score or 0.0) > (kept[-1].score or 0.0):
            kept.append(point)
    return kept


def shares(store: Queries, run_id: str) -> list[Share]:
    """Return what each proposer got and brought, the busiest first."""
    sql = f"""
        SELECT trim(proposer || ' ' || model)
               || CASE WHEN json_extract(usage, '$.{FILLED_IN}') THEN ' (fill)' ELSE '' END AS name,
               count(*) AS tried,
               sum(status IN ('scored', 'pruned', 'failed', 'timed out')
                   AND duplicate_of IS NULL AND NOT recalled) AS trained,
               sum(status = 'scored') AS scored, max(CASE WHEN {RANKED} THEN score END) AS best,
               sum(seconds) AS seconds,
               sum(coalesce(json_extract(usage, '$.usd'), 0.0)) AS usd
        FROM candidate WHERE run = ? GROUP BY name ORDER BY tried DESC, name
    """
    return [Share(**row) for row in store.rows(sql, run_id)]


def savings(store: Queries, run_id: str) -> Savings:
    """Return what recognising equal behaviour saved, at the price of the equal one's training."""
    sql = """
        SELECT recalled, count(*) AS times, sum(price) AS seconds FROM (
            SELECT c.recalled, (
                SELECT max(o.seconds) FROM candidate o CROSS JOIN run s ON s.id = o.run
                WHERE o.fingerprint = c.fingerprint AND o.fingerprint <> ''
                  AND s.task = r.task AND s.protocol = r.protocol
            ) AS price
            FROM run r CROSS JOIN candidate c ON c.run = r.id
            WHERE r.id = ? AND (c.recalled OR c.duplicate_of IS NOT NULL)
        ) GROUP BY recalled
    """
    rows = store.rows(sql, run_id)
    found = {row["recalled"]: (row["times"], row["seconds"] or 0.0) for row in rows}
    sql = "SELECT count(json_extract(metrics, ?)) AS times FROM candidate WHERE run = ?"
    (collisions,) = (row["times"] for row in store.rows(sql, f"$.{COLLISION}", run_id))
    return Savings(*found.get(0, (0, 0.0)), *found.get(1, (0, 0.0)), collisions)


def calls(store: Queries, run_id: str) -> list[Calls]:
    """Return what models were asked, whatever the place, and what that cost, the dearest first."""
    sql = """
        SELECT model, trim(purpose, '0123456789 ') AS purpose,
               count(*) AS calls, sum(error <> '') AS failed,
               sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens,
               sum(usd) AS usd, sum(seconds) AS seconds
        FROM llm_call WHERE run = ? GROUP BY 1, 2 ORDER BY usd DESC, calls DESC, model
    """
    return [Calls(**row) for row in store.rows(sql, run_id)]


def without_score(store: Queries, run_id: str) -> dict[str, int]:
    """Count the candidates that were given up, by status and short reason, commonest first."""
    sql = """
        SELECT status || coalesce(': ' || nullif(
                   trim(substr(message, 1, instr(message || ':', ':') - 1)), ''), '') AS reason,
               count(*) AS times
        FROM candidate
        WHERE run = ? AND status IN ('invalid', 'pruned', 'failed', 'timed out')
          AND duplicate_of IS NULL AND NOT recalled
        GROUP BY reason ORDER BY times DESC, reason
    """
    return {row["reason"]: row["times"] for row in store.rows(sql, run_id)}


def verdict_of(store: Queries, run_id: str, best: str | None) -> Verdict | None:
    """Return the latest verdict on the run's best, or else on any candidate of the run."""
    sql = """
        SELECT v.candidate FROM verdict v CROSS JOIN candidate c ON c.id = v.candidate
        WHERE c.run = ?1 ORDER BY v.candidate = ?2 DESC, v.id DESC LIMIT 1
    """
    found = store.rows(sql, run_id, best)
    return store.verdict(found[0]["candidate"]) if found else None


def first_parents(store: Queries, run_id: str) -> dict[str, str]:
    """Return the first parent of every candidate of a run that has one."""
    sql = """
        SELECT e.child, e.parent FROM candidate c
        CROSS JOIN parent e ON e.child = c.id AND e.place = 0 WHERE c.run = ?
    """
    return {row["child"]: row["parent"] for row in store.rows(sql, run_id)}


def elites(found: Sequence[Point], count: int) -> list[Point]:
    """Return the best candidates, best first: by the dearest rung, then by the score there."""
    scored = [p for p in found if p.fresh and p.score is not None]
    return sorted(scored, key=lambda p: (-p.standing[0], -p.standing[1], p.index))[:count]
