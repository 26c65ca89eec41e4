"""Choosing a tier, proving it, and refusing what it cannot hold."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from programs.errors import InputError, SandboxUnavailable
from sandbox import Ending, Job, Limits, Payload, ProcessSandbox, kernel, selftest, tiers
from sandbox.errors import IsolationError
from sandbox.tiers import SAFE, Finding
from tests.sandbox.running import QUICK, gone, job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cage is made of Linux")

PRELOAD = ("torch", "tests.sandbox.harnesses")
UNTRUSTED = Job("tests.sandbox.harnesses:echo", Payload({"word": 1}), QUICK)


@pytest.fixture(scope="module", params=SAFE)
def caged(request: pytest.FixtureRequest) -> Iterator[ProcessSandbox]:
    finding = tiers.probe(request.param)
    if not finding.works:
        pytest.skip(f"no tier {finding.tier} here: {finding.why}")
    with ProcessSandbox(1, PRELOAD, tier=finding.tier) as sandbox:
        sandbox.start()
        yield sandbox


def without(monkeypatch: pytest.MonkeyPatch, *broken: str) -> None:
    """Pretend that these tiers do not work here."""
    monkeypatch.setattr(tiers, "probe", lambda tier: Finding(tier, tier not in broken, "no such"))


def test_the_best_tier_that_works_is_taken(monkeypatch: pytest.MonkeyPatch):
    for broken in range(len(SAFE) + 1):
        without(monkeypatch, *SAFE[:broken])
        expected = (*SAFE, "process")[broken]
        assert ProcessSandbox(1).tier == expected
        assert ProcessSandbox(1).promise == tiers.promise(expected)


def test_every_tier_says_what_it_gives():
    assert {*SAFE, "process", "unsafe", "memory"} == tiers.PROMISES.keys()


def test_code_that_nobody_has_read_is_refused_without_a_cage(monkeypatch: pytest.MonkeyPatch):
    without(monkeypatch, *SAFE)
    with ProcessSandbox(1, ["tests.sandbox.harnesses"]) as sandbox:
        with pytest.raises(SandboxUnavailable, match="Code that nobody has read is refused"):
            sandbox.run(UNTRUSTED)
        assert sandbox.run(job("echo")).ending is Ending.FINISHED


def test_unsafe_is_said(monkeypatch: pytest.MonkeyPatch):
    without(monkeypatch, *SAFE)
    with ProcessSandbox(1, ["tests.sandbox.harnesses"], unsafe=True) as sandbox:
        assert sandbox.tier == "unsafe"
        assert "NOT ISOLATED" in sandbox.promise
        assert sandbox.run(UNTRUSTED).ending is Ending.FINISHED


def test_unsafe_allows_but_does_not_weaken(monkeypatch: pytest.MonkeyPatch):
    without(monkeypatch)
    assert ProcessSandbox(1, unsafe=True).tier == SAFE[0]


def test_a_gpu_needs_a_file_system_of_its_own():
    assert tiers.refusal("namespaces", "cuda:0") == ""
    for tier in ("landlock", "strict", "process"):
        assert tiers.refusal(tier, "cuda:0")


def test_a_tier_that_is_not_there():
    with pytest.raises(InputError, match="expected an isolation tier of auto, namespaces"):
        _ = ProcessSandbox(1, tier="namespace").tier


def test_the_self_test_sees_open_doors():
    """Without a cage nearly every door is open: a self-test that saw none would be worthless."""
    with ProcessSandbox(1, ["sandbox.selftest"], tier="process", unsafe=True) as sandbox:
        outcome = sandbox.run(selftest.job("namespaces"))
    with pytest.raises(IsolationError, match="its self-test could") as caught:
        selftest.check(outcome)
    shut = {"write a file", "mount", "read the environment of a process"}  # by other means
    if os.geteuid():
        shut |= {"become root", "signal another process", "make a user namespace"}
    assert [door for door in selftest.DOORS.keys() - shut if door not in str(caught.value)] == []


def test_a_sandbox_whose_tier_fails_does_not_start(monkeypatch: pytest.MonkeyPatch):
    if (finding := tiers.probe("landlock")).works:
        pytest.skip("Landlock works here")
    with (
        ProcessSandbox(1, tier="landlock") as sandbox,
        pytest.raises(SandboxUnavailable, match=r"tier `landlock` is not to be had here") as error,
    ):
        sandbox.start()
    assert finding.why in str(error.value)


def test_training_gives_the_same_bytes_on_every_tier(caged: ProcessSandbox):
    with ProcessSandbox(1, PRELOAD, tier="process") as plain:
        expected = plain.run(job("train", steps=20)).result
    seen = caged.run(job("train", steps=20)).result
    assert expected is not None
    assert seen is not None
    np.testing.assert_array_equal(seen.arrays["losses"], expected.arrays["losses"])


def test_what_the_caged_are_given(caged: ProcessSandbox):
    result = caged.run(Job("tests.sandbox.harnesses:identify", Payload(), QUICK)).result
    assert result is not None
    assert 0 not in result.data["users"]
    if caged.tier == "namespaces":
        assert result.data["process"] == 1
        assert set(result.data["users"]) == {65534}


def test_a_zygote_that_was_killed_is_replaced(caged: ProcessSandbox):
    for victim in kernel.living_below(os.getpid()):
        os.kill(victim, 9)
        assert gone(victim)
    assert caged.run(UNTRUSTED).ending is Ending.FINISHED


SUPERVISOR = """
import sys
from sandbox import Job, Limits, Payload, ProcessSandbox
with ProcessSandbox(1, ["tests.sandbox.harnesses"], tier=sys.argv[1]) as sandbox:
    sandbox.start()
    print("ready", flush=True)
    sandbox.run(Job("tests.sandbox.harnesses:spin", Payload(), Limits(seconds=60)))
"""


@pytest.mark.parametrize("tier", SAFE)
def test_nothing_outlives_a_supervisor_that_was_killed(tier: str):
    if not tiers.probe(tier).works:
        pytest.skip(f"no tier {tier} here")
    command = [sys.executable, "-c", SUPERVISOR, tier]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == b"ready\n"
        time.sleep(0.1)
        below = list(kernel.living_below(supervisor.pid))
        folder = os.readlink(f"/proc/{below[0]}/cwd")
        supervisor.kill()
    assert len(below) >= 2
    assert all(gone(pid, within=5.0) for pid in below)
    deadline = time.monotonic() + 5
    while os.path.exists(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not os.path.exists(folder)


def test_the_limits_are_the_same_in_the_cage(caged: ProcessSandbox):
    slow = Job("tests.sandbox.harnesses:sleep", Payload({"seconds": 9}), Limits(seconds=0.2))
    assert caged.run(slow).message == "ran past 0.2 s"
