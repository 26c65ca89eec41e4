"""The supervisor's side: starting, replacing, closing, and leaving nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from programs.errors import SandboxUnavailable
from sandbox import MIB, Ending, Limits, Outcome, ProcessSandbox, kernel
from sandbox.forkserver import ForkServer, ServerGoneError
from sandbox.process import OFFERS
from tests.sandbox.running import QUICK, gone, job, runs, until

PRELOAD = ["tests.sandbox.harnesses"]


def zygotes(parent: int | None = None) -> list[int]:
    """List the fork servers below a process; children of theirs share the command line."""
    found = []
    for pid in kernel.living_below(parent or os.getpid()):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"sandbox.zygote" in command:
            found.append(pid)
    return found


def start(sandbox: ProcessSandbox, *names: str) -> tuple[list[threading.Thread], list[Outcome]]:
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda name=name: outcomes.append(sandbox.run(job(name))))
        for name in names
    ]
    for thread in threads:
        thread.start()
    return threads, outcomes


def test_torch_trains_alike_and_runs_out_of_memory_alike():
    with ProcessSandbox(1, preload=["torch", *PRELOAD], tier="process") as sandbox:
        first, second = (sandbox.run(job("train", steps=20)).result for _ in range(2))
        bomb = sandbox.run(job("fill_tensor", Limits(seconds=10, memory=256 * MIB)))
        versions = sandbox.versions
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.arrays["losses"], second.arrays["losses"])
    assert first.data["threads"] == 1
    assert bomb.ending is Ending.OUT_OF_MEMORY
    assert "of 256.0 MiB and asked for" in bomb.message
    assert versions.keys() == {"python", "numpy", "torch"}


def test_nothing_starts_before_it_is_needed():
    before = zygotes()
    with ProcessSandbox(2, tier="process") as sandbox:
        assert sandbox.tier == "process"
        assert sandbox.versions == {}
        assert zygotes() == before


def test_closing_cancels_what_runs_and_what_waits():
    before = set(zygotes())
    sandbox = ProcessSandbox(1, PRELOAD, tier="process")
    sandbox.start()
    threads, outcomes = start(sandbox, "spin", "spin", "echo")
    assert until(lambda: len(set(zygotes()) - before) == 2)  # the zygote and its child
    mine = set(zygotes()) - before
    began = time.monotonic()
    sandbox.close()
    sandbox.close()
    for thread in threads:
        thread.join(5)
    assert time.monotonic() - began < 10  # `spin` never ends
    endings = [outcome.ending for outcome in outcomes]
    assert len(endings) == 3
    assert endings.count(Ending.CANCELLED) >= 2
    assert Ending.TIMED_OUT not in endings
    assert all(gone(pid) for pid in mine)
    assert sandbox.run(job("echo")).ending is Ending.CANCELLED
    with pytest.raises(SandboxUnavailable, match="closed"):
        sandbox.start()


def test_closing_while_it_starts():
    sandbox = ProcessSandbox(2, ["torch"], tier="process")
    before = set(zygotes())
    threads, outcomes = start(sandbox, "echo")
    assert until(lambda: len(set(zygotes()) - before) == 2)
    sandbox.close()
    threads[0].join(5)
    assert [outcome.ending for outcome in outcomes] == [Ending.CANCELLED]
    assert set(zygotes()) == before


def test_an_idle_zygote_that_was_killed_is_replaced_unnoticed():
    before = set(zygotes())
    with ProcessSandbox(1, PRELOAD, tier="process") as sandbox:
        sandbox.start()
        (zygote,) = set(zygotes()) - before
        os.kill(zygote, signal.SIGKILL)
        assert sandbox.run(job("echo", word="again")).ending is Ending.FINISHED


def test_a_zygote_that_dies_under_a_job_is_replaced():
    before = set(zygotes())
    with ProcessSandbox(1, PRELOAD, tier="process") as sandbox:
        sandbox.start()
        (zygote,) = set(zygotes()) - before
        threads, outcomes = start(sandbox, "spin")
        assert until(lambda: len(set(zygotes()) - before) == 2)
        (child,) = set(zygotes()) - before - {zygote}
        os.kill(zygote, signal.SIGKILL)
        threads[0].join(5)
        assert [outcome.ending for outcome in outcomes] == [Ending.CRASHED]
        assert outcomes[0].message == "its fork server ended under it"
        assert gone(child)
        assert sandbox.run(job("echo")).ending is Ending.FINISHED


def test_a_zygote_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sandbox.process.GRACE", 0.5)
    before = set(zygotes())
    with ProcessSandbox(1, PRELOAD, tier="process") as sandbox:
        sandbox.start()
        (zygote,) = set(zygotes()) - before
        os.kill(zygote, signal.SIGSTOP)
        threads, outcomes = start(sandbox, "echo")
        assert until(lambda: not runs(zygote))
        monkeypatch.undo()
        threads[0].join()
        assert outcomes[0].ending is Ending.FINISHED


def refusing(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have fork servers fail to take a job so many times."""
    left, ask = [None] * times, ForkServer.ask

    def asked(server: ForkServer, *args: Any) -> bytearray:
        if left:
            left.pop()
            raise ServerGoneError("it was late", received=False)
        return ask(server, *args)

    monkeypatch.setattr(ForkServer, "ask", asked)


def test_a_job_is_not_blamed_for_servers_that_never_took_it(monkeypatch: pytest.MonkeyPatch):
    with ProcessSandbox(1, PRELOAD, tier="process") as sandbox:
        refusing(monkeypatch, OFFERS - 1)
        assert sandbox.run(job("echo")).ending is Ending.FINISHED
        refusing(monkeypatch, OFFERS)
        with pytest.raises(SandboxUnavailable, match="saw 3 that did not: it was late"):
            sandbox.run(job("echo"))


def test_a_zygote_that_its_job_stops_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sandbox.process.GRACE", 0.5)
    with ProcessSandbox(1, PRELOAD, tier="process") as sandbox:
        sandbox.start()
        outcome = sandbox.run(job("stop_the_zygote", Limits(seconds=0.2)))
        assert outcome.ending is Ending.CRASHED
        assert outcome.message == "its fork server gave no answer, long after the limit"
        monkeypatch.undo()
        assert sandbox.run(job("echo")).ending is Ending.FINISHED


@pytest.mark.parametrize(
    ("preload", "said"),
    [
        ("no.such.module", "No module named 'no'"),
        ("tests.sandbox.threaded", "expected the preloaded modules to start no thread, saw 1"),
    ],
)
def test_a_sandbox_that_cannot_start(preload: str, said: str):
    with ProcessSandbox(1, [preload], tier="process") as sandbox:
        with pytest.raises(SandboxUnavailable, match="saw it end with exit code 1") as caught:
            sandbox.run(job("echo"))
        assert said in str(caught.value)
        assert preload in str(caught.value)
        with pytest.raises(SandboxUnavailable):
            sandbox.start()


@pytest.mark.parametrize(
    ("preload", "said"),
    [
        ("tests.sandbox.stuck", "saw it do nothing for 0.3 s. If the machine is very busy"),
        ("tests.sandbox.endless", "saw it still busy after 3 s. If the machine is very busy"),
    ],
)
def test_a_start_that_takes_too_long(preload: str, said: str):
    with (
        ProcessSandbox(1, [preload], start_timeout=0.3, tier="process") as sandbox,
        pytest.raises(SandboxUnavailable, match=said),
    ):
        sandbox.start()


def test_a_start_that_gets_on_is_waited_for():
    with ProcessSandbox(1, ["tests.sandbox.slow"], start_timeout=1.0, tier="process") as sandbox:
        sandbox.start()


SUPERVISOR = """
import sys
from sandbox import Job, Limits, Payload, ProcessSandbox
with ProcessSandbox(1, ["tests.sandbox.harnesses"], tier="process") as sandbox:
    sandbox.start()
    print("ready", flush=True)
    sandbox.run(Job("tests.sandbox.harnesses:spin", Payload(), Limits(seconds=60), trusted=True))
"""


def test_nothing_outlives_a_supervisor_that_was_killed():
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR], cwd=root, stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == b"ready\n"
        assert until(lambda: len(zygotes(supervisor.pid)) == 2)
        below = zygotes(supervisor.pid)
        folder = os.readlink(f"/proc/{below[-1]}/cwd")
        supervisor.kill()
    assert all(gone(pid) for pid in below)
    assert until(lambda: not os.path.exists(folder))


def test_three_hundred_jobs_leak_nothing(sandbox: ProcessSandbox):
    def open_here() -> int:
        return len(os.listdir("/dev/fd"))

    def open_there() -> list[int]:
        return [len(os.listdir(f"/proc/{pid}/fd")) for pid in sorted(zygotes())]

    sandbox.start()  # a test before this one may have ended a fork server
    sandbox.run(job("echo"))
    here, there = open_here(), open_there()
    for _ in range(300):
        assert sandbox.run(job("echo", QUICK)).ending is Ending.FINISHED
    assert open_here() == here
    assert open_there() == there


def test_interrupts_of_the_terminal_do_not_reach_the_zygotes(sandbox: ProcessSandbox):
    assert sandbox.run(job("echo")).ending is Ending.FINISHED
    assert all(os.getsid(pid) == pid for pid in zygotes())


def test_an_interrupt_ends_the_job():
    before = set(zygotes())
    with ProcessSandbox(1, PRELOAD, tier="process") as sandbox:
        sandbox.start()
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            sandbox.run(job("spin"))
        assert set(zygotes()) <= before
        assert sandbox.run(job("echo")).ending is Ending.FINISHED


def test_it_needs_a_worker():
    with pytest.raises(ValueError, match="at least 1 worker"):
        ProcessSandbox(0)
