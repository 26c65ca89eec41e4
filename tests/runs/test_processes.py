"""Several processes at one file, and processes that die."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from programs.errors import RunLocked
from runs.record import Owner
from runs.store import Store
from tests.runs.samples import candidate, new_run

ROOT = Path(__file__).parents[2]

HEADER = """
import sys, time
from runs.store import Store
from tests.runs.samples import candidate, new_run
path = sys.argv[1]
def say(*words): print(*words, flush=True)
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start Python processes that are gone at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(script: str, *args: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HEADER + textwrap.dedent(script), *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> str:
    """Return the next line a process says."""
    assert process.stdout
    return process.stdout.readline().strip()


def is_sound(store: Store) -> bool:
    return (
        store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        and store.rows("PRAGMA foreign_key_check") == []
    )


def test_processes_that_make_the_file_at_once_lose_nothing(path: Path, start: Start) -> None:
    script = """
        say("ready")
        sys.stdin.readline()
        with Store.open(path) as store:
            run = new_run(store, seed=int(sys.argv[2])).id
            for index in range(150):
                source = f"def update(w, g):\\n    return {index % 100} * g\\n"
                store.record(run, candidate(run, index, index / 150, source=source))
    """
    writers = [start(script, path, number) for number in range(3)]
    for writer in writers:
        assert told(writer) == "ready"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    with Store.open(path) as store:
        assert sorted(run.seed for run in store.runs()) == [0, 1, 2]
        for run in store.runs():
            assert [each.index for each in store.history(run.id)] == list(range(150))
            assert all(len(each.evaluation.by_seed) == 2 for each in store.history(run.id))
        assert store.rows("SELECT count(*) AS n FROM program") == [{"n": 100}]
        assert is_sound(store)


def test_a_killed_writer_loses_nothing_it_reported(path: Path, start: Start) -> None:
    script = """
        with Store.open(path) as store:
            run = new_run(store).id
            say(run)
            for index in range(1_000_000):
                parents = (last,) if index else ()
                one = candidate(run, index, 0.5, source=f"# {index}", parents=parents)
                store.record(run, one)
                last = one.id
                say(index)
    """
    chance = random.Random(7)
    expected: dict[str, int] = {}
    for _ in range(10):
        writer = start(script, path)
        run = told(writer)
        time.sleep(chance.uniform(0, 0.25))
        writer.send_signal(signal.SIGKILL)
        assert writer.stdout
        expected[run] = len(writer.stdout.read().splitlines())
        with Store.open(path) as store:
            there = len(store.history(run))
            assert expected[run] <= there <= expected[run] + 1
            assert is_sound(store)
    with Store.open(path) as store:
        for run, reported in expected.items():
            history = store.history(run)
            assert [each.index for each in history] == list(range(len(history)))
            assert len(history) >= reported
            assert all(each.origin.parents for each in history[1:])
            assert store.claim(run).state == "running"


def test_a_run_that_another_process_holds_is_locked(path: Path, start: Start) -> None:
    holder = start(
        """
        with Store.open(path) as store:
            say(new_run(store).id)
            sys.stdin.readline()
        """,
        path,
    )
    run = told(holder)
    with Store.open(path) as store:
        assert store.run(run).held
        with pytest.raises(RunLocked, match=str(holder.pid)) as caught:
            store.claim(run)
        assert caught.value.exit_code == 75
        assert store.run(run).owner == replace(
            Owner.here(), pid=holder.pid, started=start_of(holder)
        )
        holder.kill()
        holder.wait()
        assert not store.run(run).held
        claimed = store.claim(run)
        assert claimed.owner == Owner.here()
        assert store.record(run, candidate(run, 0, 0.5))


def start_of(process: subprocess.Popen[str]) -> str:
    stat = Path(f"/proc/{process.pid}/stat")
    return stat.read_text().rpartition(")")[2].split()[19] if stat.exists() else ""


def test_a_killed_holder_nobody_waited_for_counts_as_dead(path: Path, start: Start) -> None:
    holder = start("say(new_run(Store.open(path)).id); sys.stdin.readline()", path)
    run = told(holder)
    holder.kill()
    with Store.open(path) as store:
        for _ in range(100):
            if not store.run(run).held:
                break
            time.sleep(0.02)
        assert store.claim(run).owner == Owner.here()


def test_a_number_that_was_used_again_is_another_process(store: Store) -> None:
    run = new_run(store).id
    parent = Owner(Owner.here().host, os.getppid(), "1")
    store.execute("UPDATE run SET owner = ? WHERE id = ?", parent.to_json(), run)
    if Path("/proc/self/stat").exists():
        assert not parent.alive()
        assert store.claim(run).owner == Owner.here()


def test_a_process_on_another_machine_is_judged_by_its_heartbeat(store: Store) -> None:
    run = new_run(store).id
    afar = Owner("elsewhere", 1, "1").to_json()
    store.execute("UPDATE run SET owner = ? WHERE id = ?", afar, run)
    with pytest.raises(RunLocked, match="elsewhere"):
        store.claim(run)
    store.execute("UPDATE run SET heartbeat = '2020-01-01T00:00:00+00:00' WHERE id = ?", run)
    assert store.claim(run).owner == Owner.here()


def test_a_finished_run_can_be_claimed(store: Store) -> None:
    run = new_run(store).id
    store.finish(run, "failed", "the disk was full")
    again = store.claim(run)
    assert (again.state, again.message, again.ended) == ("running", "", None)
