"""Tell whether weights begin as a layer of the language would have them begin.

Each test refuses numbers that really are the layer's own with a probability of about one in a
million. Weights without luck must be equal; of random ones the deviation is looked at, the shape of
the distribution, whether rows are more at right angles than luck makes them, and whether two
weights begin alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import torch

from programs.kinds.networks.layer import Weight

SIGMAS = 4.9
"""A normal number is further out once in a million."""

_KOLMOGOROV = 2.7
_LEAST_ROWS = 6
_RIGHT_ANGLES = 0.75


def objection(begun: Sequence[tuple[Weight, np.ndarray]]) -> str:
    """Say which weight begins otherwise, or nothing; arrays are `[seeds, *shape]`."""
    random: list[np.ndarray] = []
    for weight, values in begun:
        rest = values.astype(np.float64) - _mean(weight)
        if not weight.std:
            if np.abs(rest).max(initial=0.0) > 1e-6 * max(1.0, abs(weight.mean)):
                return f"a weight {list(weight.shape)} does not begin at {weight.mean:g}"
            continue
        luck = rest / weight.std
        if fault := _unlike(luck.ravel()) or _arranged(luck):
            told = f"a weight {list(weight.shape)} that should begin with deviation"
            return f"{told} {weight.std:.3g} {fault} (found {rest.std():.3g})"
        random.append(luck)
    if random and (fault := _unlike(np.concatenate([r.ravel() for r in random]))):
        return f"the weights together {fault}"
    return _alike(random)


def _mean(weight: Weight) -> np.ndarray | float:
    return weight.mean + (np.linspace(*weight.ramp, weight.shape[-1]) if weight.ramp else 0.0)


def _unlike(luck: np.ndarray) -> str:
    """Compare numbers with standard normal ones: their size, their mean, their distribution."""
    count = len(luck)
    cubic = (np.mean(luck**2) ** (1 / 3) - (1 - 2 / (9 * count))) / math.sqrt(2 / (9 * count))
    if abs(cubic) > SIGMAS:
        return "has another"
    if abs(luck.mean()) * math.sqrt(count) > SIGMAS:
        return "is not centred"
    lighter = np.mean(luck**4) / np.mean(luck**2) ** 2 - 3
    if lighter * math.sqrt(count / 24) < -SIGMAS:
        return "is not normal"
    below = torch.special.ndtr(torch.from_numpy(np.sort(luck))).numpy()
    steps = np.arange(count + 1) / count
    apart = max(np.max(steps[1:] - below), np.max(below - steps[:-1]))
    return "is not normal" if apart * math.sqrt(count) > _KOLMOGOROV else ""


def _arranged(luck: np.ndarray) -> str:
    """Find matrices whose rows are at right angles, or the same under every seed."""
    if len(luck) > 1 and any(np.array_equal(a, b) for a, b in combinations(luck, 2)):
        return "is the same under every seed"
    for matrix in luck.reshape(len(luck), luck.shape[1], -1) if luck.ndim > 2 else []:
        rows, columns = matrix.shape
        if min(rows, columns) < _LEAST_ROWS:
            continue
        inner = matrix @ matrix.T
        # Of normal numbers, E ‖MMᵀ‖² = rc(r + c + 1) where E ‖M‖² = rc.
        owed = (rows + columns + 1) / (rows * columns) * np.trace(inner) ** 2
        if (inner**2).sum() < _RIGHT_ANGLES * owed:
            return "has rows at right angles"
    return ""


def _alike(random: Sequence[np.ndarray]) -> str:
    for one, other in combinations(random, 2):
        if one.size == other.size:
            a, b = one.ravel(), other.ravel()
            if abs(np.dot(a, b)) > (SIGMAS + 1) * math.sqrt(len(a)):
                return "two weights begin alike"
    return ""
