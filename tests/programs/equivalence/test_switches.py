"""Who switches at a step, at a part of the training, or at every so-manieth step shows when."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest

from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.load import kind_named, library
from programs.parse import parse

OPTIMIZER, SCHEDULE = kind_named("optimizer"), kind_named("schedule")

PARTS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 1)
STEPS = (1, 2, 3, 5, 8, 10, 20, 30, 50, 100, 200, 500, 1000, 2000, 5000)
PERIODS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 25, 32, 50, 64, 100, 200, 500, 1000, 10_000)

SWITCHES = {
    "which average is taken": "return lr * where({}, g, m), lerp(m, g, 0.1)",
    "when a state begins anew": "m = where({}, 0, 0.9 * m + g)\n    return lr * m, m",
    "what the rate is": "return lr * where({}, 0.1, 1) * g, m",
}


def update(condition: str, body: str) -> str:
    return f"def update(w, g, m, lr, step, total):\n    {body.format(condition)}\n"


def merged(sources: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of optimisers that have one fingerprint."""
    prints = {}
    for source in sources:
        genome = parse(source, OPTIMIZER)
        assert isinstance(genome, Genome), genome
        prints[source] = fingerprint(genome, OPTIMIZER)
    return [(a, b) for a, b in combinations(sources, 2) if prints[a] == prints[b]]


@pytest.mark.parametrize("body", SWITCHES.values(), ids=SWITCHES)
def test_parts_of_the_training_are_told_apart(body: str) -> None:
    assert merged([update(f"step > {part} * total", body) for part in PARTS]) == []


@pytest.mark.parametrize("body", SWITCHES.values(), ids=SWITCHES)
def test_steps_are_told_apart(body: str) -> None:
    assert merged([update(f"step > {step}", body) for step in STEPS]) == []


@pytest.mark.parametrize("body", SWITCHES.values(), ids=SWITCHES)
def test_periods_are_told_apart_from_each_other_and_from_never(body: str) -> None:
    assert merged([update(f"mod(step, {k}) < 1", body) for k in PERIODS]) == []


@pytest.mark.parametrize("body", SWITCHES.values(), ids=SWITCHES)
def test_a_short_period_is_told_from_a_single_step(body: str) -> None:
    for k in range(2, 11):
        pair = [update(c.format(k), body) for c in ("mod(step, {}) < 1", "step == {}")]
        assert merged(pair) == [], k


def test_lookahead_shows_how_often_it_looks() -> None:
    source = library("optimizer")["lookahead_adam"].source
    assert source.count("mod(step, 5)") == 2
    assert merged([source.replace("mod(step, 5)", f"mod(step, {k})") for k in PERIODS]) == []
