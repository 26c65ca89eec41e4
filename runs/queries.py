"""Everything the store is asked.

Each question is a method of a few lines over one abstract method, `rows`. So this file knows SQL
and the tables but no SQLite: opening, writing and errors are `store.py`'s.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import Any

from evaluators.candidate import Candidate, Evaluation
from programs.errors import InputError, closest
from runs.apart import RANKED, listed
from runs.climbs import Climbs
from runs.record import (
    Event,
    Measured,
    Row,
    RunRecord,
    Verdict,
    candidate_of,
    funnel_of,
    run_of,
)

RELATIVES = 10_000
"""The most ancestors or descendants that are followed, the nearest first."""

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

_ANCESTRY = f"""
    WITH RECURSIVE up(id) AS (
        SELECT parent FROM parent WHERE child = ?1
        UNION
        SELECT p.parent FROM up JOIN parent p ON p.child = up.id
        LIMIT {RELATIVES}
    )
    SELECT id FROM up WHERE id <> ?1
"""


class Queries(Climbs):
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

    # Candidates

    def candidate(self, prefix: str) -> Candidate:
        """Return the candidate whose id starts with `prefix`."""
        return self._candidates("SELECT ?", self._identify("candidate", prefix))[0]

    def named(self, ids: Iterable[str]) -> list[Candidate]:
        """Return the candidates of these ids, in the order they were recorded."""
        return self._candidates("SELECT value FROM json_each(?)", json.dumps(list(ids)))

    def history(self, run_id: str) -> list[Candidate]:
        """Return a run's candidates in the order of their index, without their genomes."""
        found = self._candidates("SELECT id FROM candidate WHERE run = ?", run_id)
        return sorted(found, key=lambda candidate: candidate.index)

    def named_by(self, ids: str, *values: Any) -> list[Candidate]:
        """Return the candidates whose ids a query yields, in the order they were recorded."""
        return self._candidates(ids, *values)

    def recall(self, task: str, protocol: str, fingerprint: str) -> Candidate | None:
        """Return the first candidate of any run that was scored with this behaviour, if any."""
        sql = """
            SELECT c.id FROM candidate c CROSS JOIN run r ON r.id = c.run
            WHERE c.fingerprint = ? AND c.fingerprint <> '' AND c.status = 'scored'
              AND c.duplicate_of IS NULL AND NOT c.recalled AND r.task = ? AND r.protocol = ?
            ORDER BY c.rowid LIMIT 1
        """
        found = self._candidates(sql, fingerprint, task, protocol)
        return found[0] if found else None

    def children(self, candidate_id: str) -> list[Candidate]:
        """Return the candidates made from this one, in the order they were recorded."""
        return self._candidates("SELECT child FROM parent WHERE parent = ?", candidate_id)

    def ancestry(self, candidate_id: str) -> list[Candidate]:
        """Return all ancestors of a candidate, parents before their children, itself left out."""
        return self._candidates(_ANCESTRY, candidate_id)

    def descendants(self, candidate_id: str, depth: int | None = None) -> list[Candidate]:
        """Return what came of a candidate in so many generations, parents before children.

        At most `RELATIVES`, the nearest first.
        """
        sql = "SELECT DISTINCT child FROM parent WHERE parent IN (SELECT value FROM json_each(?))"
        found = {candidate_id: None}
        edge = [candidate_id]
        generation = 0
        while edge and (depth is None or generation < depth) and len(found) <= RELATIVES:
            children = (row["child"] for row in self.rows(sql, json.dumps(edge)))
            edge = [child for child in children if child not in found]
            found |= dict.fromkeys(edge)
            generation += 1
        del found[candidate_id]
        return self.named(islice(found, RELATIVES))

    def aliases(self, candidate_id: str, limit: int = 20) -> list[str]:
        """Return other candidates that do what this one does, the earliest first."""
        sql = """
            SELECT c.id FROM candidate c
            WHERE c.fingerprint <> '' AND c.id <> ?1
                AND c.fingerprint = (SELECT fingerprint FROM candidate WHERE id = ?1)
            ORDER BY c.rowid LIMIT ?2
        """
        return [row["id"] for row in self.rows(sql, candidate_id, limit)]

    def measured(self, candidate_id: str) -> list[Measured]:
        """Return a candidate's scores by rung and seed, each with its curve if one was kept."""
        sql = "SELECT rung, seed, score, curve FROM evaluation WHERE candidate = ? ORDER BY 1, 2"
        return [
            Measured(r["rung"], r["seed"], r["score"], tuple(json.loads(r["curve"] or "[]")))
            for r in self.rows(sql, candidate_id)
        ]

    def curves(self, ids: Iterable[str]) -> dict[str, list[list[float]]]:
        """Return the learning curves of several candidates, on the dearest rung that has any."""
        sql = """
            SELECT candidate, rung, curve FROM evaluation
            WHERE candidate IN (SELECT value FROM json_each(?)) AND curve IS NOT NULL
            ORDER BY candidate, rung DESC, seed
        """
        found: dict[str, list[list[float]]] = {}
        rungs: dict[str, int] = {}
        for row in self.rows(sql, json.dumps(list(ids))):
            if rungs.setdefault(row["candidate"], row["rung"]) == row["rung"]:
                found.setdefault(row["candidate"], []).append(json.loads(row["curve"]))
        return found

    def trained_for(self, candidate_id: str) -> str | None:
        """Return the candidate whose training this one's score comes from: often itself."""
        sql = """
            SELECT o.id FROM candidate c CROSS JOIN run r ON r.id = c.run
            CROSS JOIN candidate o ON o.fingerprint = c.fingerprint AND o.fingerprint <> ''
            CROSS JOIN run s ON s.id = o.run AND s.task = r.task AND s.protocol = r.protocol
            WHERE c.id = ?1 AND o.score IS NOT NULL AND NOT o.recalled AND o.duplicate_of IS NULL
            ORDER BY o.id <> ?1, o.rowid LIMIT 1
        """
        return next((row["id"] for row in self.rows(sql, candidate_id)), None)

    def search(self, words: str, limit: int = 20) -> list[Candidate]:
        """Return the newest candidates whose source or rationale holds all the words."""
        match = " ".join('"' + word.replace('"', '""') + '"' for word in words.split())
        sql = """
            SELECT id FROM candidate WHERE rowid IN (
                SELECT rowid FROM candidate_fts WHERE candidate_fts MATCH ?1
                UNION
                SELECT c.rowid FROM program_fts f CROSS JOIN program p ON p.rowid = f.rowid
                CROSS JOIN candidate c ON c.program = p.key WHERE program_fts MATCH ?1
            ) ORDER BY rowid DESC LIMIT ?2
        """
        return self._candidates(sql, match, limit)[::-1] if match else []

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
            runs = [self._identify("run", run)]
        else:
            sql = """
                SELECT id FROM run WHERE coalesce(task = ?1, 1) AND coalesce(kind = ?2, 1)
                AND coalesce(protocol = ?3, 1)
            """
            runs = [row["id"] for row in self.rows(sql, task, kind, protocol)]
        # A best of each run, read off its index, and the best of those: no sort of everything.
        rows = [row for each in runs for row in self._best(each, limit, apart)]
        return distinct(sorted(rows, key=lambda row: (-row.rung, -row.score)), limit)

    def _best(self, run_id: str, limit: int, apart: str) -> list[Row]:
        """Read the run's best rows, further down when many of them behave the same."""
        sql = f"""
            SELECT l.*, c.tier FROM leaderboard l CROSS JOIN candidate c ON c.id = l.id
            WHERE l.run = ? AND c.{listed(apart)}
            ORDER BY l.rung DESC, l.score DESC LIMIT ?
        """
        depth = limit
        while True:
            rows = [Row(**row) for row in self.rows(sql, run_id, depth)]
            best = distinct(rows, limit)
            if len(best) == limit or len(rows) < depth:
                return best
            depth *= 4

    # What the questions share

    def _candidates(self, ids: str, *values: Any) -> list[Candidate]:
        """Return the candidates that the query `ids` names, in the order they were recorded."""
        # Whatever it takes to find them is done once; and as what is read of a candidate never
        # changes once it is there, the reads after it see one state, but for climbs that come.
        found = json.dumps([next(iter(row.values())) for row in self.rows(ids, *values)])
        these = "(SELECT value FROM json_each(?))"
        rows = self.rows(
            f"""
            SELECT c.*, p.kind, coalesce(c.source, p.source) AS text
            FROM candidate c CROSS JOIN program p ON p.key = c.program
            WHERE c.id IN {these} ORDER BY c.rowid
            """,
            found,
        )
        parents = self._grouped(
            f"SELECT child, parent FROM parent WHERE child IN {these} ORDER BY child, place", found
        )
        scores = self._grouped(
            f"""
            SELECT e.candidate, e.score FROM evaluation e
            CROSS JOIN candidate c ON c.id = e.candidate
            WHERE e.candidate IN {these} AND e.rung = c.rung ORDER BY e.candidate, e.rung, e.seed
            """,
            found,
        )
        climbs = self.climbs(found)
        return [
            candidate_of(
                row, tuple(parents[row["id"]]), tuple(scores[row["id"]]), tuple(climbs[row["id"]])
            )
            for row in rows
        ]

    def _grouped(self, sql: str, *values: Any) -> defaultdict[str, list[Any]]:
        """Return the second column's values under those of the first."""
        groups: defaultdict[str, list[Any]] = defaultdict(list)
        for key, value in (row.values() for row in self.rows(sql, *values)):
            groups[key].append(value)
        return groups

    def _identify(self, table: str, prefix: str) -> str:
        """Return the one id of `table` that starts with `prefix`, or say what comes near."""
        sql = f"SELECT id FROM {table} WHERE id >= ? AND id < ? ORDER BY id LIMIT 5"
        found = [row["id"] for row in self.rows(sql, prefix, prefix + "~")]
        if len(found) == 1 or prefix in found:
            return found[0]
        if found:
            raise InputError(f"Several {table}s match {prefix!r}: give more of {_list(found)}")
        sql = f"SELECT id FROM {table} ORDER BY rowid DESC LIMIT 1000"
        newest = {row["id"][: len(prefix)]: row["id"] for row in self.rows(sql)}
        if not newest:
            raise InputError(f"There is no {table} yet: `cambrian demo` makes some")
        near = closest(prefix, newest)
        hint = (
            f"did you mean {newest[near]}?"
            if near
            else f"the newest is {next(iter(newest.values()))}"
        )
        raise InputError(f"No {table}'s id starts with {prefix!r}: {hint}")


def distinct(rows: Iterable[Row], limit: int) -> list[Row]:
    """Keep the first row of each behaviour on each task."""
    seen: set[tuple[str, str]] = set()
    fresh = (
        row
        for row in rows
        if (mark := (row.task, row.fingerprint or row.id)) not in seen and not seen.add(mark)
    )
    return list(islice(fresh, limit))


def _list(ids: list[str]) -> str:
    return ", ".join(ids[:4]) + (", …" if len(ids) > 4 else "")
