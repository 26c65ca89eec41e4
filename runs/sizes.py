"""Sizes beside scores: the trade-off of a run is read from one index, however long the run is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

# The index has all that a front of score, size and rung asks for, and whether a row counts.
# In the view all but the candidate's own columns are looked up where they are asked for: a join
# would be made for every row, whether or not anything of it is wanted.
SIZES = """
ALTER TABLE candidate ADD COLUMN size INTEGER;
UPDATE candidate SET size = (SELECT p.size FROM program p WHERE p.key = candidate.program);

DROP INDEX candidate_rank;
CREATE INDEX candidate_rank ON candidate(
    run, status, high_rung DESC, high_score DESC, fingerprint, duplicate_of, recalled, tier, size
);

DROP VIEW leaderboard;
DROP VIEW scored;
CREATE VIEW scored AS
SELECT c.id, c.run,
       (SELECT r.task FROM run r WHERE r.id = c.run) AS task,
       (SELECT r.kind FROM run r WHERE r.id = c.run) AS kind,
       c.high_rung AS rung, c.high_score AS score, c.high_stderr AS stderr, c.size,
       c.proposer, c.operator,
       coalesce(c.source, (SELECT p.source FROM program p WHERE p.key = c.program)) AS source,
       (SELECT r.protocol FROM run r WHERE r.id = c.run) AS protocol, c.fingerprint,
       (SELECT CASE c.high_rung WHEN b.rung THEN b.score ELSE (
            SELECT k.score FROM climb k WHERE k.candidate = b.id AND k.rung = c.high_rung
        ) END FROM candidate b WHERE b.run = c.run AND b.idx = 0) AS baseline, c.tier,
       c.model, c.seconds, c.created,
       CASE c.high_rung WHEN c.rung THEN c.metrics ELSE (
           SELECT k.metrics FROM climb k WHERE k.candidate = c.id AND k.rung = c.high_rung
       ) END AS metrics, c.rowid AS place
FROM candidate c
WHERE c.status = 'scored' AND c.high_score IS NOT NULL
  AND (c.duplicate_of IS NULL OR c.recalled);

CREATE VIEW leaderboard AS
SELECT id, run, task, kind, rung, score, stderr, size, proposer, operator, source, protocol,
       fingerprint, baseline
FROM scored WHERE tier NOT IN ('unsafe', 'unverified budget');
"""


def sizes(db: Database) -> None:
    """Keep each candidate's size beside its score, and look up in the view only what is asked."""
    db.executescript(SIZES)
