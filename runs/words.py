"""The index of words: which texts can be searched, and how new ones come to be indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

SEARCHED = {"program": "source", "candidate": "rationale"}
"""The tables that can be searched for words, and the column that is searched."""

# Words are indexed some hundreds of rows at a time, which is twice as fast as one by one; a row
# that is not indexed yet must not be taken out of the index either.
LATE_SEARCH = """
DROP TRIGGER {table}_fts_insert;
DROP TRIGGER {table}_fts_delete;
DROP TRIGGER {table}_fts_update;
CREATE TRIGGER {table}_fts_delete AFTER DELETE ON {table}
WHEN old.rowid <= (SELECT max(id) FROM {table}_fts_docsize) BEGIN
    INSERT INTO {table}_fts({table}_fts, rowid, {column})
    VALUES ('delete', old.rowid, old.{column});
END;
CREATE TRIGGER {table}_fts_update AFTER UPDATE OF {column} ON {table}
WHEN old.rowid <= (SELECT max(id) FROM {table}_fts_docsize) BEGIN
    INSERT INTO {table}_fts({table}_fts, rowid, {column})
    VALUES ('delete', old.rowid, old.{column});
    INSERT INTO {table}_fts(rowid, {column}) VALUES (new.rowid, new.{column});
END;
"""


def words_in_bulk(db: Database) -> None:
    """Index new words in bulk, no more with every row."""
    for table, column in SEARCHED.items():
        db.executescript(LATE_SEARCH.format(table=table, column=column))
