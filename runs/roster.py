"""Scheduled runs and the times they were started, as the database knows them.

A shift is one start of a schedule. It is also the lock: a schedule has one shift at a time, and the
shift of a process that has died is closed by the next one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from programs.errors import InputError, RunLocked, closest
from runs.calendar import Rhythm, read_rhythm
from runs.owner import Owner
from runs.record import age, now
from runs.store import Store

DIED = "its process died"


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the clock starts: `command` are the words after `cambrian`, run in `folder`."""

    name: str
    command: tuple[str, ...]
    every: str
    at: str
    keeper: str
    folder: str
    paused: bool = False
    created: str = ""

    @property
    def rhythm(self) -> Rhythm:
        """Return when it is due."""
        return read_rhythm(self.every, self.at)


@dataclass(frozen=True, slots=True)
class Shift:
    """One start of a schedule; `code` is its exit code, `None` while it lasts or if it died."""

    id: int
    schedule: str
    run: str | None
    owner: Owner
    started: str
    ended: str | None
    code: int | None
    message: str
    heartbeat: str

    @property
    def at_work(self) -> bool:
        """Tell whether it lasts."""
        return self.ended is None and self.owner.at_work(age(self.heartbeat))


def add(store: Store, schedule: Schedule) -> None:
    """Keep a schedule under a name that is still free."""
    sql = """
        INSERT INTO schedule(name, command, every, at, keeper, folder, created)
        VALUES (?, ?, ?, ?, ?, ?, ?)
    """
    words = json.dumps(list(schedule.command))
    row = (schedule.name, words, schedule.every, schedule.at, schedule.keeper, schedule.folder)
    with store.transaction():
        if store.rows("SELECT 1 FROM schedule WHERE name = ?", schedule.name):
            raise InputError(
                f"There is a schedule `{schedule.name}` already: "
                f"`cambrian schedule remove {schedule.name}`, or use another name."
            )
        store.execute(sql, *row, now())


def remove(store: Store, name: str) -> None:
    """Forget a schedule and its shifts; the runs stay."""
    with store.transaction():
        store.execute("DELETE FROM schedule WHERE name = ?", name)


def pause(store: Store, name: str, paused: bool) -> None:
    """Note whether a schedule waits."""
    with store.transaction():
        store.execute("UPDATE schedule SET paused = ? WHERE name = ?", int(paused), name)


def schedules(store: Store) -> list[Schedule]:
    """Return every schedule by name."""
    return [_schedule(row) for row in store.rows("SELECT * FROM schedule ORDER BY name")]


def named(store: Store, name: str) -> Schedule:
    """Return a schedule; `InputError` names the nearest where there is none."""
    known = {schedule.name: schedule for schedule in schedules(store)}
    if name in known:
        return known[name]
    near = closest(name, known)
    hint = f"Did you mean `{near}`?" if near else f"There are: {', '.join(known) or 'none'}."
    raise InputError(f"There is no schedule `{name}`. {hint}")


def shifts(store: Store, name: str, limit: int = 100) -> list[Shift]:
    """Return a schedule's shifts, the latest first."""
    sql = """
        SELECT s.*, coalesce(r.heartbeat, s.started) AS heartbeat
        FROM shift s LEFT JOIN run r ON r.id = s.run
        WHERE s.schedule = ? ORDER BY s.id DESC LIMIT ?
    """
    return [_shift(row) for row in store.rows(sql, name, limit)]


def begin(store: Store, name: str) -> int:
    """Begin a shift of this process and return its number; `RunLocked` while another lasts."""
    close = "UPDATE shift SET ended = ?, message = ? WHERE schedule = ? AND ended IS NULL"
    with store.transaction():
        for other in shifts(store, name):
            if other.at_work:
                raise RunLocked(
                    f"Schedule `{name}` is at work since {other.started[:16]} (process "
                    f"{other.owner.pid} on {other.owner.host}): wait"
                    + (f", or end its run with `cambrian stop {other.run}`" if other.run else "")
                )
        store.execute(close, now(), DIED, name)
        sql = "INSERT INTO shift(schedule, owner, started) VALUES (?, ?, ?) RETURNING id"
        return store.rows(sql, name, Owner.here().to_json(), now())[0]["id"]


def note_run(store: Store, shift: int, run: str) -> None:
    """Note which run a shift works on."""
    with store.transaction():
        store.execute("UPDATE shift SET run = ? WHERE id = ?", run, shift)


def end(store: Store, shift: int, code: int, message: str = "") -> None:
    """End a shift with an exit code."""
    sql = "UPDATE shift SET ended = ?, code = ?, message = ? WHERE id = ?"
    with store.transaction():
        store.execute(sql, now(), code, message, shift)


def best_of(store: Store, name: str) -> float | None:
    """Return the best score of a schedule's runs."""
    sql = """
        SELECT max(score) AS best FROM candidate
        WHERE status = 'scored' AND run IN (SELECT run FROM shift WHERE schedule = ?)
    """
    return store.rows(sql, name)[0]["best"]


def _schedule(row: Mapping[str, Any]) -> Schedule:
    read = {**row, "command": tuple(json.loads(row["command"])), "paused": bool(row["paused"])}
    return Schedule(**read)


def _shift(row: Mapping[str, Any]) -> Shift:
    return Shift(**{**row, "owner": Owner(**json.loads(row["owner"]))})
