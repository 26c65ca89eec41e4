"""What is kept of a training loss."""

from __future__ import annotations

import numpy as np
import pytest

from evaluators.curves import POINTS, curves_at
from evaluators.task import Trial
from sandbox.base import Payload

TRIAL = Trial(200, (0.01, 0.1), (0, 1, 2))


def losses(points: int) -> np.ndarray:
    """Return losses that fall by a hundredth a point, differently for each rate and seed."""
    falling = 2.0 - 0.01 * np.arange(points)[:, None, None]
    return (falling + np.array([[[0.0, 0.1, 0.2], [0.5, 0.6, 0.7]]])).astype(np.float32)


def test_a_curve_for_each_seed_at_the_learning_rate() -> None:
    kept = curves_at(Payload({}, {"losses": losses(3)}), TRIAL, 0.1)
    assert kept == ((2.5, 2.49, 2.48), (2.6, 2.59, 2.58), (2.7, 2.69, 2.68))


def test_a_long_curve_is_thinned_to_the_means_of_its_stretches() -> None:
    (first, *_) = curves_at(Payload({}, {"losses": losses(4 * POINTS)}), TRIAL, 0.01)
    assert len(first) == POINTS
    assert first[0] == pytest.approx(2.0 - 0.015, abs=1e-3)
    assert list(first) == sorted(first, reverse=True)


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"losses": losses(3)[:, :1]},
        {"losses": losses(3)[..., 0]},
        {"losses": losses(0)},
        {"losses": losses(3).astype(int)},
        {"losses": losses(3) * np.nan},
    ],
)
def test_a_malformed_curve_is_left_out(arrays: dict[str, np.ndarray]) -> None:
    assert curves_at(Payload({}, arrays), TRIAL, 0.1) == ()
