"""The ways out, tried by a child that holds a card, a stand-in: it has what drivers need, no more.

A few each time; all of them with `make slow`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import MIB, Ending, Job, Limits, Payload, ProcessSandbox, tiers
from tests.attacks.intrude import INTRUSIONS, OPEN_ON_CARDS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cage is made of Linux")

LIMITS = Limits(seconds=5.0, memory=256 * MIB, result=MIB, output=MIB)
SHUT = sorted(set(INTRUSIONS) - OPEN_ON_CARDS)
CHOSEN = SHUT if os.environ.get("CAMBRIAN_SLOW") else SHUT[::12]


@pytest.fixture(scope="module")
def card() -> Iterator[ProcessSandbox]:
    if not (finding := tiers.probe("namespaces")).works:
        pytest.skip(f"no tier namespaces here: {finding.why}")
    preload = ("tests.sandbox.standin", "tests.attacks.intrude")
    driver = "tests.sandbox.standin:Card"
    with ProcessSandbox(1, preload, tier="namespaces", device="card", driver=driver) as sandbox:
        yield sandbox


@pytest.mark.parametrize("name", CHOSEN)
def test_it_is_stopped_beside_a_card(card: ProcessSandbox, name: str, bait: dict[str, Any]):
    data = Payload({"attack": name, "bait": bait})
    outcome = card.run(Job("tests.attacks.intrude:run", data, LIMITS, "card"))
    assert outcome.ending in (Ending.FAILED, Ending.CRASHED), outcome.result
    assert outcome.message
