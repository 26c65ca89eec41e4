"""What the store is asked about kin: who came of whom, and who behaves the same."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice

from evaluators.candidate import Candidate
from runs.candidates import Candidates

RELATIVES = 10_000
"""The most ancestors or descendants that are followed, the nearest first."""

_ANCESTRY = f"""
    WITH RECURSIVE up(id) AS (
        SELECT parent FROM parent WHERE child = ?1
        UNION
        SELECT p.parent FROM up JOIN parent p ON p.child = up.id
        LIMIT {RELATIVES}
    )
    SELECT id FROM up WHERE id <> ?1
"""

_FIRST_PARENTS = f"""
    WITH RECURSIVE up(id, generation) AS (
        VALUES (?1, 0)
        UNION ALL
        SELECT p.parent, generation + 1 FROM up JOIN parent p ON p.child = up.id AND p.place = 0
        LIMIT {RELATIVES}
    )
    SELECT id, max(generation), count(*) AS times FROM up
    WHERE id NOT IN (SELECT value FROM json_each(?2))
"""

_PARENTS = """
    SELECT DISTINCT parent AS id FROM parent WHERE child IN (SELECT value FROM json_each(?))
"""

_CHILDREN = """
    SELECT DISTINCT child AS id FROM parent WHERE parent IN (SELECT value FROM json_each(?))
"""


class Kinship(Candidates):
    """Questions about a candidate's relatives and their answers."""

    def children(self, candidate_id: str) -> list[Candidate]:
        """Return the candidates made from this one, in the order they were recorded."""
        return self._candidates("SELECT child FROM parent WHERE parent = ?", candidate_id)

    def ancestry(self, candidate_id: str, depth: int | None = None) -> list[Candidate]:
        """Return the ancestors of so many generations, parents before children, itself left out."""
        if depth is not None:
            return self._generations(_PARENTS, candidate_id, depth)
        return self._candidates(_ANCESTRY, candidate_id)

    def beginning(self, candidate_id: str, known: Iterable[str]) -> tuple[str | None, int]:
        """Return the farthest in a candidate's line of first parents, and how long the line is.

        Those that are `known` do not count; at most `RELATIVES` are followed.
        """
        (found,) = self.rows(_FIRST_PARENTS, candidate_id, json.dumps(list(known)))
        return found["id"], found["times"]

    def descendants(self, candidate_id: str, depth: int | None = None) -> list[Candidate]:
        """Return what came of a candidate in so many generations, parents before children.

        At most `RELATIVES`, the nearest first.
        """
        return self._generations(_CHILDREN, candidate_id, depth)

    def aliases(self, candidate_id: str, limit: int = 20) -> list[str]:
        """Return other candidates that do what this one does, the earliest first."""
        sql = """
            SELECT c.id FROM candidate c
            WHERE c.fingerprint <> '' AND c.id <> ?1
                AND c.fingerprint = (SELECT fingerprint FROM candidate WHERE id = ?1)
            ORDER BY c.rowid LIMIT ?2
        """
        return [row["id"] for row in self.rows(sql, candidate_id, limit)]

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

    def _generations(self, next_: str, candidate_id: str, depth: int | None) -> list[Candidate]:
        """Follow a relation from generation to generation; each candidate belongs to its first."""
        found = {candidate_id: None}
        edge = [candidate_id]
        generation = 0
        while edge and (depth is None or generation < depth) and len(found) <= RELATIVES:
            related = (row["id"] for row in self.rows(next_, json.dumps(edge)))
            edge = [each for each in related if each not in found]
            found |= dict.fromkeys(edge)
            generation += 1
        del found[candidate_id]
        return self.named(islice(found, RELATIVES))
