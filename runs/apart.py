"""Scores that stand beside no others, in the words of SQL: each sort has a list of its own."""

from __future__ import annotations

from evaluators.candidate import APART

RANKED = "tier NOT IN ({})".format(", ".join(f"'{tier}'" for tier in APART))
"""The condition on a candidate whose score may be compared."""


def listed(apart: str) -> str:
    """Return the condition on those of one list: the tier `apart`, or all that are ranked."""
    if apart and apart not in APART:
        raise ValueError(f"expected a tier that is ranked apart, {APART}, saw {apart!r}")
    return f"tier = '{apart}'" if apart else RANKED
