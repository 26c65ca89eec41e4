"""Known truths: the tests reject as often as they say, and find what is there.

`make slow` draws more, from tables as large as a verdict's, and prints the shares.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from evaluators.statistics import Resamples, holm

SLOW = "CAMBRIAN_SLOW" in os.environ
SEEDS, EXAMPLES, COUNT = (20, 300, 1999) if SLOW else (8, 40, 499)
TABLES, FAMILIES = (1000, 300) if SLOW else (300, 60)

# Spread over seeds, over examples, and of single cells.
WORLDS = {"seeds": (1.0, 0.2, 0.3), "examples": (0.05, 1.0, 0.5), "both": (0.15, 0.5, 1.0)}


def drawn(world: str, effect: float, rng: np.random.Generator) -> np.ndarray:
    a, b, c = WORLDS[world]
    noise = a * rng.normal(size=(SEEDS, 1)) + b * rng.normal(size=(1, EXAMPLES))
    return effect + noise + c * rng.normal(size=(SEEDS, EXAMPLES))


def error_of(world: str) -> float:
    a, b, c = WORLDS[world]
    return float(np.sqrt(a**2 / SEEDS + b**2 / EXAMPLES + c**2 / (SEEDS * EXAMPLES)))


@pytest.mark.parametrize("world", WORLDS)
def test_equal_programs_are_told_apart_no_oftener_than_promised(world: str) -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(10):
        resamples = Resamples(SEEDS, EXAMPLES, rng, COUNT)
        found += [resamples.estimate(drawn(world, 0.0, rng)) for _ in range(TABLES // 10)]
    wrong = np.mean([e.p < 0.05 for e in found])
    print(f"\n{world}: {wrong:.1%} of {TABLES} equal pairs told apart")
    assert 0.005 <= wrong <= 0.09  # of 300: 5 % ± 3 standard errors
    assert all((e.p <= 0.05) == (not e.low <= 0 <= e.high) or abs(e.p - 0.05) < 0.01 for e in found)


def test_over_a_family_of_comparisons_a_false_claim_is_as_rare() -> None:
    rng = np.random.default_rng(5)
    false = 0
    for _ in range(FAMILIES):
        resamples = Resamples(SEEDS, EXAMPLES, rng, COUNT)
        # One candidate against ten equal baselines: the comparisons share its noise.
        own = drawn("both", 0.0, rng)
        p = {i: resamples.estimate(own - drawn("both", 0.0, rng)).p for i in range(10)}
        false += min(holm(p).values()) < 0.05
    print(f"\n{false} of {FAMILIES} families with a false claim")
    assert false <= (24 if SLOW else 7)  # 5 % is 15 of 300, 3 of 60: more comes once in a hundred


@pytest.mark.parametrize("world", WORLDS)
def test_a_real_difference_is_found(world: str) -> None:
    rng = np.random.default_rng(4)
    resamples = Resamples(SEEDS, EXAMPLES, rng, COUNT)
    strong = [resamples.estimate(drawn(world, 5 * error_of(world), rng)) for _ in range(40)]
    power = np.mean([e.p < 0.05 for e in strong])
    print(f"\n{world}: {power:.0%} of differences of five standard errors found")
    assert power >= 0.9
    assert all(e.low < e.mean < e.high for e in strong)


def test_tables_without_noise_are_certain() -> None:
    resamples = Resamples(3, 4, np.random.default_rng(0), 99)
    assert resamples.estimate(np.full((3, 4), 0.25)).p == 0.01
    assert resamples.estimate(np.zeros((3, 4))).p == 1.0


def test_the_same_draws_give_the_same_digits() -> None:
    values = drawn("both", 0.1, np.random.default_rng(1))
    first, second = (Resamples(SEEDS, EXAMPLES, np.random.default_rng(2), 200) for _ in range(2))
    assert first.estimate(values) == second.estimate(values)


def test_holm_multiplies_by_the_number_left_and_never_falls() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.5})
    assert found == pytest.approx({"a": 0.04, "b": 0.09, "c": 0.09, "d": 0.5})
    assert list(found) == ["a", "b", "c", "d"]
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}
