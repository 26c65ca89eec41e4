"""What SQLite and the file system complain of, in a sentence with the file's name and a way out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from programs.errors import StoreError

_TROUBLE = {
    sqlite3.SQLITE_BUSY: "is locked by another process: try again when that is done",
    sqlite3.SQLITE_LOCKED: "is locked by another process: try again when that is done",
    sqlite3.SQLITE_READONLY: "cannot be written to: make it writable or use another --db",
    sqlite3.SQLITE_IOERR: "cannot be read or written: is its disk full or gone?",
    sqlite3.SQLITE_CORRUPT: "is damaged: restore a backup or use another --db",
    sqlite3.SQLITE_FULL: "cannot grow, the disk is full: make room and resume the run",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: can you read and write its folder?",
    sqlite3.SQLITE_NOTADB: "is not a database: use another --db",
    sqlite3.SQLITE_CONSTRAINT: "does not take this row",
}


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's primary code for what went wrong."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


@contextmanager
def in_a_sentence(path: Path) -> Iterator[None]:
    """Turn the errors of SQLite and of the file system into ours."""
    try:
        yield
    except sqlite3.Error as error:
        trouble = _TROUBLE.get(code_of(error), "cannot be used")
        raise StoreError(f"{path} {trouble} ({error})") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}") from error
