"""The first Pareto front alone, found among many."""

from __future__ import annotations

import numpy as np

from evaluators.pareto import Direction, front

UP_DOWN: dict[str, Direction] = {"score": "up", "size": "down"}


def test_the_front_is_what_nothing_beats() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 12, size=(200, 2))
    points: list[dict[str, float]] = [{"score": float(a), "size": float(b)} for a, b in drawn]
    kept = front(points, UP_DOWN)
    chosen = [points[place] for place in kept]
    assert chosen == sorted(chosen, key=lambda p: -p["score"])
    for point in points:
        dominated = any(c["score"] >= point["score"] and c["size"] <= point["size"] for c in chosen)
        assert dominated
    for one in chosen:
        assert not any(
            o is not one and o["score"] >= one["score"] and o["size"] <= one["size"] for o in chosen
        )


def test_the_first_of_equals_stands_for_all_and_the_incomparable_is_left_out() -> None:
    points = [{"score": 1.0, "size": 2.0}] * 2 + [{"score": float("nan"), "size": 0.0}]
    assert front(points, UP_DOWN) == [0]
    assert front([], UP_DOWN) == []
