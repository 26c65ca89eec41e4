"""What the store is asked about climbs: the judgements of a run on dearer rungs than the first."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import defaultdict
from typing import Any

from evaluators.candidate import Evaluation
from runs.rows import evaluation_of


class Climbs(ABC):
    """Questions over one abstract method, `rows`."""

    @abstractmethod
    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows that `sql` yields."""

    def recall_climb(
        self, task: str, protocol: str, fingerprint: str, rung: int
    ) -> Evaluation | None:
        """Return how this behaviour was first judged on a dearer rung of any run, if it was."""
        sql = """
            SELECT k.* FROM climb k CROSS JOIN run r ON r.id = k.run
            WHERE k.fingerprint = ? AND k.rung = ? AND k.status = 'scored' AND NOT k.recalled
              AND r.task = ? AND r.protocol = ?
            ORDER BY k.rowid LIMIT 1
        """
        for row in self.rows(sql, fingerprint, rung, task, protocol):
            seeds = "SELECT score FROM evaluation WHERE candidate = ? AND rung = ? ORDER BY seed"
            scores = [seed["score"] for seed in self.rows(seeds, row["candidate"], rung)]
            return evaluation_of(row, tuple(scores))
        return None

    def climbs(self, ids: str) -> defaultdict[str, list[Evaluation]]:
        """Return the judgements on dearer rungs, which all candidates of a behaviour share.

        `ids` is a JSON list of candidates.
        """
        sql = """
            SELECT c.id AS of, k.*
            FROM candidate c CROSS JOIN climb k ON k.fingerprint = c.fingerprint AND k.run = c.run
            WHERE c.id IN (SELECT value FROM json_each(?)) AND c.fingerprint <> ''
            ORDER BY c.id, k.rung
        """
        found = self.rows(sql, ids)
        climbers = json.dumps(sorted({row["candidate"] for row in found}))
        sql = """
            SELECT candidate, rung, score FROM evaluation
            WHERE candidate IN (SELECT value FROM json_each(?)) ORDER BY candidate, rung, seed
        """
        seeds: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        for row in self.rows(sql, climbers) if found else ():
            seeds[row["candidate"], row["rung"]].append(row["score"])
        groups: defaultdict[str, list[Evaluation]] = defaultdict(list)
        for row in found:
            by_seed = seeds[row["candidate"], row["rung"]]
            groups[row["of"]].append(evaluation_of(row, tuple(by_seed)))
        return groups

    def statuses(self, run_id: str) -> dict[str, int]:
        """Count a run's candidates by status."""
        sql = "SELECT status, count(*) AS times FROM candidate WHERE run = ? GROUP BY status"
        return {row["status"]: row["times"] for row in self.rows(sql, run_id)}

    def by_rung(self, run_id: str) -> dict[int, dict[str, float]]:
        """Return a run's scores by level and fingerprint, not-a-number where judging failed."""
        sql = """
            SELECT rung, fingerprint, score FROM candidate WHERE run = ?1 AND status = 'scored'
            UNION ALL
            SELECT rung, fingerprint, score FROM climb WHERE run = ?1
        """
        found: defaultdict[int, dict[str, float]] = defaultdict(dict)
        for row in self.rows(sql, run_id):
            score = float("nan") if row["score"] is None else row["score"]
            found[row["rung"]][row["fingerprint"]] = score
        return dict(found)
