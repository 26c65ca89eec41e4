"""The file's care: is it sound, can it be smaller, and a copy while runs go on writing.

SQLite looks after its pages; what Cambrian promises beyond that is a list of invariants here, each
a sentence and the question whose answers are the rows that break it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from programs.errors import InputError, RunLocked
from runs.counts import COUNTERS
from runs.store import Store
from runs.words import SEARCHED

SHOWN = 3
"""Offenders that are named."""

_COUNTED = " OR ".join(
    f"r.{name} <> (SELECT count(*) FROM candidate c WHERE c.run = r.id AND {each.format('c')})"
    for name, each in COUNTERS.items()
)

INVARIANTS = {
    "every run's counts are those of its candidates": f"SELECT r.id FROM run r WHERE {_COUNTED}",
    "a candidate has a score exactly if something was measured": """
        SELECT id FROM candidate
        WHERE (status = 'scored' AND score IS NULL)
           OR (status NOT IN ('scored', 'duplicate') AND score IS NOT NULL)
    """,
    "a score is the mean of its seeds": """
        SELECT c.id FROM candidate c JOIN evaluation e ON e.candidate = c.id AND e.rung = c.rung
        WHERE c.score IS NOT NULL GROUP BY c.id
        HAVING abs(avg(e.score) - c.score) > 1e-9 * max(1, abs(c.score))
    """,
    "a score on a dearer rung is the mean of its seeds there": """
        SELECT k.candidate FROM climb k JOIN evaluation e USING (candidate, rung)
        WHERE k.score IS NOT NULL GROUP BY k.candidate, k.rung
        HAVING abs(avg(e.score) - k.score) > 1e-9 * max(1, abs(k.score))
    """,
    "the leaderboard goes by the highest rung that gave a score": """
        SELECT c.id FROM candidate c LEFT JOIN climb k ON k.candidate = c.id AND k.rung = (
            SELECT max(rung) FROM climb m WHERE m.candidate = c.id AND m.score IS NOT NULL)
        WHERE c.high_rung IS NOT coalesce(k.rung, c.rung)
           OR c.high_score IS NOT coalesce(k.score, c.score)
    """,
    "parents come before their children": """
        SELECT e.child FROM parent e JOIN candidate c ON c.id = e.child
        JOIN candidate p ON p.id = e.parent WHERE p.run = c.run AND p.idx >= c.idx
    """,
    "a duplicate behaves like the candidate it repeats": """
        SELECT c.id FROM candidate c JOIN candidate o ON o.id = c.duplicate_of
        WHERE c.fingerprint <> o.fingerprint
    """,
    "a run that is done has no gaps in the order of its candidates": """
        SELECT r.id FROM run r JOIN candidate c ON c.run = r.id
        WHERE r.state = 'done' GROUP BY r.id HAVING max(c.idx) + 1 <> count(*)
    """,
    "a run that has ended says when, and nobody holds it": """
        SELECT id FROM run WHERE state <> 'running' AND (ended IS NULL OR owner IS NOT NULL)
    """,
    "a run cost what its questions to models cost": """
        SELECT r.id FROM run r LEFT JOIN llm_call l ON l.run = r.id
        GROUP BY r.id HAVING abs(r.usd - coalesce(sum(l.usd), 0)) > 1e-6
    """,
}
"""What holds in every file, and how to find what breaks it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise, and what breaks it: nothing, if it is kept."""

    promise: str
    broken: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Return the promise, or what is wrong with it."""
        if not self.broken:
            return f"{self.promise[0].upper()}{self.promise[1:]}."
        named = ", ".join(self.broken[:SHOWN]) + (", …" if len(self.broken) > SHOWN else "")
        return f"Not so that {self.promise}: {len(self.broken)} break it ({named})."


def check(store: Store) -> Iterator[Finding]:
    """Yield what was looked into, one by one."""
    sound = [row["integrity_check"] for row in store.rows("PRAGMA integrity_check")]
    yield Finding("the file is sound", tuple(said for said in sound if said != "ok"))
    rows = store.rows("PRAGMA foreign_key_check")
    lost = tuple(f"{row['table']} without its {row['parent']}" for row in rows)
    yield Finding("everything that is referred to is there", lost)
    for promise, sql in INVARIANTS.items():
        yield Finding(
            promise, tuple(str(value) for row in store.rows(sql) for value in row.values())
        )


def compact(store: Store) -> tuple[int, int]:
    """Drop what can be made again and give the room back; return the bytes before and after.

    Dropped are programs that nothing refers to and the index of words, which comes back with the
    next search. `RunLocked` while a run is at work: it would have to wait for long.
    """
    busy = [run.id for run in store.runs() if run.held]
    if busy:
        raise RunLocked(f"Run {busy[0]} is at work on {store.path}: compact it when that is done")
    before = _size(store.path)
    with store.transaction():
        for table in SEARCHED:
            store.execute(f"INSERT INTO {table}_fts({table}_fts) VALUES ('delete-all')")
        used = "SELECT program FROM candidate UNION SELECT program FROM funnel"
        store.execute(f"DELETE FROM program WHERE key NOT IN ({used})")
    store.execute("VACUUM")
    store.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, _size(store.path)


def backup(store: Store, to: Path, force: bool = False) -> int:
    """Copy the database as it is now to `to`, whole or not at all; return the copy's bytes."""
    if to.exists() and not force:
        raise InputError(f"{to} is there already: choose another name, or --force")
    if to.exists() and to.samefile(store.path):
        raise InputError(f"{to} is the database itself: choose another name")
    if not to.parent.is_dir():
        raise InputError(f"There is no folder {to.parent} for {to.name}: make it first")
    # Another name until all of it is there: whoever finds the backup finds a whole one.
    unfinished = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        store.backup(unfinished, to)
        unfinished.replace(to)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return to.stat().st_size


def _size(path: Path) -> int:
    """Return the bytes of the file and of the log beside it."""
    log = path.with_name(path.name + "-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)
