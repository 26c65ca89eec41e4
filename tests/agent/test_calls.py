"""A call is on record before it is made: a process that is killed meanwhile forgets no cost."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent.question import IN_FLIGHT, Answer, Call, Question, Sample
from runs.calls import CallBook
from runs.config import RunConfig, read_config
from runs.progress import Silent
from runs.start import perform, prepare
from runs.store import Store
from sandbox.memory import MemorySandbox
from tests.agent.replies import GOOD
from tests.agent.server import Reply, by_hash, serving

MODEL = "openai/gpt-4o-mini"
ROOT = Path(__file__).parents[2]


def settings(base: str) -> RunConfig:
    return read_config(
        task=str(Path(__file__).with_name("luck.py")),
        evals=6,
        workers=2,
        recall=False,
        models={MODEL: 1.0},
        proposers={"rewrite": 1.0, "evolution": 1.0},
        api_base=base,
        fill=0.0,  # What fills in would be through before the first call.
    )


def test_a_finished_call_takes_the_place_of_its_announcement(tmp_path: Path) -> None:
    with Store.open(tmp_path / "c.db") as store:
        run = store.create_run("t", "optimizer", 0, {}, "memory", "cpu", "p", {})
        book = CallBook(store.path, run.id)
        asked = Question((("user", "go"),), "1 rewrite")
        book(Call(MODEL, asked, Answer(error=f"{IN_FLIGHT}: x", usd=0.5), ticket=1))
        assert store.run(run.id).usd == 0.5
        book(Call(MODEL, asked, Answer(error=f"{IN_FLIGHT}: again", usd=0.7), ticket=1))
        book(Call(MODEL, asked, Answer(error=f"{IN_FLIGHT}: y", usd=0.25), ticket=2))
        book(Call(MODEL, asked, Answer((Sample("ok"),), usd=0.125), ticket=1))
        rows = store.llm_calls(run.id)
        assert sorted((r["reply"], r["usd"]) for r in rows) == [("", 0.25), ("ok", 0.125)]
        assert store.run(run.id).usd == pytest.approx(0.375)


def test_killed_with_calls_in_flight_the_reservation_is_spent(tmp_path: Path) -> None:
    asked, release = threading.Event(), threading.Event()

    def script(body: dict[str, object], seen: int) -> Reply | str:
        if release.is_set():
            return by_hash(*GOOD)(body, seen)
        asked.set()
        return Reply(("late",), after=30.0)

    path = tmp_path / "cambrian.db"
    with serving(script) as server:
        command = [sys.executable, "-m", "tests.agent.killed", str(path), server.base]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            try:
                assert asked.wait(60.0)
            finally:
                process.send_signal(signal.SIGKILL)
        release.set()
        with Store.open(path) as store:
            (run,) = store.runs()
            lost = store.llm_calls(run.id)
            assert lost
            assert all(row["error"].startswith(IN_FLIGHT) for row in lost)
            assert run.usd == pytest.approx(sum(row["usd"] for row in lost))
            assert run.usd > 0
            prepared = prepare(store, settings(server.base), MemorySandbox(), resume=run.id)
            state, progress = perform(prepared, Silent())
            assert state == "done"
            rows = store.llm_calls(run.id)
            kept = [row for row in rows if row["error"].startswith(IN_FLIGHT)]
            assert [row["id"] for row in kept] == [row["id"] for row in lost]
            total = sum(row["usd"] for row in rows)
            assert store.run(run.id).usd == pytest.approx(total) == progress.usd
            assert total > run.usd, "the question is asked again, and paid for again"
