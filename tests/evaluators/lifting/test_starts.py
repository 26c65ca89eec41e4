"""Weights that begin as a layer's own pass, whatever their luck; others do not."""

from __future__ import annotations

import numpy as np
import pytest

from evaluators.harness.bodies.lifting.starts import objection
from programs.kinds.networks.layer import Weight, matrix

SEEDS = 3


def normal(weight: Weight, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(weight.mean, weight.std, (SEEDS, *weight.shape)).astype(np.float32)


@pytest.mark.parametrize("shape", [(4, 4), (16, 16), (64, 16), (16, 64), (200, 30)])
def test_honest_starts_pass(shape: tuple[int, int]) -> None:
    weight, bias = matrix(shape[1], shape[0]), Weight((shape[0],))
    rng = np.random.default_rng(0)
    for _ in range(20):
        begun = [(weight, normal(weight, rng)) for _ in range(3)]
        begun.append((bias, np.zeros((SEEDS, shape[0]), np.float32)))
        assert objection(begun) == ""


def other_starts() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    std = matrix(16, 16).std
    orthogonal = np.stack([np.linalg.qr(rng.normal(size=(16, 16)))[0] for _ in range(SEEDS)])
    once = rng.normal(0.0, std, (1, 16, 16))
    return {
        "torch's own": rng.uniform(-std, std, (SEEDS, 16, 16)),
        "uniform of the same spread": rng.uniform(-std, std, (SEEDS, 16, 16)) * 3**0.5,
        "a fifth smaller": rng.normal(0.0, 0.8 * std, (SEEDS, 16, 16)),
        "shifted": rng.normal(0.3 * std, std, (SEEDS, 16, 16)),
        "at right angles": orthogonal,
        "the same under every seed": np.repeat(once, SEEDS, 0),
        "zero": np.zeros((SEEDS, 16, 16)),
    }


@pytest.mark.parametrize("case", other_starts())
def test_other_starts_do_not(case: str) -> None:
    assert objection([(matrix(16, 16), other_starts()[case])])


def test_two_weights_that_begin_alike_do_not() -> None:
    weight = matrix(16, 16)
    begun = normal(weight, np.random.default_rng(2))
    assert "alike" in objection([(weight, begun), (weight, begun)])


def test_a_ramp_is_looked_at() -> None:
    weight = Weight((8,), ramp=(-1.0, 4.0))
    ramp = np.tile(np.linspace(-1.0, 4.0, 8), (SEEDS, 1))
    assert objection([(weight, ramp)]) == ""
    assert objection([(weight, ramp[:, ::-1].copy())])
