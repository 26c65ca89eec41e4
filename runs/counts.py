"""The counts that every run carries with it, so that listing runs counts no rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

# Counting a million rows takes a tenth of a second, so a run carries its counts with it. The
# triggers keep them whoever writes; `cambrian db check` counts again.
TRAINED = """({0}.status IN ('scored', 'pruned', 'failed', 'timed out')
        AND {0}.duplicate_of IS NULL AND NOT {0}.recalled)"""
REPEATED = "({0}.status = 'duplicate' OR {0}.duplicate_of IS NOT NULL OR {0}.recalled)"
REFUSED = "({0}.status = 'invalid' AND {0}.duplicate_of IS NULL AND NOT {0}.recalled)"

COUNTERS = {"evaluations": TRAINED, "duplicates": REPEATED, "rejected": REFUSED}
"""The counts of a run: each is how many of its candidates fulfil a condition."""

SPEND = """
DROP VIEW spend;
CREATE VIEW spend AS
SELECT r.id AS run, r.evaluations, r.seconds, r.usd,
       (SELECT count(*) FROM llm_call l WHERE l.run = r.id) AS calls
FROM run r;

CREATE VIEW proposers AS
SELECT c.run, c.proposer, c.model, count(*) AS tried,
       sum({trained}) AS evaluations, sum({repeated}) AS duplicates, sum({refused}) AS rejected,
       max(CASE WHEN c.status = 'scored' THEN c.score END) AS best, sum(c.seconds) AS seconds
FROM candidate c GROUP BY c.run, c.proposer, c.model;
""".format(trained=TRAINED.format("c"), repeated=REPEATED.format("c"), refused=REFUSED.format("c"))


def counted_runs(db: Database) -> None:
    """Let runs carry their counts, and a view show those of each proposer."""
    for name in COUNTERS:
        db.execute(f"ALTER TABLE run ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0")
    db.execute(f"UPDATE run SET {recounted()}")
    for event, steps in {
        "INSERT": [("new", "+")],
        "UPDATE OF run, status, duplicate_of, recalled": [("old", "-"), ("new", "+")],
        "DELETE": [("old", "-")],
    }.items():
        name = f"candidate_counted_{event.split()[0].lower()}"
        body = " ".join(_counted(row, sign) for row, sign in steps)
        db.execute(f"CREATE TRIGGER {name} AFTER {event} ON candidate BEGIN {body} END")
    db.executescript(SPEND)


def _counted(row: str, sign: str) -> str:
    """Return the statement that adds a row to its run's counts, or takes it away."""
    counts = ", ".join(f"{n} = {n} {sign} {each.format(row)}" for n, each in COUNTERS.items())
    return f"UPDATE run SET {counts} WHERE id = {row}.run;"


def recounted() -> str:
    """Return the assignments that count a run's candidates anew."""
    counts = (
        f"{name} = (SELECT count(*) FROM candidate c WHERE c.run = run.id AND {each.format('c')})"
        for name, each in COUNTERS.items()
    )
    return ", ".join(counts)
