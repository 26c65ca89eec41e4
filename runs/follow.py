"""Follow a run of another process from the database alone, on the display it would have itself."""

from __future__ import annotations

import time
from dataclasses import replace

from programs.errors import InputError
from runs.candidates import LAST
from runs.past import recount
from runs.progress import Display, Flight, Progress
from runs.record import RunRecord, State, age
from runs.signs import read_pulse
from runs.start import config_of, score_name
from runs.store import Store

LOOK_EVERY = 0.25


class Follower:
    """A run's progress, brought up to date by `look`."""

    def __init__(self, store: Store, run: RunRecord) -> None:
        self.store = store
        self.run = run
        config = config_of(run)
        self.progress = Progress(run.id, config, score_name(run), next(iter(config.warm_start), ""))
        self._row = self._climb = 0
        self._climbs: dict[str, int] = {}
        self._version = -1
        self._news = 0
        self._look_at_all()

    def look(self, display: Display) -> bool:
        """Take in what is new; tell whether the run is still at work."""
        # Another process's commit changes the number: without one only the clock has moved on.
        version = self.store.rows("PRAGMA data_version")[0]["data_version"]
        if version != self._version:
            self._version = version
            self._look_at_all(display)
        elif not self.run.alive:
            self._look_at_run()
        return not self.progress.ended

    def _look_at_all(self, display: Display | None = None) -> None:
        # One moment's state: no climb of a candidate that is not there yet.
        with self.store.snapshot():
            self._take_in(display)
            self._look_at_run()
            self._look_at_pulse()

    def _take_in(self, display: Display | None) -> None:
        """Count the candidates that are new, and show them where there is a display."""
        newest = self.store.rows("SELECT coalesce(max(rowid), 0) AS last FROM candidate")[0]["last"]
        if display is None and self.progress.config.rungs == 1:
            recount(self.store, self.run.id, LAST, self.progress)
            self._row = newest
            return
        # A little of the table is read from where it was left, all of a run through its index.
        run = "c.run" if self._row == 0 else "+c.run"
        which = f"{run} = ? AND c.rowid > ? AND c.rowid <= ?"
        place = (self.run.id, self._row, newest)
        sql = f"SELECT c.id, c.size FROM candidate c WHERE {which}"
        sizes = {row["id"]: row["size"] for row in self.store.rows(sql, *place)}
        if sizes:
            ids = f"SELECT c.id FROM candidate c WHERE {which}"
            for candidate in self.store.named_by(ids, *place):
                # Its climbs are counted by themselves, as they came.
                candidate = replace(candidate, climbs=())
                self.progress.add(candidate, sizes[candidate.id])
                if display is not None:
                    display.show(candidate, self.progress)
        self._row = newest
        self._take_in_climbs(display)

    def _take_in_climbs(self, display: Display | None) -> None:
        """Take in what was judged anew on a dearer rung."""
        sql = """
            SELECT k.rowid AS place, k.candidate FROM climb k
            WHERE k.run = ? AND k.rowid > ? ORDER BY k.rowid
        """
        for row in self.store.rows(sql, self.run.id, self._climb):
            self._climb = row["place"]
            whole = self.store.candidate(row["candidate"])
            known = self._climbs.get(whole.id, 0) + 1
            self._climbs[whole.id] = known
            climber = replace(whole, climbs=whole.climbs[:known])
            self.progress.climb(climber)
            if display is not None:
                display.show(climber, self.progress)

    def _look_at_run(self) -> None:
        self.run = run = self.store.run(self.run.id)
        progress = self.progress
        progress.before, progress.started = run.seconds, time.monotonic()
        progress.usd = run.usd
        if run.condition == State.RUNNING:
            progress.before += max(age(run.heartbeat), 0.0)
            return
        progress.ended, progress.flights = run.condition, ()
        said = f"{run.condition}: {run.message}" if run.message else ""
        if run.condition == "dead":
            hint = f"cambrian run --resume {run.id}"
            said = f"its process has died; {hint} goes on from what it saved"
        if said and said not in progress.news:
            progress.news.append(said)

    def _look_at_pulse(self) -> None:
        pulse = read_pulse(self.store, self.run.id)
        if not pulse or self.progress.ended:
            return
        self.progress.flights = tuple(Flight(**each) for each in pulse["flights"])
        self.progress.stopping = pulse["stopping"]
        self.progress.usd_last = pulse["usd_last"]
        self.progress.chances = pulse.get("chances", {})
        told, news = pulse["told"], pulse["news"]
        self.progress.news += news[len(news) - min(told - self._news, len(news)) :]
        self._news = told


def follow(store: Store, prefix: str, display: Display) -> Progress:
    """Show a run until it ends; a KeyboardInterrupt leaves it as it is."""
    run = store.run(prefix)
    if not run.config:
        raise InputError(f"Run {run.id} says nothing of its settings: it cannot be watched")
    follower = Follower(store, run)
    progress = follower.progress
    display.start(progress)
    try:
        while follower.look(display):
            display.tick(progress)
            time.sleep(LOOK_EVERY)
    finally:
        display.stop(progress)
    return progress
