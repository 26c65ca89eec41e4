"""Rungs in the database: the table of climbs, and the leaderboard by rung and score."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

# A candidate's own columns tell of the rung that all of a run share; the high ones of the highest
# rung that gave a score, by which the leaderboard sorts.
CLIMBS = """
CREATE TABLE climb (
    candidate TEXT NOT NULL REFERENCES candidate(id),
    rung INTEGER NOT NULL,
    run TEXT NOT NULL REFERENCES run(id),
    fingerprint TEXT NOT NULL,
    status TEXT NOT NULL,
    score REAL,
    metrics TEXT NOT NULL,
    message TEXT NOT NULL,
    seconds REAL NOT NULL,
    device TEXT NOT NULL,
    tier TEXT NOT NULL,
    recalled INTEGER NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (candidate, rung)
);
CREATE INDEX climb_behaviour ON climb(fingerprint, run, rung);
CREATE INDEX climb_run ON climb(run, rung);

ALTER TABLE candidate ADD COLUMN high_rung INTEGER;
ALTER TABLE candidate ADD COLUMN high_score REAL;
ALTER TABLE candidate ADD COLUMN high_stderr REAL;
UPDATE candidate SET high_rung = rung, high_score = score, high_stderr = stderr;

DROP INDEX candidate_rank;
CREATE INDEX candidate_rank ON candidate(
    run, status, high_rung DESC, high_score DESC, fingerprint, duplicate_of, recalled
);
DROP VIEW leaderboard;
CREATE VIEW leaderboard AS
SELECT c.id, c.run, r.task, r.kind, c.high_rung AS rung, c.high_score AS score,
       c.high_stderr AS stderr, p.size, c.proposer, c.operator,
       coalesce(c.source, p.source) AS source, r.protocol, c.fingerprint,
       CASE c.high_rung WHEN b.rung THEN b.score ELSE (
           SELECT k.score FROM climb k WHERE k.candidate = b.id AND k.rung = c.high_rung
       ) END AS baseline
FROM candidate c
CROSS JOIN run r ON r.id = c.run
CROSS JOIN program p ON p.key = c.program
LEFT JOIN candidate b ON b.run = c.run AND b.idx = 0
WHERE c.status = 'scored' AND c.high_score IS NOT NULL
  AND (c.duplicate_of IS NULL OR c.recalled);
"""


def ladder(db: Database) -> None:
    """Make room for judgements on dearer rungs, and sort the leaderboard by them."""
    db.executescript(CLIMBS)
