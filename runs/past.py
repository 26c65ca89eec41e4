"""What earlier sittings of a run did, counted by the database and not candidate by candidate.

A run that is resumed shows the numbers that it showed when it was left. They come of a few
questions that read the run once, whatever its length; of its candidates only those that lead are
read whole. On a ladder they depend on what was known when, and are counted one by one (`Progress`).
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from evaluators.candidate import FILLED_IN, Candidate, Status
from evaluators.collisions import COLLISION
from runs.apart import RANKED
from runs.progress import LEADERS, Progress, Tally, named, reason_of
from runs.store import Store

_GROUPS = f"""
    SELECT proposer, model, status, recalled,
        CASE WHEN coalesce(json_extract(nullif(usage, '{{}}'), '$.stand_in'), 0) THEN operator
             ELSE '' END AS stand_in,
        coalesce(json_extract(nullif(usage, '{{}}'), '$.{FILLED_IN}'), 0) <> 0 AS fills_in,
        score IS NOT NULL AND {RANKED} AS kept,
        CASE WHEN status IN ('scored', 'duplicate') THEN ''
             ELSE substr(message, 1, instr(message || ':', ':') - 1) END AS said,
        count(*) AS times,
        total(json_extract(nullif(usage, '{{}}'), '$.usd')) AS usd,
        total(instr(metrics, '"{COLLISION}"') > 0) AS collisions
    FROM candidate WHERE run = ? AND idx < ?
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY min(idx)
"""

_KEPT = f"run = ? AND idx < ? AND status = 'scored' AND score IS NOT NULL AND {RANKED}"

_SCORES = f"SELECT fingerprint, score FROM candidate WHERE {_KEPT} ORDER BY idx"

_LEADERS = f"""
    SELECT id FROM candidate WHERE {_KEPT} ORDER BY high_rung DESC, high_score DESC, idx LIMIT ?
"""

_SIZES = f"SELECT size, max(score) AS score FROM candidate WHERE {_KEPT} GROUP BY size"

_HOLDER = f"""
    SELECT id FROM candidate WHERE {_KEPT} AND high_score = ? AND size = ? ORDER BY idx LIMIT 1
"""


def recount(store: Store, run_id: str, end: int, progress: Progress) -> tuple[int, int]:
    """Count the candidates of a run's places before `end`; none of them may have climbed.

    Return how many behaviours they brought, and how many of the last in a row brought none.
    """
    place = (run_id, end)
    for row in store.rows(_GROUPS, *place):
        _count(progress, row)
    progress.first = next(iter(store.stretch(run_id, 0, 1)), None)
    _lead(store, place, progress)
    sql = """
        SELECT max(idx) AS place FROM candidate
        WHERE run = ? AND idx < ? AND status NOT IN ('invalid', 'duplicate')
    """
    last = store.rows(sql, *place)[0]["place"]
    return progress.evaluations, end - 1 - (-1 if last is None else last)


def _count(progress: Progress, row: dict[str, Any]) -> None:
    """Count candidates that have all that is counted in common, as `Progress.add` counts one."""
    times, status = row["times"], Status(row["status"])
    proposer = row["stand_in"].rpartition(" for ")[2] if row["stand_in"] else row["proposer"]
    name = named(proposer, row["model"], row["fills_in"])
    tally = progress.tallies.setdefault(name, Tally())
    progress.tried += times
    progress.filled_in += times * row["fills_in"]
    tally.tried += times
    tally.usd += row["usd"]
    progress.collisions += int(row["collisions"])
    if status is Status.DUPLICATE:
        progress.duplicates += times
        tally.duplicates += times
        return
    if status is Status.INVALID:
        progress.rejected += times
    else:
        progress.recalled += times * row["recalled"]
        progress.trained += times * (not row["recalled"])
        tally.charged += times
    if status is not Status.SCORED:
        reason = reason_of(status, row["said"])
        progress.reasons[reason] += times
        progress.stopped += times * (status is Status.PRUNED)
        tally.reasons[reason] += times
    tally.kept += times * row["kept"]


def _lead(store: Store, place: tuple[str, int], progress: Progress) -> None:
    """Find who leads, of each size too, and how the best score rose."""
    leaders = [row["id"] for row in store.rows(_LEADERS, *place, LEADERS)]
    if not leaders:
        return
    found = sorted(store.named(leaders), key=lambda candidate: candidate.rank)
    scores = list(store.answer(_SCORES, *place)[1])
    progress.leaders = found
    progress.by_rung[found[0].evaluation.rung] = dict(scores)
    progress.curve = list(accumulate((score for _, score in scores), max))
    progress.by_size = dict(_holders(store, place))
    progress.sizes |= {candidate.id: size for size, candidate in progress.by_size.items()}
    sql = "SELECT id, size FROM candidate WHERE id IN"
    sizes = store.rows(f"{sql} ({','.join('?' * len(leaders))})", *leaders)
    progress.sizes |= {row["id"]: row["size"] for row in sizes}


def _holders(store: Store, place: tuple[str, int]) -> list[tuple[int, Candidate]]:
    """Return the best candidate of each size."""
    best = [(row["size"], row["score"]) for row in store.rows(_SIZES, *place)]
    holders = [store.rows(_HOLDER, *place, score, size)[0]["id"] for size, score in best]
    by_id = {candidate.id: candidate for candidate in store.named(holders)}
    return [(size, by_id[id_]) for (size, _), id_ in zip(best, holders, strict=True)]
