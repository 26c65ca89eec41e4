"""Jobs for a card: each in a fresh process that held it already, one candidate each.

The card is a stand-in on the processor (`tests.sandbox.standin`): what is proven here is all but
CUDA itself, which `make test-gpu` tries where there is one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from programs.errors import SandboxUnavailable
from sandbox import MIB, Ending, Guest, Job, Limits, Outcome, Payload, ProcessSandbox, tiers
from sandbox.device import seats
from sandbox.forkserver import CardUnavailableError
from tests.sandbox.running import QUICK
from tests.sandbox.standin import MEMORY

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="cards are driven on Linux")

STAND_IN = "tests.sandbox.standin"


def sandbox_at(tier: str, device: str = "card", workers: int = 1, **more: Any) -> ProcessSandbox:
    preload = (STAND_IN, "tests.sandbox.harnesses")
    driver = f"{STAND_IN}:Card"
    return ProcessSandbox(workers, preload, tier=tier, device=device, driver=driver, **more)


def job(name: str, trusted: bool = True, limits: Limits = QUICK) -> Job:
    return Job(f"{STAND_IN}:{name}", Payload(), limits, device="card", trusted=trusted)


def told(outcome: Outcome) -> dict[str, Any]:
    assert outcome.result is not None, outcome.message
    return dict(outcome.result.data)


@pytest.fixture(scope="module")
def caged() -> Iterator[ProcessSandbox]:
    if not (finding := tiers.probe("namespaces")).works:
        pytest.skip(f"no tier namespaces here: {finding.why}")
    with sandbox_at("namespaces") as shared:
        yield shared


def test_every_job_has_a_context_of_its_own(caged: ProcessSandbox):
    first, second = (told(caged.run(job("look", trusted=False))) for _ in range(2))
    assert first["jobs"] == second["jobs"] == 1
    assert first["share"] == MEMORY
    assert first["environment"]["THE_CARD"] == "0"
    assert first["space"] == -1  # drivers reserve more addresses than there is memory
    assert first["seen"] == ["1"]  # itself: not the spare that waits
    assert not first["root"]


def test_what_one_writes_the_next_does_not_find(caged: ProcessSandbox):
    assert told(caged.run(job("leave_something", trusted=False)))["left"] == ["for the next"]
    assert told(caged.run(job("look", trusted=False)))["scratch"] == []


def test_the_doors_are_shut_to_the_drivers_threads_as_well(caged: ProcessSandbox):
    assert told(caged.run(job("attack", trusted=False)))["won"] == []
    reached = told(caged.run(job("reach_out", trusted=False)))["reached"]
    assert reached == "Operation not permitted"


def test_without_a_cage_these_doors_are_open():
    with sandbox_at("process", unsafe=True) as sandbox:
        assert set(told(sandbox.run(job("attack", trusted=False)))["won"]) >= {0, 1, 2, 3, 5}
        assert told(sandbox.run(job("reach_out", trusted=False)))["reached"] == "a socket"


@pytest.mark.parametrize(
    ("name", "ending", "sentence"),
    [
        ("hoard", Ending.OUT_OF_MEMORY, "used 64.0 MiB of 64.0 MiB, its share of the card"),
        ("fail_late", Ending.FAILED, "the card reported `CUDA error: an illegal memory access"),
        ("hoard_here", Ending.OUT_OF_MEMORY, "of 256.0 MiB"),
        ("stop", Ending.CRASHED, "exit code 3 and no answer"),
        ("spin", Ending.TIMED_OUT, "ran past 0.5 s"),
    ],
)
def test_what_goes_wrong_is_told_and_ends_with_the_job(
    caged: ProcessSandbox, name: str, ending: Ending, sentence: str
):
    seconds = 0.5 if name == "spin" else 20.0
    outcome = caged.run(job(name, limits=replace(QUICK, seconds=seconds)))
    assert (outcome.ending, sentence in outcome.message) == (ending, True), outcome
    assert told(caged.run(job("look")))["jobs"] == 1


def test_the_log_is_the_jobs_own(caged: ProcessSandbox):
    assert caged.run(job("chatter")).log == "only mine\n"


def test_a_job_on_a_card_asks_its_guest_on_the_processor(caged: ProcessSandbox):
    guest = Guest("tests.sandbox.harnesses:be_a_guest", Payload({"code": 7}), MIB)
    outcome = caged.run(replace(job("ask_a_guest"), guest=guest))
    assert told(outcome) == {"code": 7, "said": "\0" * 4, "jobs": 0}


def test_jobs_for_the_processor_go_on_beside(caged: ProcessSandbox):
    echo = Job("tests.sandbox.harnesses:echo", Payload({"word": "here"}), QUICK)
    assert told(caged.run(echo)) == {"word": "here"}


def opened(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.isdigit()}


def test_a_spare_is_ready_before_its_job_and_another_after_it(tmp_path: Path):
    with sandbox_at("process", f"card:{tmp_path}") as sandbox:
        sandbox.start()
        first, second = (str(told(sandbox.run(job("who")))["process"]) for _ in range(2))
        assert first != second
        assert opened(tmp_path) >= {first, second}
        (tmp_path / "sick").touch()
        third = str(told(sandbox.run(job("who")))["process"])
        assert not (tmp_path / "sick").exists()  # found out before a job was handed over
        assert opened(tmp_path) - {first, second, third}  # it was another that was given up


def test_two_workers_share_a_card_and_each_card_has_its_workers():
    with sandbox_at("process", workers=2) as sandbox, ThreadPoolExecutor(2) as threads:
        sandbox.start()
        found = [told(o) for o in threads.map(sandbox.run, [job("who")] * 2)]
    assert {seen["share"] for seen in found} == {MEMORY // 2}
    assert len({seen["process"] for seen in found}) == 2
    dealt = [(seat.card, seat.sharers) for seat in seats("cuda:0,2", 3) if seat]
    assert dealt == [("0", 2), ("2", 1), ("0", 2)]
    assert seats("cpu", 2) == [None, None]


def test_a_card_that_is_not_there_is_told():
    with sandbox_at("process", "card:none") as sandbox:
        for _ in range(2):
            with pytest.raises(CardUnavailableError, match="there is no such card"):
                sandbox.run(job("look"))
    with (
        ProcessSandbox(1, ["tests.sandbox.harnesses"], tier="process") as plain,
        pytest.raises(CardUnavailableError, match="for the processor only"),
    ):
        plain.run(job("look"))


def test_code_that_nobody_has_read_needs_the_best_cage():
    with sandbox_at("process") as sandbox, pytest.raises(SandboxUnavailable, match="refused"):
        sandbox.run(job("look", trusted=False))
    assert "at tier namespaces only" in tiers.refusal("landlock", "cuda")
