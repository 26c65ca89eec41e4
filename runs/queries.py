"""What the store is asked about runs, verdicts and the best of all; and with its bases, everything.

    Climbs        judgements on dearer rungs          climbs.py
    Candidates    candidates whole, by id or words    candidates.py
    Kinship       who came of whom                    kinship.py

Each question is a method of a few lines over one abstract method, `rows`. So these files know SQL
and the tables but no SQLite: opening, writing and errors are `store.py`'s.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from evaluators.candidate import Evaluation
from runs.apart import RANKED, listed
from runs.kinship import Kinship
from runs.record import Event, Row, RunRecord, Verdict
from runs.rows import funnel_of, run_of

_BEST = f"""
    SELECT id FROM candidate
    WHERE run = r.id AND status = 'scored' AND (duplicate_of IS NULL OR recalled)
      AND {RANKED}
    ORDER BY high_rung DESC, high_score DESC LIMIT 1
"""

_RUNS = f"""
    SELECT r.*, b.high_score AS best, b.id AS best_id
    FROM run r LEFT JOIN candidate b ON b.id = ({_BEST})
"""


class Queries(Kinship):
    """The store's questions and their answers."""

    # Runs

    def run(self, prefix: str) -> RunRecord:
        """Return the run whose id starts with `prefix`."""
        run_id = self._identify("run", prefix)
        return run_of(self.rows(f"{_RUNS} WHERE r.id = ?", run_id)[0])

    def runs(self) -> list[RunRecord]:
        """Return every run, newest first."""
        return [run_of(row) for row in self.rows(f"{_RUNS} ORDER BY r.started DESC, r.rowid DESC")]

    def run_of(self, candidate_id: str) -> RunRecord:
        """Return the run that a candidate belongs to."""
        sql = "SELECT run FROM candidate WHERE id = ?"
        return self.run(self.rows(sql, self._identify("candidate", candidate_id))[0]["run"])

    def events(self, run_id: str) -> list[Event]:
        """Return what happened in a run, oldest first."""
        sql = "SELECT time, name, detail FROM event WHERE run = ? ORDER BY id"
        return [
            Event(r["time"], r["name"], json.loads(r["detail"])) for r in self.rows(sql, run_id)
        ]

    def rejections(self, run_id: str) -> dict[str, int]:
        """Count the run's failures by status and short reason, the commonest first."""
        sql = """
            SELECT status || ': ' || trim(substr(message, 1, instr(message || ':', ':') - 1))
                AS reason, count(*) AS times
            FROM failures WHERE run = ? GROUP BY reason ORDER BY times DESC, reason
        """
        return {row["reason"]: row["times"] for row in self.rows(sql, run_id)}

    def llm_calls(self, run_id: str) -> list[dict[str, Any]]:
        """Return the questions a run put to models and the answers, in the order of recording."""
        rows = self.rows("SELECT * FROM llm_call WHERE run = ? ORDER BY id", run_id)
        return [row | {"messages": json.loads(row["messages"])} for row in rows]

    # What was found of a candidate

    def verdict(self, candidate_id: str) -> Verdict | None:
        """Return the latest verdict on a candidate, if there is one."""
        sql = "SELECT * FROM verdict WHERE candidate = ? ORDER BY id DESC LIMIT 1"
        for row in self.rows(sql, candidate_id):
            detail = json.loads(row["detail"])
            return Verdict(row["candidate"], row["created"], row["sentence"], detail)
        return None

    def funnel(self, program: str, protocol: str) -> Evaluation | None:
        """Return what a funnel found of a program under a protocol, if it ever did."""
        sql = "SELECT * FROM funnel WHERE program = ? AND protocol = ?"
        found = self.rows(sql, program, protocol)
        return funnel_of(found[0]) if found else None

    def funnel_tasks(self, program: str) -> list[str]:
        """Return the tasks on which a funnel judged a program."""
        sql = "SELECT DISTINCT task FROM funnel WHERE program = ? ORDER BY task"
        return [row["task"] for row in self.rows(sql, program)]

    # The leaderboard

    def top(
        self,
        run: str | None = None,
        task: str | None = None,
        limit: int = 10,
        kind: str | None = None,
        apart: str = "",
        protocol: str | None = None,
    ) -> list[Row]:
        """Return the best of a run, a task, a kind or everything, one row for each behaviour.

        The best are those on the highest rung, and of these the highest scores. What is ranked
        `apart` (a tier) is left out, or all there is. With a `protocol`, only of runs whose scores
        compare.
        """
        if run is not None:
            runs = self.rows("SELECT id, task FROM run WHERE id = ?", self._identify("run", run))
        else:
            sql = """
                SELECT id, task FROM run WHERE coalesce(task = ?1, 1) AND coalesce(kind = ?2, 1)
                AND coalesce(protocol = ?3, 1)
            """
            runs = self.rows(sql, task, kind, protocol)
        # A best of each run, read off its index, and the best of those: no sort of everything. All
        # else about a candidate is looked up for those alone that are listed.
        marks = [mark for each in runs for mark in self._best(each, limit, apart)]
        best = distinct(sorted(marks, key=lambda mark: (-mark.rung, -mark.score)), limit)
        return [self._placed(mark.place) for mark in best]

    def _best(self, run: Mapping[str, Any], limit: int, apart: str) -> list[Mark]:
        """Read where the run's best are, further down when many of them behave the same."""
        sql = f"""
            SELECT place, rung, score, fingerprint FROM scored WHERE run = ? AND {listed(apart)}
            ORDER BY rung DESC, score DESC LIMIT ?
        """
        depth = limit
        while True:
            rows = self.rows(sql, run["id"], depth)
            marks = [Mark(**row, task=run["task"]) for row in rows]
            best = distinct(marks, limit)
            if len(best) == limit or len(marks) < depth:
                return best
            depth *= 4

    def _placed(self, place: int) -> Row:
        """Return the line of the leaderboard that is at `place`."""
        (row,) = self.rows(f"SELECT {SHOWN} FROM scored WHERE place = ?", place)
        return Row(**row)


SHOWN = ", ".join(f.name for f in fields(Row) if f.name != "keys")
"""The columns of the leaderboard that a row has."""


class Mark(NamedTuple):
    """Where a candidate stands, and in which row: as much of it as the index holds."""

    place: int
    task: str
    rung: int
    score: float
    fingerprint: str


Placed = TypeVar("Placed", Row, Mark)


def distinct(rows: Iterable[Placed], limit: int) -> list[Placed]:
    """Keep the first of each behaviour on each task; what has no fingerprint is like no other."""
    seen: set[tuple[str, str]] = set()
    fresh = (
        row
        for row in rows
        if not row.fingerprint
        or ((mark := (row.task, row.fingerprint)) not in seen and not seen.add(mark))
    )
    return list(islice(fresh, limit))
