"""Attacks and kills in random order on two workers at once: the sandbox outlives them all.

`make storm` runs a thousand; a few come along with every test.
"""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
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


def struck(sandbox: ProcessSandbox, name: str, bait: dict[str, Any]) -> Outcome:
    """Attack; or kill a fork server, wherever it stands, and ask for something harmless."""
    if name != KILL:
        return sandbox.run(job(name, bait))
    for victim in list(kernel.living_below(os.getpid()))[:1]:
        os.kill(victim, signal.SIGKILL)
    return sandbox.run(Job("tests.sandbox.harnesses:echo", Payload(), Limits(seconds=10.0)))


def test_a_storm(bait: dict[str, Any], surroundings: Surroundings):
    if (tier := tiers.choose("auto")) not in tiers.SAFE:
        pytest.skip("no safe tier here")
    rng = np.random.default_rng(0)
    names = [*INTRUSIONS, *test_greed.ENDLESS, *[KILL] * 8]
    drawn = [names[i] for i in rng.integers(len(names), size=COUNT)]
    own = surroundings.processes
    with ProcessSandbox(2, PRELOAD, tier=tier) as sandbox, ThreadPoolExecutor(2) as threads:
        sandbox.start()
        before = descriptors()
        outcomes = list(threads.map(lambda name: struck(sandbox, name, bait), drawn))
        for name, outcome in zip(drawn, outcomes, strict=True):
            assert outcome.message or name == KILL, name
            assert name == KILL or outcome.ending is not Ending.FINISHED, name
        assert descriptors() <= before + 8  # a fork server may be starting anew
        surroundings.processes = set(kernel.living_below(os.getpid()))
        surroundings.check(sandbox)
    assert set(kernel.living_below(os.getpid())) <= own
    print(f"{len(drawn)} attacks and kills, {drawn.count(KILL)} of them kills")
