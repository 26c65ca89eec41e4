"""The leaderboard in any order and under any condition, and its Pareto front."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluators.pareto import Direction, front
from programs.errors import InputError
from runs.apart import listed
from runs.queries import SHOWN, Queries, distinct
from runs.record import Row
from runs.where import Key, Sql, condition, keys

BEST_FIRST = "rung,score"
"""How the leaderboard is sorted where nobody says how: scores of different rungs do not compare."""

TRADE_OFF = "score,-size,rung"
"""What is weighed where nobody says what: good against simple, and how surely it is good."""

_BOARD = "(SELECT *, score - baseline AS gain FROM scored)"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the leaderboard; nothing in it can be wrong any more."""

    runs: Sequence[str]
    where: Sql = field(default_factory=lambda: Sql("1"))
    by: Sequence[Key] = ()
    limit: int = 10


def asked(
    store: Queries,
    *,
    run: str | None = None,
    task: str | None = None,
    kind: str | None = None,
    apart: str = "",
    where: str | None = None,
    sort: str = BEST_FIRST,
    limit: int = 10,
) -> Asked:
    """Read what people ask for; `InputError` says what is not there.

    What is ranked `apart` (a tier) is left out, or all there is.
    """
    all_runs = store.rows("SELECT id, task, kind FROM run")
    chosen = [
        each["id"]
        for each in all_runs
        if run in (None, each["id"])
        and task in (None, each["task"])
        and kind in (None, each["kind"])
    ]
    held = Sql(listed(apart))
    wanted = condition(where) if where else Sql("1")
    both = Sql(f"({held.text} AND {wanted.text})", wanted.values)
    return Asked(chosen, both, keys(sort), limit)


def leaders(store: Queries, ask: Asked) -> list[Row]:
    """Return the first in the order that was asked for, one row for each behaviour."""
    rows = [row for run in ask.runs for row in _of_run(store, run, ask)]
    for key in reversed(ask.by):
        rows.sort(key=lambda row: _place(row.keys[key.name], key.ascending))
    return distinct(rows, ask.limit)


def trade_offs(store: Queries, ask: Asked) -> list[Row]:
    """Return the Pareto front of what was asked for, one row for each point on it."""
    directions: dict[str, Direction] = {k.name: "down" if k.ascending else "up" for k in ask.by}
    if len(directions) < 2 or any(key.column.sort != "number" for key in ask.by):
        raise InputError("A front weighs two numbers or more: say which with --sort score,-size.")
    points = [point for run in ask.runs for point in _points(store, run, ask)]
    rows = (_row(store, points[place]["place"], ask) for place in front(points, directions))
    return list(rows)[: ask.limit]


def _of_run(store: Queries, run: str, ask: Asked) -> list[Row]:
    """Read a run's first rows, further down when many of them behave the same."""
    order = ", ".join(key.order for key in ask.by)
    sql = f"{_select(ask)} WHERE run = ? AND {ask.where.text} ORDER BY {order} LIMIT ?"
    depth = ask.limit
    while True:
        rows = list(_rows(store.rows(sql, run, *ask.where.values, depth), ask))
        best = distinct(rows, ask.limit)
        if len(best) == ask.limit or len(rows) < depth:
            return best
        depth *= 4


def _points(store: Queries, run: str, ask: Asked) -> list[dict[str, Any]]:
    """Return what may be on the front: of candidates alike in all else, the best in the first."""
    first, *others = ask.by
    best = f"{'min' if first.ascending else 'max'}({first.column.text})"
    rest = "".join(f", {key.column.text} AS '{key.name}'" for key in others)
    groups = ", ".join(str(place) for place in range(3, 3 + len(others)))
    # SQLite takes the place from the row that holds the minimum or maximum. It is in every index,
    # which an id is not.
    sql = f"""
        SELECT place, {best} AS '{first.name}'{rest} FROM {_BOARD}
        WHERE run = ? AND {ask.where.text} GROUP BY {groups}
    """
    return store.rows(sql, run, *ask.where.values)


def _row(store: Queries, place: int, ask: Asked) -> Row:
    return next(iter(_rows(store.rows(f"{_select(ask)} WHERE place = ?", place), ask)))


def _select(ask: Asked) -> str:
    keys = "".join(f", {key.column.text} AS 'key {key.name}'" for key in ask.by)
    return f"SELECT {SHOWN}{keys} FROM {_BOARD}"


def _rows(found: Iterable[dict[str, Any]], ask: Asked) -> Iterable[Row]:
    for each in found:
        values = {key.name: each.pop(f"key {key.name}") for key in ask.by}
        yield Row(**each, keys=values)


def _place(value: Any, ascending: bool) -> tuple[Any, ...]:
    """Return what to sort by: what lacks a value comes last."""
    if value is None:
        return (1,)
    if isinstance(value, str):
        # Texts have no negative: their characters do.
        return (0, value if ascending else [-ord(letter) for letter in value] + [math.inf])
    return (0, value if ascending else -value)
