"""The answers as tables: one per question, one row per rival and variant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from bench.peers.questions import CONTROL, Record
from sandbox.text import one_line

CELL = 60
Row = Callable[[Record], Sequence[str]]


def tables(records: Sequence[Record]) -> list[Table]:
    """Lay out what there is, in the order in which it was asked."""
    parts = dict.fromkeys((r["question"], r["variant"]) for r in records)
    asked = sorted(parts, key=lambda part: list(_LAYOUT).index(part[0]))
    return [_table(*part, records) for part in asked if part[1] != CONTROL]


def _table(question: str, variant: str, records: Sequence[Record]) -> Table:
    title, headings, row = _LAYOUT[question]
    table = Table(title=f"{title}{variant}", title_justify="left", box=None, padding=(0, 1))
    for number, heading in enumerate(("rival", *headings, "load")):
        table.add_column(heading, justify="right" if number else "left", no_wrap=number == 0)
    for record in records:
        if (record["question"], record["variant"]) == (question, variant):
            table.add_row(*(Text(one_line(cell, CELL)) for cell in _cells(record, row)))
    return table


def _cells(record: Record, row: Row) -> Sequence[str]:
    name = str(record["peer"])
    if "failed" in record:
        return (name, f"failed: {record['failed']}")
    return (name, *row(record), _number(record.get("load"), 1))


def _speed(r: Record) -> Sequence[str]:
    return (
        _number(r["per_minute"], 0),
        _number(r["processor_ms"], 0),
        _number(r["first_s"], 1),
        _number(r["memory_mib"], 0),
        str(r["evaluations"]),
    )


def _hostile(r: Record) -> Sequence[str]:
    ended = "hangs" if r["ended"] is None else f"rc {r['ended']}"
    best = "none" if r["best"] is None else f"{r['best']:.4g}"
    return (
        f"{r['right']} of {r['of']}",
        ended,
        _names(r["survivors"]),
        f"{best}, forged" if r["forged"] else best,
        ", ".join(r["leaked"]) or "nothing",
        _number(r["memory_mib"], 0),
    )


def _same(r: Record) -> Sequence[str]:
    return (f"{r['evaluated']} of {r['of']}",)


def _kill(r: Record) -> Sequence[str]:
    if r["finished"] is None:
        return ("not reached", "", "", "")
    return (f"{r['finished']}", f"{r['lost']}", f"{r['after']}", _names(r["survivors"]))


def _seed(r: Record) -> Sequence[str]:
    return (f"{r['equal']} of {r['of']}",)


_LAYOUT: dict[str, tuple[str, tuple[str, ...], Row]] = {
    "speed": (
        "Speed; the evaluator, and how many at once: ",
        ("a minute", "cpu ms each", "first, s", "MiB", "counted"),
        _speed,
    ),
    "hostile": (
        "A hostile third proposal: ",
        ("right", "ended", "survivors", "best", "got out", "MiB"),
        _hostile,
    ),
    "same": ("One program, proposed again and again", ("evaluated",), _same),
    "kill": ("kill -9", ("finished", "lost", "lines after", "survivors"), _kill),
    "seed": ("The same seed twice", ("equal prompts",), _seed),
}


def _names(survivors: Sequence[str]) -> str:
    return f"{len(survivors)}: {', '.join(sorted(set(survivors)))}" if survivors else "none"


def _number(value: Any, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
