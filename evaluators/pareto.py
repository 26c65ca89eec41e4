"""Which of several things no other beats in everything: Pareto fronts over named objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Literal

import numpy as np

Direction = Literal["up", "down"]
"""Whether more of an objective is better, or less."""


def fronts(
    points: Sequence[Mapping[str, float]], directions: Mapping[str, Direction]
) -> list[int | None]:
    """Return the front of each point: 0 for those that none dominates, 1 once these are gone, ….

    A point dominates another if it is as good in every objective of `directions` and better in
    one; equal points share a front. A point that lacks an objective, or has no finite value of it,
    cannot be compared and has no front.

    The method is the non-dominated sorting of Deb et al. 2002 (NSGA-II), front by front.
    """
    table = np.array([[_cost(p, n, d) for n, d in directions.items()] for p in points])
    found: list[int | None] = [None] * len(points)
    left = [i for i, row in enumerate(table) if np.isfinite(row).all()]
    front = 0
    while left:
        first = [i for i in left if not _dominated(table[i], table[left])]
        for place in first:
            found[place] = front
        left = [i for i in left if found[i] is None]
        front += 1
    return found


def front(points: Sequence[Mapping[str, float]], directions: Mapping[str, Direction]) -> list[int]:
    """Return the places of the points that no other dominates, best in the first objective first.

    Of equal points the first stands for all. The first front alone takes a time that grows with
    the points times those on the front, so it can be found among very many.
    """
    costs = [tuple(_cost(p, n, d) for n, d in directions.items()) for p in points]
    there = [place for place, cost in enumerate(costs) if all(map(isfinite, cost))]
    kept: list[int] = []
    # Best first, so that nothing that comes later dominates what is kept already.
    for place in sorted(there, key=lambda place: costs[place]):
        if not any(_no_worse(costs[other], costs[place]) for other in kept):
            kept.append(place)
    return kept


def dominators(
    point: Mapping[str, float],
    others: Sequence[Mapping[str, float]],
    directions: Mapping[str, Direction],
) -> list[int]:
    """Return the places of those that are as good in every objective and better in one."""
    costs = [tuple(_cost(p, n, d) for n, d in directions.items()) for p in (point, *others)]
    own, *rest = costs
    return [place for place, cost in enumerate(rest) if _no_worse(cost, own) and cost != own]


def _no_worse(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))


def _cost(point: Mapping[str, float], name: str, direction: Direction) -> float:
    """Return a value that is better the smaller it is."""
    value = point.get(name, float("nan"))
    return -value if direction == "up" else value


def _dominated(row: np.ndarray, others: np.ndarray) -> bool:
    return bool(((others <= row).all(1) & (others < row).any(1)).any())
