"""Scores that stand beside no others, in the words of SQL: each sort has a list of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluators.candidate import APART

if TYPE_CHECKING:
    from sqlite_utils import Database

RANKED = "tier NOT IN ({})".format(", ".join(f"'{tier}'" for tier in APART))
"""The condition on a candidate whose score may be compared."""

# The text of a migration stays as it is: sorts that come later need one of their own.
VIEWS = """
DROP VIEW leaderboard;

CREATE VIEW scored AS
SELECT c.id, c.run, r.task, r.kind, c.high_rung AS rung, c.high_score AS score,
       c.high_stderr AS stderr, p.size, c.proposer, c.operator,
       coalesce(c.source, p.source) AS source, r.protocol, c.fingerprint,
       CASE c.high_rung WHEN b.rung THEN b.score ELSE (
           SELECT k.score FROM climb k WHERE k.candidate = b.id AND k.rung = c.high_rung
       ) END AS baseline, c.tier
FROM candidate c
CROSS JOIN run r ON r.id = c.run
CROSS JOIN program p ON p.key = c.program
LEFT JOIN candidate b ON b.run = c.run AND b.idx = 0
WHERE c.status = 'scored' AND c.high_score IS NOT NULL
  AND (c.duplicate_of IS NULL OR c.recalled);

CREATE VIEW leaderboard AS
SELECT id, run, task, kind, rung, score, stderr, size, proposer, operator, source, protocol,
       fingerprint, baseline
FROM scored WHERE tier NOT IN ('unsafe', 'unverified budget');
"""


def ranked_apart(db: Database) -> None:
    """Leave out of the leaderboard what is ranked apart, and show it all in another view."""
    db.executescript(VIEWS)


def listed(apart: str) -> str:
    """Return the condition on those of one list: the tier `apart`, or all that are ranked."""
    if apart and apart not in APART:
        raise ValueError(f"expected a tier that is ranked apart, {APART}, saw {apart!r}")
    return f"tier = '{apart}'" if apart else RANKED
