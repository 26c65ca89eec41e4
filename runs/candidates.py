"""What the store is asked about candidates: whole, by id, behaviour or words, and their scores."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from evaluators.candidate import Candidate
from programs.errors import InputError, closest
from runs.climbs import Climbs
from runs.record import Measured
from runs.rows import candidate_of

LAST = 2**63 - 1
"""Above any place that SQLite could hold."""


class Candidates(Climbs):
    """Questions about candidates and their answers."""

    def candidate(self, prefix: str) -> Candidate:
        """Return the candidate whose id starts with `prefix`."""
        return self._candidates("SELECT ?", self._identify("candidate", prefix))[0]

    def named(self, ids: Iterable[str]) -> list[Candidate]:
        """Return the candidates of these ids, in the order they were recorded."""
        return self._candidates("SELECT value FROM json_each(?)", json.dumps(list(ids)))

    def history(self, run_id: str) -> list[Candidate]:
        """Return a run's candidates in the order of their index, without their genomes."""
        return self.stretch(run_id, 0)

    def stretch(self, run_id: str, first: int, end: int | None = None) -> list[Candidate]:
        """Return the candidates of a run's places from `first` on, those before `end` if given."""
        sql = "SELECT id FROM candidate WHERE run = ? AND idx >= ? AND idx < ?"
        found = self._candidates(sql, run_id, first, LAST if end is None else end)
        return sorted(found, key=lambda candidate: candidate.index)

    def without_hole(self, run_id: str) -> int:
        """Return how many of a run's places are filled before the first that is not."""
        sql = "SELECT count(*) AS filled, max(idx) + 1 AS end FROM candidate WHERE run = ?"
        (places,) = self.rows(sql, run_id)
        if places["filled"] in (0, places["end"]):
            return places["filled"]
        sql = """
            SELECT idx FROM candidate c WHERE run = ?1 AND NOT EXISTS (
                SELECT 1 FROM candidate n WHERE n.run = ?1 AND n.idx = c.idx + 1
            ) ORDER BY idx LIMIT 1
        """
        first = self.rows("SELECT 1 FROM candidate WHERE run = ? AND idx = 0", run_id)
        return self.rows(sql, run_id)[0]["idx"] + 1 if first else 0

    def places(self, run_id: str, fingerprint: str, end: int) -> list[int]:
        """Return the places of a run before `end` at which a behaviour was judged, in order."""
        sql = """
            SELECT idx FROM candidate
            WHERE fingerprint = ? AND fingerprint <> '' AND run = ? AND idx < ?
              AND status NOT IN ('invalid', 'duplicate')
            ORDER BY idx
        """
        return [row["idx"] for row in self.rows(sql, fingerprint, run_id, end)]

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

    def measured(self, candidate_id: str) -> list[Measured]:
        """Return a candidate's scores by rung and seed, each with its curve if one was kept."""
        sql = "SELECT rung, seed, score, curve FROM evaluation WHERE candidate = ? ORDER BY 1, 2"
        return [
            Measured(
                r["rung"], r["seed"], r["score"], tuple(map(float, json.loads(r["curve"] or "[]")))
            )
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
                curve = list(map(float, json.loads(row["curve"])))
                found.setdefault(row["candidate"], []).append(curve)
        return found

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
            raise InputError(f"Several {table}s match {prefix!r}: give more of {_list(found)}.")
        if other := self._of_the_other(table, prefix):
            raise InputError(other)
        sql = f"SELECT id FROM {table} ORDER BY rowid DESC LIMIT 1000"
        newest = {row["id"][: len(prefix)]: row["id"] for row in self.rows(sql)}
        if not newest:
            raise InputError(f"There is no {table} yet: `cambrian demo` makes some.")
        near = closest(prefix, newest)
        hint = (
            f"did you mean {newest[near]}?"
            if near
            else f"the newest is {next(iter(newest.values()))}."
        )
        raise InputError(f"No {table}'s id starts with {prefix!r}: {hint}")

    def _of_the_other(self, table: str, prefix: str) -> str:
        """Say that an id is a run's where a candidate's is asked for, or the other way round."""
        between = "WHERE id >= ? AND id < ? ORDER BY id LIMIT 1"
        if table == "run":
            sql, told = "SELECT id, run FROM candidate", "{id} is a candidate, of run {run}."
        else:
            sql = "SELECT id FROM run"
            told = "{id} is a run: `cambrian top {id}` lists its candidates."
        rows = self.rows(f"{sql} {between}", prefix, prefix + "~")
        return next((told.format(**row) for row in rows), "")


def _list(ids: list[str]) -> str:
    return ", ".join(ids[:4]) + (", …" if len(ids) > 4 else "")
