"""What becomes of fork servers themselves, at every tier that is to be had here."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from sandbox import Ending, Job, Limits, Outcome, Payload, ProcessSandbox, kernel
from tests.attacks.surroundings import Surroundings
from tests.sandbox.running import gone, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cage is made of Linux")

SPIN = Job("tests.attacks.greed:spin", Payload(), Limits(seconds=60.0))
ECHO = Job("tests.sandbox.harnesses:echo", Payload(), Limits(seconds=10.0))


def below(pid: int) -> set[int]:
    return set(kernel.living_below(pid))


def test_a_server_killed_under_a_job_is_told_and_replaced(
    caged: ProcessSandbox, surroundings: Surroundings
):
    server = caged._slots[0].server
    assert server is not None
    idle = below(server.pid)
    outcomes: list[Outcome] = []
    asking = threading.Thread(target=lambda: outcomes.append(caged.run(SPIN)))
    asking.start()
    assert until(lambda: below(server.pid) - idle)
    mine = {server.pid} | below(server.pid)
    os.kill(next(iter(idle), server.pid), signal.SIGKILL)  # the guard's charge where there is one
    asking.join(20)
    assert [outcome.ending for outcome in outcomes] == [Ending.CRASHED]
    assert outcomes[0].message == "its fork server ended under it"
    assert all(gone(pid) for pid in mine)
    caged.start()  # its successor is there already
    surroundings.processes |= below(os.getpid())
    surroundings.check(caged)


def test_three_hundred_jobs_leave_nothing_open(caged: ProcessSandbox, surroundings: Surroundings):
    caged.run(ECHO)
    server = caged._slots[0].server
    assert server is not None

    def opened() -> list[int]:
        pids = sorted({os.getpid(), server.pid} | below(server.pid))
        return [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids]

    before = opened()
    for number in range(300):
        job = SPIN if number % 100 == 50 else ECHO
        limits = Limits(seconds=0.05 if job is SPIN else 10.0)
        outcome = caged.run(Job(job.harness, Payload(), limits))
        assert outcome.ending is (Ending.TIMED_OUT if job is SPIN else Ending.FINISHED), outcome
    assert opened() == before
    surroundings.check(caged)
