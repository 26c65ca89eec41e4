"""What can be shown of the tests for a card where there is none."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox import Ending, ProcessSandbox, tiers
from sandbox.tiers import Finding
from tests.gpu.conftest import TIER, pytest_terminal_summary
from tests.gpu.jobs import job

STAND_IN = "tests.sandbox.standin"


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no tier but "process", as in a container that forbids all else."""
    no = "user namespaces are forbidden"
    monkeypatch.setattr(tiers, "probe", lambda tier: Finding(tier, False, no))


@pytest.mark.skipif(sys.platform != "linux", reason="cards are driven on Linux")
def test_a_container_without_namespaces_runs_the_jobs_all_the_same(container: None) -> None:
    tier = tiers.choose("auto")
    assert tier == "process"
    sent = replace(job(tier, "multiply"), harness=f"{STAND_IN}:look", device="card")
    driver = f"{STAND_IN}:Card"
    with ProcessSandbox(1, (STAND_IN,), tier=tier, device="card", driver=driver) as sandbox:
        assert sandbox.run(sent).ending is Ending.FINISHED


def test_in_the_cage_for_cards_the_jobs_are_strangers() -> None:
    assert not job("namespaces", "multiply").trusted
    assert job("landlock", "multiply").trusted


def test_the_tier_is_said(container: None) -> None:
    said: list[str] = []
    config: Any = SimpleNamespace(stash=pytest.Stash())
    reporter: Any = SimpleNamespace(write_line=said.append)
    pytest_terminal_summary(reporter, config)
    assert not said
    config.stash[TIER] = "strict"
    pytest_terminal_summary(reporter, config)
    assert said == [
        "The jobs ran at tier strict.",
        "No tier namespaces here: user namespaces are forbidden.",
        "No tier landlock here: user namespaces are forbidden.",
    ]
