"""The fixed inputs on which optimisers show what they do.

A small model of a matrix, a vector and a scalar takes eight steps under two learning rates and
two horizons at once. Gradients do not depend on the weights; their elements range from 1e-12 to
1e2 with some that are always zero and some that are zero at every other step, and step numbers
jump to 1000, so that programs which differ only for small gradients, only late, only in `lr`,
`step` or `total`, or only for matrices come apart. The learning rate changes from step to step,
as a schedule changes it, which tells `lr` inside a state from `lr` outside; at one step all
gradients are small, so that norms are too; and `total` is not reached, where a decay to zero would
leave nothing but rounding. Hundreds of elements, each swinging over three decades between steps,
are there for programs that take signs: two momentums that differ by a percent agree on the sign of
all but a few.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from programs.genome import Genome
from programs.interpret import plan
from programs.kind import Kind

VERSION = 2
SHAPES = ((64, 1), (24, 16), (1, 1))
STEPS = (1, 2, 3, 5, 20, 100, 300, 1000)
LEARNING_RATES = (0.0131, 0.37)
PACE = (0.4, 0.9, 1.0, 0.97, 0.83, 0.71, 0.5, 0.3)
"""The learning rate at each step, as a part of its peak."""
CALM = 3
"""The step, counted from 0, at which all gradients are small."""
TOTALS = (1010.0, 4100.0)
_SCALES = (1.0, 0.1, 30.0, 1e-3, 1.0, 1e-6, 0.3, 1e-9, 3.0, 0.0, 100.0, 0.01)
_SELDOM = 17
"""Every so-manieth element has a gradient at every other step only."""


@cache
def _problem() -> tuple[np.ndarray, np.ndarray]:
    """Return weights `[2, 1, n]` and gradients `[steps, 2, 1, n]` for all tensors in a row."""
    rng = np.random.Generator(np.random.PCG64(20230213))
    count = sum(r * c for r, c in SHAPES)
    weights = rng.normal(size=(2, 1, count))
    scales = np.resize(np.array(_SCALES), count)
    drift = rng.normal(size=(2, 1, count))
    noise = rng.normal(size=(len(STEPS), 2, 1, count))
    swing = 10.0 ** rng.uniform(-3.0, 0.0, size=noise.shape)
    gradients = scales * swing * (drift + noise)
    gradients[1::2, ..., ::_SELDOM] = 0.0
    gradients[CALM] *= 1e-5
    return weights, gradients


def _split(flat: np.ndarray) -> list[np.ndarray]:
    ends = np.cumsum([r * c for r, c in SHAPES])[:-1]
    parts = np.split(flat, ends, axis=-1)
    return [p.reshape(*p.shape[:-2], *s) for p, s in zip(parts, SHAPES, strict=True)]


@cache
def _inputs(flat: bool) -> tuple[list[np.ndarray], list[list[np.ndarray]]]:
    weights, gradients = _problem()
    if flat:
        return [weights], [[g] for g in gradients]
    return _split(weights), [_split(g) for g in gradients]


def probe(genome: Genome, kind: Kind) -> np.ndarray:
    """Run a checked optimiser and return all its updates, `[steps, 2, n]` in float64.

    Element-wise programs see all tensors laid out in one row, which changes nothing but the time.
    """
    function = genome.main
    program = plan(function, kind, np)
    w, gradients = _inputs(program.elementwise)
    count = len(w)
    states = kind.entry.states(function)
    lr, total = (np.array(v).reshape(2, 1, 1) for v in (LEARNING_RATES, TOTALS))
    inputs: dict[str, Any] = {"total": total}
    inputs.update((s, [np.zeros_like(x) for x in w]) for s in states)
    updates = []
    with np.errstate(all="ignore"):
        for step, pace, g in zip(STEPS, PACE, gradients, strict=True):
            inputs.update(w=w, g=g, lr=lr * pace, step=np.float64(step))
            update, *new = program(inputs, count)
            inputs.update(zip(states, new, strict=True))
            w = [x - u for x, u in zip(w, update, strict=True)]
            updates.append(np.concatenate([u.reshape(2, -1) for u in update], axis=1))
    return np.array(updates)
