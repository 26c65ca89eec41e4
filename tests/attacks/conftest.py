"""One warm sandbox per tier that this machine offers, one without a cage, and the bait."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluators import freeform, modules
from sandbox import ProcessSandbox, tiers
from tests.attacks.bait import laid_out
from tests.attacks.surroundings import Surroundings

PRELOAD = (
    *("torch", "tests.sandbox.harnesses"),
    *("tests.attacks.intrude", "tests.attacks.greed", "tests.attacks.answers"),
    *(*freeform.PRELOAD, *modules.PRELOAD, "tests.attacks.guests"),
)


@pytest.fixture(scope="package", params=tiers.SAFE)
def caged(request: pytest.FixtureRequest) -> Iterator[ProcessSandbox]:
    finding = tiers.probe(request.param)
    if not finding.works:
        pytest.skip(f"no tier {finding.tier} here: {finding.why}")
    with ProcessSandbox(1, PRELOAD, tier=finding.tier) as sandbox:
        sandbox.start()
        yield sandbox


@pytest.fixture(scope="package")
def unprotected() -> Iterator[ProcessSandbox]:
    with ProcessSandbox(1, PRELOAD, tier="process", unsafe=True) as sandbox:
        assert sandbox.tier == "unsafe"
        sandbox.start()
        yield sandbox


@pytest.fixture(scope="package")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("bait")
    for parent in (folder, *folder.parents[:3]):
        if parent.owner() != "root" or parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
    with laid_out(folder) as bait:
        yield bait


@pytest.fixture
def bait(laid: dict[str, Any]) -> dict[str, Any]:
    (Path(laid["folder"]) / "to unlink").touch()
    return laid


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings()
