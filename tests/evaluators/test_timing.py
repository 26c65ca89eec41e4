from __future__ import annotations

import math

import numpy as np
import pytest

from evaluators.timing import integral, profile, ratios, time_to_target


def test_time_is_the_median_over_studies_of_the_fastest_trial() -> None:
    marks = [10, 20, 30]
    curve = np.array(  # [marks, trials, studies]
        [
            [[0.0, 0.6, 0.0], [0.1, 0.0, 0.0]],
            [[0.6, 0.0, 0.0], [0.2, 0.0, 0.0]],
            [[0.7, 0.0, np.nan], [0.9, 0.0, 0.0]],
        ]
    )
    assert time_to_target(curve, marks, 0.5) == 20  # studies: 20, 10, never
    assert time_to_target(curve, marks, 0.65) == math.inf  # 30, never, never
    assert time_to_target(curve, marks, -1.0) == 10


def test_of_two_studies_one_that_never_arrives_counts() -> None:
    curve = np.array([[[1.0, 0.0]]])
    assert time_to_target(curve, [10], 0.5) == math.inf


def test_ratios_are_to_the_fastest_and_four_times_is_never() -> None:
    found = ratios(
        {"a": {"x": 10, "y": 100}, "b": {"x": 20, "y": math.inf}, "c": {"x": 41, "y": 100}}
    )
    assert found == {
        "a": {"x": 1, "y": 1},
        "b": {"x": 2, "y": math.inf},
        "c": {"x": math.inf, "y": 1},
    }
    assert ratios({"a": {"x": math.inf}})["a"]["x"] == math.inf
    assert ratios({"a": {"x": 5}, "b": {}})["b"]["x"] == math.inf


def test_the_integral_is_one_for_the_fastest_and_zero_for_who_never_arrives() -> None:
    assert integral({"x": 1.0, "y": 1.0}) == pytest.approx(1.0)
    assert integral({"x": math.inf}) == 0.0
    # At twice the time on one of two tasks: ρ is 1/2 up to 2 and 1 from there on.
    assert integral({"x": 1.0, "y": 2.0}) == pytest.approx((0.5 + 2.0) / 3, abs=0.01)
    assert list(profile({"x": 1.0, "y": 2.0}, np.array([1.0, 1.9, 2.0]))) == [0.5, 0.5, 1.0]
