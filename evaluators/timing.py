"""Who trains faster: time to a target, performance profiles and the score integral.

The protocol is AlgoPerf's (Dahl et al. 2023, "Benchmarking neural network training algorithms",
scoring of version 0.6) with small tasks as workloads, and with steps as the first time, since they
do not depend on the machine; seconds are the second.

    time       median over studies of the least, over trials, of the time to the target
    ratio      a program's time over the fastest one's on that task; beyond 4 counts as never
    profile    ρ(τ), the share of tasks on which a program's ratio is at most τ
    integral   the mean of ρ over τ from 1 to 4: 1 is fastest everywhere, 0 never within 4 times
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

WORST = 4.0
"""The ratio beyond which a program counts as never having reached the target."""

GRID = np.linspace(1.0, WORST, 100)

Times = Mapping[str, Mapping[str, float]]
"""For every program, its time on each task; infinite where it missed the target."""


def time_to_target(curve: np.ndarray, marks: Sequence[int], target: float) -> float:
    """Return the step at which a curve `[marks, trials, studies]` reached the target.

    Not-a-number in the curve is a trial that diverged, which reaches nothing.
    """
    reached = np.nan_to_num(curve, nan=-np.inf) >= target
    steps = np.where(reached, np.asarray(marks, float)[:, None, None], np.inf)
    return _median(steps.min(axis=(0, 1)))


def _median(times: np.ndarray) -> float:
    """Return the median; of an even number the later one, so that infinity never averages."""
    return float(np.sort(times)[len(times) // 2])


def ratios(times: Times) -> dict[str, dict[str, float]]:
    """Divide every time by the fastest program's on that task."""
    tasks = sorted({task for row in times.values() for task in row})
    fastest = {task: min(row.get(task, math.inf) for row in times.values()) for task in tasks}
    return {
        name: {task: _ratio(row.get(task, math.inf), fastest[task]) for task in tasks}
        for name, row in times.items()
    }


def _ratio(time: float, fastest: float) -> float:
    if math.isinf(time):
        return math.inf
    ratio = time / fastest
    return ratio if ratio <= WORST else math.inf


def profile(row: Mapping[str, float], taus: np.ndarray = GRID) -> np.ndarray:
    """Return ρ(τ) for one program's ratios by task."""
    found = np.array(list(row.values()))
    return (found[None, :] <= np.asarray(taus)[:, None]).mean(1)


def integral(row: Mapping[str, float]) -> float:
    """Return the score integral of one program's ratios by task."""
    return float(np.trapezoid(profile(row), GRID) / (WORST - 1.0))
