"""Files of several machines become one.

A run is the same in two files if its id and its beginning are: then it is taken once, and what one
file has more of it is added. Ids are drawn at random (a run's) or follow from their run's (a
candidate's), so two machines seldom draw the same; where they did, the run that comes in gets
another id, which follows from its own and its beginning, and so is the same at every merge. What
is in the target already is never changed, except that a run which went on has its later state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from programs.errors import InputError
from runs.counts import COUNTERS
from runs.record import State, candidate_id
from runs.store import Store

STATE = ("state", "ended", "seconds", "usd", "heartbeat", "message")
"""The columns of a run that go forward."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of one file."""

    path: Path
    new: int = 0
    longer: int = 0
    known: int = 0
    renamed: int = 0
    candidates: int = 0
    held: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Return what came, in words."""
        other = f" ({self.renamed} under another id)" if self.renamed else ""
        return (
            f"{self.path}: {self.new} new runs{other}, {self.longer} that went on, "
            f"{self.known} known; {self.candidates:,} candidates came."
        )


def merge(into: Store, path: Path) -> Merged:
    """Take in all runs of the file at `path`, which stays as it is; a run whole or not at all."""
    if path.exists() and path.samefile(into.path):
        raise InputError(f"{path} is the database to merge into: name the others")
    with _attached(into, path):
        counts = dict.fromkeys(("new", "longer", "known", "renamed", "candidates"), 0)
        held = []
        for row in into.rows("SELECT * FROM other.run ORDER BY started, id"):
            with into.transaction():
                id_ = _id_here(into, row)
                here = into.rows("SELECT id FROM main.run WHERE id = ?", id_)
                if here and into.run(id_).held:
                    held.append(id_)
                    continue
                added, climbed = _take(into, row, id_, bool(here))
            counts["candidates"] += added
            counts["renamed"] += not here and id_ != row["id"]
            counts["new" if not here else "longer" if added or climbed else "known"] += 1
        with into.transaction():
            _insert_funnels(into)
    return Merged(path, **counts, held=tuple(held))


@contextmanager
def _attached(into: Store, path: Path) -> Iterator[None]:
    """Attach a copy of the file as `other`: it may be of an older schema, and is not ours."""
    with TemporaryDirectory(prefix="cambrian-merge-", dir=into.path.absolute().parent) as folder:
        copy = Path(folder) / "other.db"
        with Store.look(path) as original:
            original.backup(copy, into.path)
        Store.open(copy, create=False).close()
        into.execute("ATTACH ? AS other", str(copy))
        into.execute("CREATE TEMP TABLE incoming(id TEXT PRIMARY KEY)")
        into.execute("CREATE TEMP TABLE renamed(old TEXT PRIMARY KEY, new TEXT NOT NULL)")
        try:
            yield
        finally:
            into.execute("DROP TABLE temp.incoming")
            into.execute("DROP TABLE temp.renamed")
            into.execute("DETACH other")


def _id_here(into: Store, row: Mapping[str, Any]) -> str:
    """Return the id that a run of the other file has, or will have, in this one."""
    renamed = _other_id(row)
    for id_ in (row["id"], renamed):
        there = into.rows("SELECT task, seed, started FROM main.run WHERE id = ?", id_)
        if there and all(there[0][name] == row[name] for name in there[0]):
            return id_
    sql = """
        SELECT 1 FROM main.run WHERE id = ?1 UNION ALL
        SELECT 1 FROM main.candidate c JOIN other.candidate o ON o.id = c.id WHERE o.run = ?1
        LIMIT 1
    """
    return renamed if into.rows(sql, row["id"]) else row["id"]


def _other_id(row: Mapping[str, Any]) -> str:
    beginning = "/".join(str(row[name]) for name in ("id", "task", "seed", "started"))
    return hashlib.blake2b(beginning.encode(), digest_size=4).hexdigest()


def _take(into: Store, row: Mapping[str, Any], id_: str, here: bool) -> tuple[int, int]:
    """Take in a run, or what this file lacks of it; return how many candidates and climbs came."""
    into.execute("PRAGMA defer_foreign_keys = ON")
    if not here:
        _insert_run(into, row, id_)
    if id_ != row["id"]:
        _rename(into, row["id"], id_)
    into.execute("DELETE FROM incoming")
    into.execute(
        """
        INSERT INTO incoming SELECT o.id FROM other.candidate o WHERE o.run = ? AND NOT EXISTS
            (SELECT 1 FROM main.candidate c WHERE c.run = ? AND c.idx = o.idx)
        """,
        *(row["id"], id_),
    )
    _insert_candidates(into, id_)
    climbs = _insert_climbs(into, row["id"], id_)
    for table in ("llm_call", "event"):
        _append(into, table, row["id"], id_)
    _insert_verdicts(into, row["id"])
    if here:
        _go_forward(into, row, id_)
    return into.rows("SELECT count(*) AS n FROM incoming")[0]["n"], climbs


def _insert_run(into: Store, row: Mapping[str, Any], id_: str) -> None:
    """Keep a run as one that nobody is at work on here; its counts follow its candidates."""
    kept = dict(row) | dict.fromkeys(COUNTERS, 0) | {"id": id_, "owner": None}
    if row["state"] == State.RUNNING:
        kept |= {"state": State.STOPPED.value, "ended": row["heartbeat"] or row["started"]}
    marks = ", ".join("?" * len(kept))
    into.execute(f"INSERT INTO main.run({', '.join(kept)}) VALUES ({marks})", *kept.values())


def _rename(into: Store, old: str, new: str) -> None:
    """Note what the candidates of a run are called here."""
    for row in into.rows("SELECT id, idx FROM other.candidate WHERE run = ?", old):
        into.execute("INSERT INTO renamed VALUES (?, ?)", row["id"], candidate_id(new, row["idx"]))


def _insert_candidates(into: Store, run: str) -> None:
    """Insert the candidates that are incoming, and all that hangs on them."""
    into.execute(
        f"""
        INSERT INTO main.program({_columns(into, "program")})
        SELECT {_columns(into, "program", "p")} FROM other.program p
        WHERE p.key IN (SELECT c.program FROM other.candidate c JOIN incoming i ON i.id = c.id)
        ORDER BY p.rowid ON CONFLICT(key) DO NOTHING
        """
    )
    changed = {
        "id": "coalesce(n.new, c.id)",
        "run": "?",
        "duplicate_of": "coalesce((SELECT new FROM renamed WHERE old = c.duplicate_of), "
        "c.duplicate_of)",
        # The program may have come here first in other words.
        "source": "nullif(coalesce(c.source, o.source), p.source)",
    }
    into.execute(
        f"""
        INSERT INTO main.candidate({_columns(into, "candidate")})
        SELECT {_columns(into, "candidate", "c", changed)} FROM incoming i
        CROSS JOIN other.candidate c ON c.id = i.id
        CROSS JOIN other.program o ON o.key = c.program
        CROSS JOIN main.program p ON p.key = c.program
        LEFT JOIN renamed n ON n.old = c.id
        ORDER BY c.rowid
        """,
        run,
    )
    parent = {"parent": "coalesce((SELECT new FROM renamed WHERE old = t.parent), t.parent)"}
    for table, key, more in (("parent", "child", parent), ("evaluation", "candidate", {})):
        changed = {key: f"coalesce(n.new, t.{key})", **more}
        into.execute(
            f"""
            INSERT INTO main.{table}({_columns(into, table)})
            SELECT {_columns(into, table, "t", changed)} FROM incoming i
            CROSS JOIN other.{table} t ON t.{key} = i.id LEFT JOIN renamed n ON n.old = i.id
            """
        )


def _insert_climbs(into: Store, theirs: str, ours: str) -> int:
    """Add the climbs that are not here, also those of candidates that are; return how many came.

    A candidate that behaves otherwise here than there keeps what it has.
    """
    count = "SELECT count(*) AS n FROM main.climb WHERE run = ?"
    before = into.rows(count, ours)[0]["n"]
    climbed = """
        FROM other.climb k LEFT JOIN renamed n ON n.old = k.candidate
        CROSS JOIN main.candidate c ON c.id = coalesce(n.new, k.candidate)
    """
    condition = "WHERE k.run = ? AND c.fingerprint = k.fingerprint"
    changed = {"candidate": "c.id", "run": "c.run"}
    into.execute(
        f"""
        INSERT OR IGNORE INTO main.climb({_columns(into, "climb")})
        SELECT {_columns(into, "climb", "k", changed)} {climbed} {condition} ORDER BY k.rowid
        """,
        theirs,
    )
    scores = _columns(into, "evaluation", "e", changed)
    into.execute(
        f"""
        INSERT OR IGNORE INTO main.evaluation({_columns(into, "evaluation")})
        SELECT {scores} {climbed}
        CROSS JOIN other.evaluation e ON e.candidate = k.candidate AND e.rung = k.rung {condition}
        """,
        theirs,
    )
    into.execute(
        """
        UPDATE main.candidate SET (high_rung, high_score, high_stderr) =
            (o.high_rung, o.high_score, o.high_stderr)
        FROM other.candidate o LEFT JOIN renamed n ON n.old = o.id
        WHERE o.run = ? AND main.candidate.id = coalesce(n.new, o.id)
            AND main.candidate.fingerprint = o.fingerprint
            AND o.high_rung > main.candidate.high_rung
        """,
        theirs,
    )
    return into.rows(count, ours)[0]["n"] - before


def _append(into: Store, table: str, theirs: str, ours: str) -> None:
    """Add what came after what is here: these rows are only ever appended, in order."""
    count = into.rows(f"SELECT count(*) AS n FROM main.{table} WHERE run = ?", ours)[0]["n"]
    names = _columns(into, table, without="id")
    chosen = _columns(into, table, "t", {"run": "?"}, without="id")
    into.execute(
        f"INSERT INTO main.{table}({names}) SELECT {chosen} FROM other.{table} t "
        "WHERE t.run = ? ORDER BY t.id LIMIT -1 OFFSET ?",
        *(ours, theirs, count),
    )


def _insert_verdicts(into: Store, run: str) -> None:
    """Add the verdicts on a run's candidates that are not here."""
    names = _columns(into, "verdict", without="id")
    changed = {"candidate": "coalesce(n.new, v.candidate)"}
    into.execute(
        f"""
        INSERT INTO main.verdict({names})
        SELECT {_columns(into, "verdict", "v", changed, without="id")}
        FROM other.candidate c CROSS JOIN other.verdict v ON v.candidate = c.id
        LEFT JOIN renamed n ON n.old = c.id
        WHERE c.run = ? AND NOT EXISTS (
            SELECT 1 FROM main.verdict m WHERE m.candidate = coalesce(n.new, v.candidate)
            AND m.created = v.created AND m.sentence = v.sentence)
        ORDER BY v.id
        """,
        run,
    )


def _insert_funnels(into: Store) -> None:
    """Add what funnels found, of baselines too, where this file does not know it."""
    programs = _columns(into, "program")
    into.execute(
        f"INSERT OR IGNORE INTO main.program({programs}) SELECT {programs} FROM other.program "
        "WHERE key IN (SELECT program FROM other.funnel)"
    )
    names = _columns(into, "funnel")
    into.execute(f"INSERT OR IGNORE INTO main.funnel({names}) SELECT {names} FROM other.funnel")


def _go_forward(into: Store, row: Mapping[str, Any], id_: str) -> None:
    """Let a run have its later state."""
    sets = ", ".join(f"{name} = ?" for name in STATE)
    values = [row[name] for name in STATE]
    if row["state"] != State.RUNNING:
        sql = f"UPDATE main.run SET {sets} WHERE id = ? AND coalesce(heartbeat, '') < ?"
        into.execute(sql, *values, id_, row["heartbeat"] or "")


def _columns(
    into: Store, table: str, alias: str = "", changed: Mapping[str, str] = {}, without: str = ""
) -> str:
    """List a table's columns, or what is to stand in their places."""
    names = [row["name"] for row in into.rows(f"PRAGMA main.table_info({table})")]
    prefix = f"{alias}." if alias else ""
    return ", ".join(changed.get(name, prefix + name) for name in names if name != without)
