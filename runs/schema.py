"""The tables of the database, as migrations that are only ever appended.

`PRAGMA user_version` counts the migrations a file has seen. A released migration is never edited:
a change is a new function at the end of `MIGRATIONS`.

    run ─┬─< candidate >── program        a text is kept once, whoever proposed it
         │     ├─< parent                 which candidates it was made from, in order
         │     ├─< climb                  how its behaviour was judged on a dearer rung
         │     ├─< evaluation             one score and learning curve per rung and seed
         │     └─< verdict                what a comparison on held-out data said
         │                   └─< funnel     what it scored on a task that no search used
         ├─< llm_call                     every question put to a model, and what it cost
         ├─< event                        what else happened
         └── pulse                        what it is doing right now, for those who watch
    schedule ──< shift                    what the clock starts, and each time it did
    digest                                what was new, each time that was asked
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from runs.apart import ranked_apart
from runs.came_of import asked, asked_by_draw
from runs.checksums import checksums
from runs.counts import counted_runs
from runs.rungs import ladder
from runs.sizes import sizes
from runs.words import SEARCHED, words_in_bulk

if TYPE_CHECKING:
    from sqlite_utils import Database

TABLES = """
CREATE TABLE run (
    id TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    seed TEXT NOT NULL,                   -- text: a seed may be wider than 64 bits
    config TEXT NOT NULL,
    owner TEXT,
    heartbeat TEXT,
    started TEXT NOT NULL,
    ended TEXT,
    seconds REAL NOT NULL DEFAULT 0,
    usd REAL NOT NULL DEFAULT 0,
    tier TEXT NOT NULL,
    device TEXT NOT NULL,
    protocol TEXT NOT NULL,
    versions TEXT NOT NULL,
    message TEXT NOT NULL DEFAULT ''
);
CREATE TABLE program (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    size INTEGER NOT NULL
);
CREATE TABLE candidate (
    id TEXT PRIMARY KEY,
    run TEXT NOT NULL REFERENCES run(id),
    idx INTEGER NOT NULL,
    program TEXT NOT NULL REFERENCES program(key),
    source TEXT,                          -- its own text, where that is not the program's
    proposer TEXT NOT NULL,
    operator TEXT NOT NULL,
    rationale TEXT NOT NULL,
    model TEXT NOT NULL,
    usage TEXT NOT NULL,
    entropy TEXT NOT NULL,
    status TEXT NOT NULL,
    score REAL,
    stderr REAL,
    metrics TEXT NOT NULL,
    rung INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    message TEXT NOT NULL,
    seconds REAL NOT NULL,
    device TEXT NOT NULL,
    tier TEXT NOT NULL,
    duplicate_of TEXT REFERENCES candidate(id),
    recalled INTEGER NOT NULL,
    created TEXT NOT NULL,
    UNIQUE (run, idx)
);
CREATE TABLE parent (
    child TEXT NOT NULL REFERENCES candidate(id),
    place INTEGER NOT NULL,               -- before `parent`: with its key apart, SQLite 3.40's
    parent TEXT NOT NULL REFERENCES candidate(id),  -- integrity_check sees NULLs that are not there
    PRIMARY KEY (child, place)
) WITHOUT ROWID;
CREATE TABLE evaluation (
    candidate TEXT NOT NULL REFERENCES candidate(id),
    rung INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    score REAL,
    PRIMARY KEY (candidate, rung, seed)
) WITHOUT ROWID;
CREATE TABLE llm_call (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES run(id),
    model TEXT NOT NULL,
    purpose TEXT NOT NULL,
    messages TEXT NOT NULL,
    reply TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    usd REAL NOT NULL,
    seconds REAL NOT NULL,
    created TEXT NOT NULL,
    error TEXT NOT NULL
);
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES run(id),
    time TEXT NOT NULL,
    name TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE TABLE verdict (
    id INTEGER PRIMARY KEY,
    candidate TEXT NOT NULL REFERENCES candidate(id),
    created TEXT NOT NULL,
    sentence TEXT NOT NULL,
    detail TEXT NOT NULL
);
"""

# The first index alone answers a run's counts, its best and its top; the second answers recall.
INDEXES = """
CREATE INDEX candidate_rank
    ON candidate(run, status, score DESC, fingerprint, duplicate_of, recalled);
CREATE INDEX candidate_behaviour ON candidate(fingerprint) WHERE fingerprint <> '';
CREATE INDEX candidate_program ON candidate(program);
CREATE INDEX parent_parent ON parent(parent);
CREATE INDEX llm_call_run ON llm_call(run);
CREATE INDEX event_run ON event(run);
CREATE INDEX verdict_candidate ON verdict(candidate);
"""

# CROSS JOIN keeps SQLite reading the best first and fetching the texts of only those rows.
VIEWS = """
CREATE VIEW leaderboard AS
SELECT c.id, c.run, r.task, r.kind, c.score, c.stderr, p.size, c.proposer, c.operator,
       coalesce(c.source, p.source) AS source, r.protocol, c.fingerprint, b.score AS baseline
FROM candidate c
CROSS JOIN run r ON r.id = c.run
CROSS JOIN program p ON p.key = c.program
LEFT JOIN candidate b ON b.run = c.run AND b.idx = 0
WHERE c.status = 'scored' AND c.score IS NOT NULL AND (c.duplicate_of IS NULL OR c.recalled);

CREATE VIEW edges AS
SELECT e.child, e.parent, e.place, c.operator, c.proposer,
       c.score AS child_score, p.score AS parent_score, c.score - p.score AS gain
FROM parent e
CROSS JOIN candidate c ON c.id = e.child
CROSS JOIN candidate p ON p.id = e.parent;

CREATE VIEW failures AS
SELECT c.id, c.run, c.status, c.message, coalesce(c.source, p.source) AS source
FROM candidate c CROSS JOIN program p ON p.key = c.program
WHERE c.status IN ('invalid', 'failed', 'timed out');

CREATE VIEW spend AS
SELECT r.id AS run,
       (SELECT count(*) FROM candidate c WHERE c.run = r.id
        AND c.status IN ('scored', 'pruned', 'failed', 'timed out')
        AND c.duplicate_of IS NULL AND NOT c.recalled) AS evaluations,
       r.seconds, r.usd,
       (SELECT count(*) FROM llm_call l WHERE l.run = r.id) AS calls
FROM run r;
"""

# External-content tables keep no second copy of the text; the triggers keep them in step with it.
SEARCH = """
CREATE VIRTUAL TABLE {table}_fts USING fts5({column}, content='{table}');
CREATE TRIGGER {table}_fts_insert AFTER INSERT ON {table} BEGIN
    INSERT INTO {table}_fts(rowid, {column}) VALUES (new.rowid, new.{column});
END;
CREATE TRIGGER {table}_fts_delete AFTER DELETE ON {table} BEGIN
    INSERT INTO {table}_fts({table}_fts, rowid, {column})
    VALUES ('delete', old.rowid, old.{column});
END;
CREATE TRIGGER {table}_fts_update AFTER UPDATE OF {column} ON {table} BEGIN
    INSERT INTO {table}_fts({table}_fts, rowid, {column})
    VALUES ('delete', old.rowid, old.{column});
    INSERT INTO {table}_fts(rowid, {column}) VALUES (new.rowid, new.{column});
END;
"""

FUNNEL = """
CREATE TABLE funnel (
    program TEXT NOT NULL REFERENCES program(key),
    protocol TEXT NOT NULL,               -- data, steps, sweep, seeds and versions, as a hash
    task TEXT NOT NULL,
    steps INTEGER NOT NULL,
    status TEXT NOT NULL,
    score REAL,
    by_seed TEXT NOT NULL,
    metrics TEXT NOT NULL,
    message TEXT NOT NULL,
    seconds REAL NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (program, protocol)
);
"""

OURS = frozenset({"run", "program", "candidate"})
"""The tables by which a file is known to be Cambrian's, whatever its version."""


def first_tables(db: Database) -> None:
    """Make the tables, indexes, views and search of schema 1."""
    for script in (TABLES, INDEXES, VIEWS):
        db.executescript(script)
    for table, column in SEARCHED.items():
        db.executescript(SEARCH.format(table=table, column=column))


def funnel(db: Database) -> None:
    """Make the table of what a funnel of meta-validation found, for programs of any run."""
    db.executescript(FUNNEL)


def learning_curves(db: Database) -> None:
    """Make room for a learning curve beside each score: training losses as a JSON list."""
    db.execute("ALTER TABLE evaluation ADD COLUMN curve TEXT")


LIFE = """
CREATE TABLE pulse (
    run TEXT PRIMARY KEY REFERENCES run(id),
    time TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE TABLE schedule (
    name TEXT PRIMARY KEY,
    command TEXT NOT NULL,                -- the words after `cambrian`, as a JSON list
    every TEXT NOT NULL,
    at TEXT NOT NULL,
    keeper TEXT NOT NULL,                 -- whose clock starts it: systemd or cron
    folder TEXT NOT NULL,
    paused INTEGER NOT NULL DEFAULT 0,
    created TEXT NOT NULL
);
CREATE TABLE shift (
    id INTEGER PRIMARY KEY,
    schedule TEXT NOT NULL REFERENCES schedule(name) ON DELETE CASCADE,
    run TEXT REFERENCES run(id),
    owner TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,
    code INTEGER,
    message TEXT NOT NULL DEFAULT ''
);
CREATE INDEX shift_schedule ON shift(schedule);
CREATE TABLE digest (
    id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,                  -- the schedule it was made for, or ''
    since TEXT NOT NULL,
    created TEXT NOT NULL,
    detail TEXT NOT NULL
);
"""


def life(db: Database) -> None:
    """Make the tables of watching and of scheduled runs."""
    db.executescript(LIFE)


def score_names(db: Database) -> None:
    """Let a run say what its scores are, where its task is out of reach."""
    db.execute("ALTER TABLE run ADD COLUMN score_name TEXT NOT NULL DEFAULT ''")


MIGRATIONS = (
    *(first_tables, funnel, counted_runs, words_in_bulk),
    *(learning_curves, ladder, life, asked, ranked_apart, asked_by_draw, checksums, sizes),
    score_names,
)
"""Every change of the tables since the first release, oldest first."""

SCHEMA = len(MIGRATIONS)
"""The schema this version of the code knows."""


class Connection(Protocol):
    """Whatever carries out a statement."""

    def execute(self, sql: str, /) -> Any:
        """Return a cursor."""
        ...


def version(db: Connection) -> int:
    """Return how many migrations the file has seen."""
    return db.execute("PRAGMA user_version").fetchone()[0]


def migrate(db: Database) -> None:
    """Apply the migrations the file has not seen; the caller holds the transaction."""
    done = version(db)
    for number, migration in enumerate(MIGRATIONS[done:], done + 1):
        migration(db)
        db.execute(f"PRAGMA user_version = {number}")
