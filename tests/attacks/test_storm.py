"""Attacks and kills in random order on two workers at once: the sandbox outlives them all.

`make storm` runs a thousand; a few come along with every test.
"""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from sandbox import Ending, Job, Limits, Outcome, Payload, ProcessSandbox, kernel, tiers
from tests.attacks import test_greed, test_intrusions
from tests.attacks.conftest import PRELOAD
from tests.attacks.intrude import INTRUSIONS
from tests.attacks.surroundings import Surroundings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cage is made of Linux")

COUNT = int(os.environ.get("CAMBRIAN_STORM", "24"))
KILL = "kill"


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


def job(name: str, bait: dict[str, Any]) -> Job:
    if name in INTRUSIONS:
        return test_intrusions.attack(name, bait)
    return test_greed.job(name, test_greed.SHORT)


def struck(sandbox: ProcessSandbox, name: str, drawn: int, bait: dict[str, Any]) -> Outcome:
    """Attack; or kill part of a fork server that serves, and ask for something harmless.

    Those that only start are left alone: whoever kills three of them in a row is told.
    """
    if name != KILL:
        return sandbox.run(job(name, bait))
    servers = [slot.server for slot in sandbox._slots if slot.server and slot.server.versions]
    if servers:
        server = servers[drawn % len(servers)]
        victims = [server.pid, *kernel.living_below(server.pid)]
        with suppress(ProcessLookupError):
            os.kill(victims[drawn % len(victims)], signal.SIGKILL)
    return sandbox.run(Job("tests.sandbox.harnesses:echo", Payload(), Limits(seconds=10.0)))


def test_a_storm(bait: dict[str, Any], surroundings: Surroundings):
    if (tier := tiers.choose("auto")) not in tiers.SAFE:
        pytest.skip("no safe tier here")
    rng = np.random.default_rng(0)
    names = [*INTRUSIONS, *test_greed.ENDLESS, *[KILL] * 8]
    drawn = [names[i] for i in rng.integers(len(names), size=COUNT)]
    which = rng.integers(6, size=COUNT).tolist()
    own = surroundings.processes
    with ProcessSandbox(2, PRELOAD, tier=tier) as sandbox, ThreadPoolExecutor(2) as threads:
        sandbox.start()
        before = descriptors()
        outcomes = list(threads.map(lambda name, n: struck(sandbox, name, n, bait), drawn, which))
        for name, outcome in zip(drawn, outcomes, strict=True):
            assert outcome.message or name == KILL, name
            assert name == KILL or outcome.ending is not Ending.FINISHED, name
        assert descriptors() <= before + 8  # a fork server may be starting anew
        surroundings.processes = set(kernel.living_below(os.getpid()))
        surroundings.check(sandbox)
    assert set(kernel.living_below(os.getpid())) <= own
    print(f"{len(drawn)} attacks and kills, {drawn.count(KILL)} of them kills")
