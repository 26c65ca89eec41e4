"""One SQLite file that anyone can open, and the only door to it.

Several processes may share the file, each writing runs of its own; a run has one owner at a time.
`queries.py` holds what the store is asked and `writing.py` what it is told; here the file is
opened, and statements are carried out. `trouble.py` says what is wrong where one cannot be.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from programs.errors import StoreError
from runs.schema import OURS, SCHEMA, migrate, version
from runs.trouble import code_of, in_a_sentence
from runs.words import SEARCHED
from runs.writing import Writing

PATIENCE = 10.0
"""Seconds to wait for another process that is writing."""

KEPT_TO_WRITE = 65_536
"""KiB of the file that a writer keeps in memory, where it uses so many.

Ids and keys are hashes, so new ones fall anywhere in their indexes: among a million candidates
SQLite's usual 2 MB would be read anew all the time. Who only asks is quicker with those.
"""

LONGEST_VALUE = 100_000_000
"""Bytes that one value of an answer may have where somebody else wrote the question."""

_READS = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
# Full-text search asks the first by itself; the others say what there is to be read.
_READING_PRAGMAS = {"data_version", "table_info", "table_xinfo", "table_list", "index_list"}


class Store(Writing):
    """Runs and their candidates in a file: a context manager, for one thread.

    `patience` is asked whether to go on waiting for another writer, each time SQLite gave up.
    """

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        super().__init__()
        self.path = path
        self.patience: Callable[[], bool] | None = None
        self._db = db
        self._writes = False

    @staticmethod
    def demand(path: Path) -> None:
        """Refuse a path where no database of ours is or can be, and make none."""
        with in_a_sentence(path):
            _refuse_place(path, create=True)
            if path.exists():
                _refuse_content(path, True, PATIENCE)

    @classmethod
    def open(cls, path: str | Path, create: bool = True, patience: float = PATIENCE) -> Self:
        """Open the database at `path`, making it if need be; leave alone what is not ours."""
        path = Path(path)
        with in_a_sentence(path):
            _refuse_place(path, create)
            if path.exists():
                _refuse_content(path, create, patience)
            db = _connect(path, "rwc" if create else "rw", patience)
            try:
                _prepare(db, patience)
            except BaseException:
                db.close()
                raise
        return cls(path, db)

    @classmethod
    def look(cls, path: str | Path, patience: float = PATIENCE) -> Self:
        """Open the database at `path` to read it as it is, be it of an older version."""
        path = Path(path)
        with in_a_sentence(path):
            _refuse_place(path, create=False)
            _refuse_content(path, False, patience)
            return cls(path, _only_look(path, patience))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows that `sql` yields."""
        return list(self.stream(sql, *values))

    def stream(self, sql: str, *values: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows that `sql` yields, one at a time."""
        names, rows = self.answer(sql, *values)
        return (dict(zip(names, row, strict=True)) for row in rows)

    def answer(self, sql: str, *values: Any) -> tuple[list[str], Generator[tuple[Any, ...]]]:
        """Return the names of the columns that `sql` yields, and its rows one at a time."""
        with in_a_sentence(self.path):
            cursor = self._carried_out(sql, values)
        return [column[0] for column in cursor.description or ()], self._each(cursor)

    def _each(self, cursor: sqlite3.Cursor) -> Generator[tuple[Any, ...]]:
        with in_a_sentence(self.path):
            yield from cursor

    def execute(self, sql: str, *values: Any) -> None:
        """Carry out one statement."""
        with in_a_sentence(self.path):
            self._carried_out(sql, values)

    def _carried_out(self, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, _bound(sql, values))
        except UnicodeEncodeError:
            return self._db.execute(sql, _bound(sql, _storable(values)))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that happens inside one change, undone if an exception leaves."""
        with in_a_sentence(self.path):
            if not self._writes:
                self._writes = True
                self._db.execute(f"PRAGMA cache_size = {-KEPT_TO_WRITE}")
            try:
                self._begin()
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.rollback()
                raise

    def _begin(self) -> None:
        """Take the write lock, as long as it takes where there is patience."""
        # The write lock comes first: SQLite refuses at once a reader that turns writer after
        # somebody else wrote, but queues one that says so from the start.
        while True:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                busy = code_of(error) == sqlite3.SQLITE_BUSY
                if not busy or self.patience is None or not self.patience():
                    raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Answer all that is asked inside from one moment's state of the file."""
        self.execute("BEGIN")
        try:
            yield
        finally:
            self.execute("COMMIT")

    def backup(self, to: Path, name: Path) -> None:
        """Copy the file to a new one, which people know by `name`; others may go on writing."""
        with in_a_sentence(name), closing(sqlite3.connect(to, isolation_level=None)) as copy:
            self._db.backup(copy)
            # A file by itself is one that can be sent: no log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")

    def only_read(self, seconds: float) -> None:
        """Refuse from now on whatever is not a question, and questions that take longer."""
        for table in SEARCHED:
            # The index of words is made known to a connection by what looks like a change.
            self._db.execute(f"SELECT 1 FROM {table}_fts LIMIT 0")
        self._db.execute("PRAGMA query_only = ON")
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        self._db.set_authorizer(_reads)
        deadline = time.monotonic() + seconds
        self._db.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)


def _reads(action: int, first: str | None, *_: str | None) -> int:
    """Tell SQLite whether a step of a statement only reads."""
    harmless = action in _READS or (action == sqlite3.SQLITE_PRAGMA and first in _READING_PRAGMAS)
    return sqlite3.SQLITE_OK if harmless else sqlite3.SQLITE_DENY


def _refuse_place(path: Path, create: bool) -> None:
    """Refuse a path where no file of ours is or can be."""
    folder = path.parent
    if path.is_dir():
        raise StoreError(f"{path} is a folder: name a database file with --db")
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is not an ordinary file: name a database file with --db")
    if path.exists():
        return
    if not create:
        raise _nothing_at(path)
    if not folder.is_dir():
        raise StoreError(
            f"There is no folder {folder} for {path.name}: make it or use another --db"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"{folder} cannot be written to: use another --db than {path}")


def _refuse_content(path: Path, create: bool, patience: float) -> None:
    """Refuse a database that is newer than this code, or somebody else's."""
    schema, tables = _glance(path, patience)
    ours = tables >= OURS
    if not tables and not schema:
        if not create:
            raise _nothing_at(path)
    elif schema > SCHEMA and (ours or not tables):
        raise StoreError(
            f"{path} was written by a newer Cambrian (schema {schema}; this one knows {SCHEMA}): "
            "upgrade Cambrian or use another --db"
        )
    elif not (schema and ours):
        named = ", ".join(sorted(tables)[:3]) or "none"
        raise StoreError(
            f"{path} is a database of another program (tables: {named}): use another --db"
        )


def _glance(path: Path, patience: float) -> tuple[int, set[str]]:
    """Return a file's schema and tables and leave it, and what lies beside it, as they were."""
    db = _only_look(path, patience)
    try:
        sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
        return version(db), {name for (name,) in db.execute(sql)}
    finally:
        db.close()


def _only_look(path: Path, patience: float) -> sqlite3.Connection:
    """Connect to read, leaving the file as it is."""
    # The last writer to leave folds a log left by a killed process into the file, which is not
    # ours to do yet; a reader does not. Where there is no log, only a writer clears its own away.
    log = path.with_name(path.name + "-wal")
    return _connect(path, "ro" if log.exists() else "rw", patience)


def _nothing_at(path: Path) -> StoreError:
    return StoreError(f"There is no database at {path}: run `cambrian demo` or pass --db")


def _connect(path: Path, mode: str, patience: float) -> sqlite3.Connection:
    """Connect without touching the file; transactions are begun and ended by hand."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)


def _prepare(db: sqlite3.Connection, patience: float) -> None:
    """Set the connection up and bring the file to the present schema."""
    _enter_wal(db, patience)
    # In WAL mode a commit has reached the operating system before it returns, so killing the
    # process loses nothing. NORMAL only leaves out the wait for the disk: a power cut can take
    # the last commits, each whole, and the file stays sound.
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    # Folding the log into the file waits for the disk: rather seldom, and 16 MB at a time.
    db.execute("PRAGMA wal_autocheckpoint = 4000")
    if version(db) < SCHEMA:
        # Late, for it takes as long to import as all the rest; only old and new files need it.
        from sqlite_utils import Database

        db.execute("BEGIN IMMEDIATE")
        try:
            migrate(Database(db, execute_plugins=False))
            db.execute("COMMIT")
        except BaseException:
            db.rollback()
            raise


def _enter_wal(db: sqlite3.Connection, patience: float) -> None:
    """Switch to a write-ahead log; SQLite does not wait by itself when two do so at once."""
    deadline = time.monotonic() + patience
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if code_of(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def _bound(sql: str, values: Sequence[Any]) -> Sequence[Any] | dict[str, Any]:
    """Return values as Python binds them: by name where a statement numbers its places."""
    if "?1" not in sql:
        return values
    return {str(place): value for place, value in enumerate(values, 1)}


def _storable(values: Iterable[Any]) -> list[Any]:
    """Spell out what UTF-8 cannot hold (lone surrogates in a model's reply, say)."""
    return [
        v.encode("utf-8", "backslashreplace").decode() if isinstance(v, str) else v for v in values
    ]
