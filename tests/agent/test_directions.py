"""A direction suits what is asked for."""

from __future__ import annotations

import numpy as np

from agent.directions import BOLD, drawn_direction
from programs.load import kind_named


def test_small_edits_are_not_asked_to_be_bold() -> None:
    kind = kind_named("optimizer")
    drawn = {drawn_direction(kind, np.random.default_rng(i)) for i in range(60)}
    small = {drawn_direction(kind, np.random.default_rng(i), small=True) for i in range(60)}
    assert BOLD in drawn
    assert small == drawn - {BOLD}
