"""On what data each evaluation was made, in the database.

A judgement stands in the row of its candidate, of its climb or of its funnel, one that failed too,
and so does the checksum of the task's data: beside the scores by seed it would be said five times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def checksums(db: Database) -> None:
    """Make room for a checksum beside every evaluation; what was made before has ""."""
    for table in ("candidate", "climb", "funnel"):
        db.execute(f"ALTER TABLE {table} ADD COLUMN checksum TEXT NOT NULL DEFAULT ''")
