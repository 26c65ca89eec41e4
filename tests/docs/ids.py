"""The ids that documents show, and what a reader has in their place."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

CANDIDATES = (("3fa9c1", "ID", "A"), ("5d20e7", "B"))
RUNS = ("4b1d", "RUN")


def resolved(line: str, database: Path) -> str:
    """Put the two best candidates and the newest run of the database where a line names some."""
    if not database.exists():
        return line
    with closing(sqlite3.connect(database)) as db:
        best = db.execute("SELECT id FROM leaderboard ORDER BY score DESC LIMIT 2").fetchall()
        runs = db.execute("SELECT id FROM run ORDER BY started DESC LIMIT 1").fetchall()
    named = {word: row[0] for words, row in zip(CANDIDATES, best, strict=False) for word in words}
    named |= {word: row[0] for row in runs for word in RUNS}
    return re.sub(r"(?<![\w.])(" + "|".join(named) + r")(?![\w.])", lambda m: named[m[0]], line)
