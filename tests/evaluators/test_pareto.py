"""Fronts: what nothing beats in everything comes first."""

from __future__ import annotations

import math

from evaluators.pareto import Direction, dominators, fronts

SCORE_AND_SIZE: dict[str, Direction] = {"score": "up", "size": "down"}


def points(*pairs: tuple[float, float]) -> list[dict[str, float]]:
    return [{"score": s, "size": z} for s, z in pairs]


def test_a_point_worse_in_everything_is_on_a_later_front() -> None:
    found = fronts(points((1, 1), (3, 3), (2, 4), (0, 5)), SCORE_AND_SIZE)
    assert found == [0, 0, 1, 2]


def test_equal_points_share_a_front_and_a_tie_in_one_decides_by_the_other() -> None:
    assert fronts(points((1, 1), (1, 1), (1, 2)), SCORE_AND_SIZE) == [0, 0, 1]


def test_a_point_without_an_objective_has_no_front_and_beats_nobody() -> None:
    given = [*points((1, 1), (math.nan, 0), (9, math.inf)), {"score": 9.0}]
    assert fronts(given, SCORE_AND_SIZE) == [0, None, None, None]


def test_one_objective_is_a_ranking() -> None:
    assert fronts(points((1, 0), (3, 0), (2, 0)), {"score": "up"}) == [2, 0, 1]


def test_no_points_have_no_fronts() -> None:
    assert fronts([], SCORE_AND_SIZE) == []


def test_who_dominates_is_as_good_in_all_and_better_in_one() -> None:
    (own, *others) = points((2, 2), (2, 2), (3, 2), (2, 3), (3, 1), (9, 9))
    assert dominators(own, others, SCORE_AND_SIZE) == [1, 3]
