"""The bait of the attacks, for a card's children too."""

from __future__ import annotations

from tests.attacks.conftest import bait, laid

__all__ = ["bait", "laid"]
