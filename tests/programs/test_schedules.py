"""Every schedule of the library against torch's scheduler or a closed form written here."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler as torch_schedules

from programs.kinds.schedule import factors
from programs.load import library

TOTALS = (60, 300, 1000)


def by_torch(make: Callable[[torch.optim.Optimizer, int], object], total: int) -> np.ndarray:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer, total)
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(total):
            rates.append(optimizer.param_groups[0]["lr"])
            scheduler.step()  # type: ignore[attr-defined]
    return np.array(rates)


TORCH: dict[str, Callable[[torch.optim.Optimizer, int], object]] = {
    "constant": lambda o, n: torch_schedules.ConstantLR(o, factor=1.0),
    "cosine": lambda o, n: torch_schedules.CosineAnnealingLR(o, n),
    "exponential": lambda o, n: torch_schedules.ExponentialLR(o, 0.01 ** (1 / n)),
    "step_decay": lambda o, n: torch_schedules.MultiStepLR(o, [-(-n // 3), -(-2 * n // 3)], 0.1),
    "polynomial": lambda o, n: torch_schedules.PolynomialLR(o, n, power=0.9),
    "one_cycle": lambda o, n: torch_schedules.OneCycleLR(o, 1.0, total_steps=n),
    "cosine_restarts": lambda o, n: torch_schedules.CosineAnnealingWarmRestarts(o, n // 4),
    "triangular": lambda o, n: torch_schedules.CyclicLR(o, 0.1, 1.0, step_size_up=n / 8),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("name", TORCH)
def test_agrees_with_torch(name: str, total: int) -> None:
    genome = library("schedule")[name].genome
    assert genome is not None
    np.testing.assert_allclose(factors(genome, total), by_torch(TORCH[name], total), atol=1e-9)


def warm(step: int, width: float) -> float:
    return min(1.0, (step + 1) / width)


def cosine_power(step: int, total: int) -> float:
    powered = 10 ** (0.5 * (1 + math.cos(math.pi * step / total)) + 1)
    return (powered - 10) / 90


def cosine_warmup(step: int, total: int) -> float:
    begin = 0.05 * total
    if step < begin:
        return warm(step, begin)
    angle = math.pi * (step - begin) / (total - begin)
    return min(warm(step, begin), 0.1 + 0.9 * 0.5 * (1 + math.cos(angle)))


def linear(step: int, total: int) -> float:
    return min((step + 1) / (total / 10), (total - step) / (0.9 * total))


def inverse_sqrt(step: int, total: int) -> float:
    # Vaswani et al.: min(n^-0.5, n · warm^-1.5), scaled so that the peak is 1; n counts from 1.
    n, begin = step + 1, 0.1 * total
    return min(n**-0.5, n * begin**-1.5) * begin**0.5


def power(step: int, total: int) -> float:
    n = step + 1
    law = min(1.0, (n / (0.1 * total)) ** -0.51)
    return warm(step, 0.05 * total) * law * math.exp(-5 * max(0.0, (step / total - 0.9) / 0.1))


def wsd_linear(step: int, total: int) -> float:
    return min(warm(step, total / 20), (total - step) / (total / 5))


def wsd_exponential(step: int, total: int) -> float:
    stable = 0.9 * total
    decayed = 1.0 if step < stable else 0.5 ** ((step - stable) / (0.02 * total))
    return warm(step, total / 100) * decayed


def wsd_sqrt(step: int, total: int) -> float:
    start = 0.8 * total
    decayed = 1.0 if step < start else 1 - math.sqrt((step - start) / (total - start))
    return warm(step, total / 20) * decayed


CLOSED = {
    f.__name__: f
    for f in (
        cosine_power,
        cosine_warmup,
        linear,
        inverse_sqrt,
        power,
        wsd_linear,
        wsd_exponential,
        wsd_sqrt,
    )
}


@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("name", CLOSED)
def test_agrees_with_the_closed_form(name: str, total: int) -> None:
    genome = library("schedule")[name].genome
    assert genome is not None
    wanted = [CLOSED[name](step, total) for step in range(total)]
    np.testing.assert_allclose(factors(genome, total), wanted, rtol=1e-9, atol=1e-9)


def test_every_schedule_is_compared() -> None:
    assert set(library("schedule")) == set(TORCH) | set(CLOSED)


def test_every_schedule_is_finite_even_for_a_single_step() -> None:
    for name, program in library("schedule").items():
        assert program.genome is not None
        for total in (1, 2, 7):
            assert np.isfinite(factors(program.genome, total)).all(), name
