"""The signs of life a run leaves in the database, and the requests it finds there.

A run beats every few seconds, and about once a second it writes down what it is doing if that has
changed: whoever watches needs nothing but the file. Another process asks a run to end by an event,
which counts for the sitting it was meant for and no later one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from runs.record import now, to_json
from runs.store import Store

HEARTBEAT = 5.0
PULSE = 1.0
STOP = "stop asked"


class Signs:
    """The signs of one sitting of a run; call it at every turn of the loop."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store, self._run = store, run_id
        self._beaten = self._felt = time.monotonic()
        self._said: Mapping[str, Any] | None = None
        self._heard = _last_event(store, run_id)

    def __call__(self, doing: Mapping[str, Any]) -> str:
        """Show that the run is alive and what it is doing; return why it should end, if asked."""
        clock = time.monotonic()
        if clock - self._beaten > HEARTBEAT:
            self._beaten = clock
            self._store.beat(self._run)
        if clock - self._felt < PULSE:
            return ""
        self._felt = clock
        if doing != self._said:
            self._said = dict(doing)
            write_pulse(self._store, self._run, doing)
        return self._asked()

    def _asked(self) -> str:
        sql = "SELECT id FROM event WHERE run = ? AND name = ? AND id > ? ORDER BY id LIMIT 1"
        for row in self._store.rows(sql, self._run, STOP, self._heard):
            self._heard = row["id"]
            return "stopped from another terminal"
        return ""


def ask_to_stop(store: Store, run_id: str) -> None:
    """Ask a run of another process to end; ask again to have it drop what is in flight."""
    store.event(run_id, STOP)


def write_pulse(store: Store, run_id: str, doing: Mapping[str, Any]) -> None:
    """Write down what a run is doing right now."""
    sql = (
        "INSERT INTO pulse(run, time, detail) VALUES (?, ?, ?) "
        "ON CONFLICT(run) DO UPDATE SET time = excluded.time, detail = excluded.detail"
    )
    with store.transaction():
        store.execute(sql, run_id, now(), to_json(doing))


def read_pulse(store: Store, run_id: str) -> dict[str, Any]:
    """Return what a run last said it was doing; nothing, if it never did."""
    found = store.rows("SELECT detail FROM pulse WHERE run = ?", run_id)
    return json.loads(found[0]["detail"]) if found else {}


def _last_event(store: Store, run_id: str) -> int:
    sql = "SELECT coalesce(max(id), 0) AS last FROM event WHERE run = ?"
    return store.rows(sql, run_id)[0]["last"]
