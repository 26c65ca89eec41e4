"""Follow a training: losses by stretch, predictions on the way, an end where nothing learns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

CHECK_EVERY = 20
"""Steps whose losses are averaged, and after which those who diverged are dropped."""


class Stacked(Protocol):
    """Replicas that are trained together."""

    def drop_diverged(self, loss: Tensor, /) -> int:
        """Take out those whose last loss is not finite; return how many are left."""
        ...

    def unstack(self, values: Tensor, /) -> np.ndarray:
        """Return one value a replica as `[learning rates, seeds]`."""
        ...


class Curve:
    """Predictions at the steps that the parent asked for."""

    def __init__(self, marks: Iterable[int], predict: Callable[[], np.ndarray]) -> None:
        self.marks, self.predict = frozenset(marks), predict
        self.points: list[np.ndarray] = []

    def look(self, step: int) -> None:
        """Predict, where the step is one of them."""
        if step in self.marks:
            self.points.append(self.predict())


def follow(
    stacked: Stacked,
    take: Callable[[int], Tensor],
    total: int,
    curve: Curve,
    probation: int,
    learnt: Callable[[], bool],
) -> tuple[np.ndarray, int, str]:
    """Take steps 1, 2, … to the end, or until all replicas diverged or none learns.

    `take` returns the loss of each living replica; after step `probation`, if it comes, `learnt` is
    asked. Return the mean losses `[points, learning rates, seeds]`, the steps taken, and why
    there were fewer than `total`, if so.
    """
    points: list[np.ndarray] = []
    stretch: list[Tensor] = []
    for step in range(1, total + 1):
        loss = take(step)
        stretch.append(loss)
        curve.look(step)
        if step % CHECK_EVERY and step < total:
            continue
        points.append(stacked.unstack(torch.stack(stretch).mean(0)))
        stretch = []
        if not stacked.drop_diverged(loss):
            return np.array(points), step, f"diverged: at every learning rate by step {step}"
        if step == probation and not learnt():
            stopped = f"no progress: no loss fell within {step} steps at any learning rate"
            return np.array(points), step, stopped
    return np.array(points), total, ""


def fell(before: np.ndarray, now: np.ndarray, share: float) -> bool:
    """Say whether any replica's loss fell below a share of what it was."""
    return bool((now < share * before).any())
