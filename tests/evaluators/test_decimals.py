"""Scores and differences in text: zero has no minus, wherever it is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evaluators.decimals import fixed, signed
from runs.gain import Gain
from runs.pages.tree import _short
from runs.tables import score_text

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("value", [0.0, -0.0, 4e-5, -4e-5, -1e-300])
def test_what_rounds_to_zero_has_no_minus(value: float):
    assert fixed(value) == "0.0000"
    assert signed(value) == "+0.0000"
    assert score_text(value, None) == "0.0000"
    assert str(Gain(value, 0.01)) == "+0.0000 ± 0.0100"


def test_what_does_not_keeps_its_sign():
    assert fixed(-0.00006) == "-0.0001"
    assert signed(-0.00006) == "-0.0001"
    assert signed(-1.25, 1) == "-1.2"
    assert signed(2.0) == "+2.0000"


def test_signed_numbers_are_written_in_this_one_way():
    """A number with its sign and so many digits is written nowhere by a format of its own."""
    own = re.compile(r"(:\+\.\d+f|%\+\.\d+f)")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for room in ("runs", "evaluators", "agent")
        for path in (ROOT / room).rglob("*")
        if path.suffix in (".py", ".html")
        for line in path.read_text("utf-8").splitlines()
        if own.search(line)
    ]
    assert not found


@pytest.mark.parametrize("value", [-4.001952, -12.345652])
def test_a_page_is_sent_scores_that_round_as_they_do_in_text(value: float):
    assert fixed(_short(value) or 0.0) == fixed(value)
