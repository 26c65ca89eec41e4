"""What goes wrong at night, injected: each ends or degrades with a sentence, and keeps its work."""

from __future__ import annotations

import errno
import io
import os
import pty
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evaluators.candidate import Candidate
from programs.errors import CambrianError, SandboxUnavailable, StoreError
from runs import patience, record
from runs.live import JsonLines, Lines
from runs.patience import Patience
from runs.progress import Progress, Silent
from runs.signs import ask_to_stop, read_pulse
from runs.start import Prepared, perform, prepare
from runs.stop import Stop
from runs.store import Store
from sandbox.base import Ending, Job, Outcome, Payload
from sandbox.memory import MemorySandbox
from tests.runs.quick import ENV, QUICK
from tests.runs.test_cli import SLOW, TOY
from tests.runs.test_loop import config, lineage, run


class At(Silent):
    """Do something once, when so many candidates are there."""

    def __init__(self, after: int, does: Any) -> None:
        self.after, self.does = after, does
        self.progress: Progress | None = None

    def show(self, candidate: Candidate, progress: Progress) -> None:
        self.progress = progress
        if progress.tried == self.after:
            self.does()


def prepared(store: Store, **given: Any) -> Prepared:
    return prepare(store, config(**given), MemorySandbox())


def resumed(store: Store, run_id: str, **given: Any) -> list[tuple[Any, ...]]:
    again = prepare(store, config(**given), MemorySandbox(), resume=run_id)
    assert perform(again, Silent())[0] == "done"
    return lineage(store, run_id)


def test_a_full_disk_ends_the_run_and_room_lets_it_go_on(store: Store, path: Path) -> None:
    ready = prepared(store, seed=3)

    def fill() -> None:
        pages = store.rows("PRAGMA page_count")[0]["page_count"]
        store.rows(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreError, match="disk is full: make room and resume the run"):
        perform(ready, At(10, fill))
    kept = len(store.history(ready.run.id))
    assert kept >= 10
    with Store.open(path) as roomy:
        whole = resumed(roomy, ready.run.id, seed=3)
        assert whole == lineage(roomy, run(roomy, seed=3)[0])


def test_a_file_that_may_not_grow_ends_the_command_with_one_line(tmp_path: Path) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    done = subprocess.run(
        [*QUICK, "run", TOY, "--evals", "5000", "--display", "none"],
        cwd=tmp_path,
        env=ENV,
        preexec_fn=small,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert re.search(r"^Error: .* All that finished is saved: cambrian run --resume ", last)
    with Store.open(tmp_path / "cambrian.db") as store:
        (left,) = store.runs()
        assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        assert left.evaluations > 0
        assert left.condition in ("dead", "failed")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, path: Path) -> Iterator[Store]:
    monkeypatch.setattr(patience, "LONGEST", 0.5)
    with Store.open(path, patience=0.05) as store:
        yield store


def test_a_locked_database_is_waited_for(impatient: Store, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    ready = prepared(impatient, seed=3)
    display = At(10, lambda: other.execute("BEGIN IMMEDIATE"))

    def tick(progress: Progress) -> None:
        # The run shows what it waits for, and only then does the other let go.
        if other.in_transaction and any("locked" in news for news in progress.news):
            other.execute("ROLLBACK")

    display.tick = tick
    assert perform(ready, display)[0] == "done"
    other.close()
    assert display.progress is not None
    assert [news for news in display.progress.news if "locked by another process" in news]
    assert lineage(impatient, ready.run.id) == lineage(impatient, run(impatient, seed=3)[0])


def test_a_database_that_stays_locked_ends_the_run(impatient: Store, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    ready = prepared(impatient, seed=3)
    with pytest.raises(StoreError, match="locked by another process"):
        perform(ready, At(10, lambda: other.execute("BEGIN IMMEDIATE")))
    other.execute("ROLLBACK")
    other.close()
    assert len(impatient.history(ready.run.id)) >= 10
    assert resumed(impatient, ready.run.id, seed=3)


def test_whoever_drops_everything_waits_for_no_lock() -> None:
    said: list[str] = []
    stop = Stop(lambda: None)
    waits = Patience(said.append, stop)
    assert [waits(), waits()] == [True, True]
    stop()
    stop()
    assert not waits()
    assert len(said) == 1


def gone(job: Job) -> Outcome:
    """Answer as a machine whose GPU has fallen off the bus."""
    if job.harness.endswith("probe:device"):
        return Outcome(Ending.FINISHED, Payload({"there": False, "found": "no GPU"}))
    return Outcome(Ending.FAILED, message="RuntimeError: CUDA error: unknown error")


def test_a_gpu_that_goes_away_ends_the_run_and_blames_no_program(store: Store) -> None:
    lock, jobs = threading.Lock(), 0

    def answers(job: Job) -> Outcome:
        nonlocal jobs
        with lock:
            jobs += 1
            here = jobs <= 12
        return MemorySandbox().run(job) if here else gone(job)

    ready = prepare(store, config(device="cuda:0", seed=3), MemorySandbox(answers))
    with pytest.raises(SandboxUnavailable, match="`cuda:0` went away during the run"):
        perform(ready, Silent())
    record = store.run(ready.run.id)
    assert (record.state, record.evaluations >= 10) == ("failed", True)
    assert not [c for c in store.history(ready.run.id) if "CUDA" in c.evaluation.message]


def test_a_program_that_fails_on_a_gpu_that_is_there_is_an_answer(store: Store) -> None:
    def answers(job: Job) -> Outcome:
        if job.harness.endswith("probe:device"):
            return Outcome(Ending.FINISHED, Payload({"there": True, "found": "a GPU"}))
        return gone(job)

    ready = prepare(store, config(device="cuda:0", evals=5), MemorySandbox(answers))
    assert perform(ready, Silent())[0] == "done"
    assert store.run(ready.run.id).evaluations == 5


@pytest.mark.parametrize("jump", [timedelta(days=-3), timedelta(days=400)])
def test_a_clock_that_jumps_changes_neither_budget_nor_lineage(
    store: Store, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    whole = lineage(store, run(store, seed=3, hours=1)[0])

    class Jumped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + jump

    ready = prepared(store, seed=3, hours=1)
    display = At(10, lambda: monkeypatch.setattr(record, "datetime", Jumped))
    assert perform(ready, display)[0] == "done"
    assert lineage(store, ready.run.id) == whole
    found = store.run(ready.run.id)
    assert 0 <= found.seconds < 3600
    assert abs(datetime.fromisoformat(found.ended or "") - datetime.now(UTC)) > timedelta(days=2)


def test_a_request_in_the_database_ends_a_run_gently(store: Store, path: Path) -> None:
    ready = prepared(store, seed=3, evals=5000)

    def ask() -> None:
        with Store.open(path) as other:
            ask_to_stop(other, ready.run.id)

    assert perform(ready, At(10, ask))[0] == "stopped"
    found = store.run(ready.run.id)
    assert (found.state, found.message) == ("stopped", "stopped from another terminal")
    assert read_pulse(store, ready.run.id)["stopping"] in ("", found.message)
    # What was asked of one sitting is not held against the next.
    assert resumed(store, ready.run.id, seed=3, evals=found.evaluations + 20)


@pytest.mark.parametrize("display", [Lines(), JsonLines()])
def test_a_log_that_cannot_be_written_stops_nothing(
    store: Store, display: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    assert perform(prepared(store), display)[0] == "done"


def test_a_broken_sandbox_is_one_sentence(store: Store) -> None:
    def answers(job: Job) -> Outcome:
        raise CambrianError("the sandbox is gone")

    with pytest.raises(CambrianError, match="the sandbox is gone"):
        perform(prepare(store, config(), MemorySandbox(answers)), Silent())
    (left,) = store.runs()
    assert (left.state, left.message) == ("failed", "the sandbox is gone")


def cambrian(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*QUICK, *words],
        cwd=folder,
        env=ENV,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def begun(folder: Path) -> None:
    """Wait until a run has found something."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if (folder / "cambrian.db").exists():
            with Store.open(folder / "cambrian.db") as store:
                if store.runs() and store.runs()[0].evaluations > 3:
                    return
        time.sleep(0.1)
    raise AssertionError("the run never began")


def test_sigterm_saves_everything_and_says_how_to_go_on(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*QUICK, "run", SLOW, "--evals", "5000", "--display", "plain"],
        cwd=tmp_path,
        env=ENV,
        stderr=subprocess.PIPE,
        text=True,
    )
    begun(tmp_path)
    process.terminate()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "terminated: finishing what is in flight" in said
    assert "cambrian run --resume" in said
    with Store.open(tmp_path / "cambrian.db") as store:
        assert store.runs()[0].state == "stopped"


def test_a_closed_terminal_ends_the_run_and_keeps_it(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*QUICK, "run", SLOW, "--evals", "5000"],
        cwd=tmp_path,
        env=ENV,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    drain = threading.Thread(target=_drained, args=(ours,), daemon=True)
    drain.start()
    begun(tmp_path)
    process.send_signal(signal.SIGHUP)
    assert process.wait(120) == 130
    drain.join(10)
    os.close(ours)
    with Store.open(tmp_path / "cambrian.db") as store:
        (left,) = store.runs()
        assert (left.state, left.message) == ("stopped", "terminal closed")


def _drained(terminal: int) -> None:
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        return


def test_a_detached_run_is_watched_and_stopped_from_outside(tmp_path: Path) -> None:
    started = cambrian(tmp_path, "run", SLOW, "--evals", "5000", "--detach")
    assert started.returncode == 0, started.stderr
    run_id = started.stdout.strip()
    watching = subprocess.Popen(
        [*QUICK, "watch", run_id, "--display", "json"],
        cwd=tmp_path,
        env=ENV,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stderr is not None
    assert '"event": "start"' in watching.stderr.readline()
    begun(tmp_path)
    watching.send_signal(signal.SIGINT)
    _, said = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert f"Left run {run_id} at work" in said
    stopped = cambrian(tmp_path, "stop", run_id)
    assert (stopped.returncode, "is stopped" in stopped.stdout) == (0, True)
    log = tmp_path / f"cambrian-{run_id}.log"
    assert "stopped from another terminal" in log.read_text()
    again = cambrian(tmp_path, "stop", run_id)
    assert again.stdout == stopped.stdout


def test_a_detached_run_that_cannot_start_says_why(tmp_path: Path) -> None:
    done = cambrian(tmp_path, "run", "digitz", "--detach")
    assert done.returncode == 2
    assert "Did you mean `digits`" in done.stderr
    assert not list(tmp_path.glob("*.log"))
