"""What a scheduled start does: pick up what died, then a fresh run on from the best, then a digest.

systemd and cron own the clock, yet they start us at other moments too, after the machine was off
for one. So we ask ourselves whether a run is due, from when the last one was started.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from programs.errors import CambrianError
from runs import roster
from runs.record import RunRecord, State
from runs.roster import Schedule
from runs.store import Store

Start = Callable[[Sequence[str], Callable[[str], None]], int]
"""Carries out the words of a command and tells the run's id; returns the exit code."""


def work(
    database: Path, name: str, start: Start, say: Callable[[str], None], due_only: bool = False
) -> int:
    """Work a shift of the schedule and return its exit code; `RunLocked` while another lasts."""
    with Store.open(database, create=False) as store:
        schedule = roster.named(store, name)
        due = not due_only or is_due(store, schedule)
        left = unfinished(store, name)
        if due_only and (schedule.paused or not (due or left)):
            why = "is paused" if schedule.paused else "has nothing to do yet"
            say(f"Schedule `{name}` {why}.")
            return 0
        shift = roster.begin(store, name)
    tasks = [["run", "--resume", left.id]] if left is not None else []
    tasks += [fresh(schedule)] if due else []
    return _worked(database, shift, tasks, start, say)


def fresh(schedule: Schedule) -> list[str]:
    """Return the schedule's command, going on from the best known."""
    words = list(schedule.command)
    return words if "--continue" in words else [*words, "--continue"]


def is_due(store: Store, schedule: Schedule) -> bool:
    """Tell whether a run should have begun since the last one did, or since there is a schedule."""
    latest = roster.shifts(store, schedule.name, 1)
    since = datetime.fromisoformat(latest[0].started if latest else schedule.created)
    here = since.astimezone().replace(tzinfo=None)
    return schedule.rhythm.last(datetime.now()) > here


def unfinished(store: Store, name: str) -> RunRecord | None:
    """Return the last run if its machine went down under it, with a word or without."""
    latest = roster.shifts(store, name, 1)
    if not latest or latest[0].run is None or latest[0].at_work:
        return None
    run = store.run(latest[0].run)
    shut_down = run.state == State.STOPPED and run.message == "terminated"
    return run if run.condition == "dead" or shut_down else None


def _worked(
    database: Path,
    shift: int,
    tasks: Sequence[Sequence[str]],
    start: Start,
    say: Callable[[str], None],
) -> int:
    def note(run: str) -> None:
        with Store.open(database) as store:
            roster.note_run(store, shift, run)

    code, message = 1, "it ended by an error of ours"
    try:
        for words in tasks:
            say(f"cambrian {' '.join(words)}")
            code = start(words, note)
            if code != 0:
                break
        message = ""
    except CambrianError as error:
        code, message = error.exit_code, str(error)
        raise
    except KeyboardInterrupt:
        code, message = 130, "interrupted"
        raise
    finally:
        with Store.open(database) as store:
            roster.end(store, shift, code, message)
    return code
