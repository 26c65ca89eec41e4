"""The bait of the attacks, for a card's children too, and the tier at which all of them run."""

from __future__ import annotations

import pytest

from sandbox import tiers
from tests.attacks.conftest import bait, laid

__all__ = ["bait", "laid", "pytest_terminal_summary", "tier"]

TIER = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def tier(pytestconfig: pytest.Config) -> str:
    """Return the best tier that works here: containers often have no user namespaces."""
    pytestconfig.stash[TIER] = tiers.choose("auto")
    return pytestconfig.stash[TIER]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say which tier was tested, and why no better one."""
    if found := config.stash.get(TIER, ""):
        better = tiers.SAFE[: tiers.SAFE.index(found)] if found in tiers.SAFE else tiers.SAFE
        terminalreporter.write_line(f"The jobs ran at tier {found}.")
        for each in better:
            terminalreporter.write_line(f"No tier {each} here: {tiers.probe(each).why}.")
