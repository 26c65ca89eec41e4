"""The database as a folder of plain files, one for each table: JSON lines or CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from programs.errors import InputError
from runs.store import Store

FORMS = ("jsonl", "csv")

_IN_JSON = {
    *("config", "versions", "owner", "usage", "entropy", "metrics", "detail", "messages"),
    *("by_seed", "curve"),
}
"""Columns whose text is JSON already."""

_OF_A_RUN = "candidate IN (SELECT id FROM candidate WHERE run = ?)"

TABLES = {
    "run": "id = ?",
    "candidate": "run = ?",
    "program": "key IN (SELECT program FROM candidate WHERE run = ?)",
    "parent": "child IN (SELECT id FROM candidate WHERE run = ?)",
    "climb": "run = ?",
    "evaluation": _OF_A_RUN,
    "verdict": _OF_A_RUN,
    "funnel": "program IN (SELECT program FROM candidate WHERE run = ?)",
    "llm_call": "run = ?",
    "event": "run = ?",
}
"""The tables that are written, and which of their rows belong to a run."""

OF_THIS_MACHINE = frozenset({"pulse", "schedule", "shift", "digest"})
"""Tables that speak of a machine's clock and its processes, which are no other's."""


def dump(store: Store, folder: Path, form: str, run: str | None = None) -> dict[str, int]:
    """Write every table, or a run's part of it, into `folder`; return the rows of each.

    The tables are written one after another, from one moment's state of the file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be a folder to write to: {error.strerror}") from None
    there = [name for name in TABLES if (folder / f"{name}.{form}").exists()]
    if there:
        raise InputError(f"{folder} holds {there[0]}.{form} already: choose an empty folder")
    write = _json_lines if form == "jsonl" else _csv
    values = () if run is None else (store.run(run).id,)
    counts = {}
    with store.snapshot():
        for table, condition in TABLES.items():
            where = "" if run is None else f"WHERE {condition}"
            names, rows = store.answer(f"SELECT * FROM {table} {where}", *values)
            counts[table] = write(folder / f"{table}.{form}", names, rows)
    return counts


def _json_lines(path: Path, names: list[str], rows: Iterable[tuple[Any, ...]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for count, row in enumerate(rows, 1):  # noqa: B007
            json.dump(dict(_read(names, row)), file, ensure_ascii=False)
            file.write("\n")
    return count


def _csv(path: Path, names: list[str], rows: Iterable[tuple[Any, ...]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for count, row in enumerate(rows, 1):  # noqa: B007
            writer.writerow(row)
    return count


def _read(names: Iterable[str], row: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the cells of a row, those that hold JSON as data."""
    for name, value in zip(names, row, strict=True):
        yield name, json.loads(value) if name in _IN_JSON and value else value
