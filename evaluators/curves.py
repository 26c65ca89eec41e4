"""Learning curves as they are kept: the training loss at the best learning rate, in few points."""

from __future__ import annotations

import numpy as np

from evaluators.task import Trial
from sandbox.base import Payload

POINTS = 40
"""The most points of a kept curve; of a longer one, neighbours are averaged."""

DIGITS = 4
"""Significant digits of a kept point."""

Curves = tuple[tuple[float, ...], ...]
"""For every seed, the mean training loss of one stretch of steps after another."""


def curves_at(result: Payload, trial: Trial, learning_rate: float) -> Curves:
    """Return a curve for each seed at one of the trial's learning rates, or none if there is none.

    Reads the array `losses [points, learning rates, seeds]`. It comes from the child and decides
    nothing, so that a malformed one is left out.
    """
    losses = result.arrays.get("losses")
    replicas = (len(trial.learning_rates), len(trial.seeds))
    if losses is None or losses.dtype.kind != "f" or losses.ndim != 3 or not len(losses):
        return ()
    if losses.shape[1:] != replicas:
        return ()
    kept = losses[:, trial.learning_rates.index(learning_rate)].astype(np.float64)
    if not np.isfinite(kept).all():
        return ()
    stretches = np.array_split(kept, min(len(kept), POINTS))
    points = np.array([stretch.mean(0) for stretch in stretches])
    return tuple(tuple(float(f"{loss:.{DIGITS}g}") for loss in seed) for seed in points.T)
