"""The random problems on which a free-form program is compared with the one it is taken for.

They are those of the program's kind, a few that are the same for all programs. Optimisers get those
without a long side, as nobody knows which would make a square matrix of it. Both sides import this
file: the child, where free-form programs run, and the parent, where those of the language do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import count, islice

import numpy as np

from programs.kinds import optimizer_fresh

DRAWS = 16
MOST = 20_000
"""How many numbers of one draw are compared."""

_NOT_KERNELS = 0.5


@cache
def seeds(kind: str) -> tuple[int, ...]:
    """Return the seeds of the draws for a kind; none where free-form programs get none."""
    if kind == "schedule":
        return tuple(range(DRAWS))
    if kind != "optimizer":
        return ()
    return tuple(islice((seed for seed in count() if _fits(seed)), DRAWS))


def _fits(seed: int) -> bool:
    return optimizer_fresh.squarable(optimizer_fresh.drawn(np.random.default_rng(seed)))


def natural(shapes: Sequence[tuple[int, int]], seed: int) -> list[tuple[int, ...]]:
    """Return shapes (rows, columns) as a model has them: vectors, matrices, some as kernels."""
    rng = np.random.default_rng([seed, 1])
    return [_kernel(*s, rng) if s[1] > 1 else s[:1] for s in shapes]


def _kernel(rows: int, columns: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Return a matrix as it is, or with its columns as channels times one or two sides."""
    if rng.random() < _NOT_KERNELS:
        return rows, columns
    axes = int(rng.integers(1, 3))
    side = max(s for s in (1, 2, 3) if columns % s**axes == 0)
    return rows, columns // side**axes, *[side] * axes


def thinned(outputs: np.ndarray) -> np.ndarray:
    """Return evenly spaced places along the last axis, as many as may be compared."""
    each, whole = max(1, outputs[..., 0].size), outputs.shape[-1]
    places = np.linspace(0, whole - 1, min(whole, MOST // each)).round().astype(int)
    return np.ascontiguousarray(outputs[..., places], dtype=np.float64)
