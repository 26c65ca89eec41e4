"""What SQLite and the file system complain of, in a sentence with the file's name and a way out."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType

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


class in_a_sentence:  # noqa: N801, written small as `contextlib.suppress` is
    """Turn the errors of SQLite and of the file system into ours."""

    # A class, since it is entered several times for each candidate: it takes two fifths of the time
    # that a generator would.
    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(exc, sqlite3.Error):
            trouble = _TROUBLE.get(code_of(exc), "cannot be used")
            raise StoreError(f"{self.path} {trouble} ({exc})") from exc
        if isinstance(exc, OSError):
            raise StoreError(f"{self.path} cannot be opened: {exc.strerror}") from exc
