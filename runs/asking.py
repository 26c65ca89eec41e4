"""Questions in SQL from people: answered, bounded, and never a change to the file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from programs.errors import InputError, StoreError
from runs.store import Store

MOST_ROWS = 1000
MOST_SECONDS = 60.0

_MEANT = {
    "not authorized": "only questions are answered here, a SELECT for one",
    "interrupted": "it took longer than --seconds allows",
    "no such table": "the views are leaderboard, edges, scored, failures, spend, proposers, asked",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of an answer; `cut` says that there were more."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    cut: bool


def ask(path: Path, sql: str, limit: int = MOST_ROWS, seconds: float = MOST_SECONDS) -> Answer:
    """Answer one question from the file; `InputError` says what is wrong with it."""
    with Store.open(path, create=False) as store:
        store.only_read(seconds)
        try:
            columns, rows = store.answer(sql)
            with closing(rows):
                found = list(islice(rows, limit + 1))
        except StoreError as error:
            raise InputError(_sentence(error)) from None
    return Answer(columns, found[:limit], len(found) > limit)


def _sentence(error: StoreError) -> str:
    """Say what SQLite found wrong, and what to do."""
    said = str(error.__cause__ or error)
    hint = next((f": {hint}" for sign, hint in _MEANT.items() if sign in said), "")
    return f"This is not answered ({said}){hint}."
