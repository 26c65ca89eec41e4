"""The inputs on which optimisers show what they do: one fixed problem, and random ones.

In the fixed problem a small model of a matrix, a vector and a scalar takes eight steps under two
learning rates and two horizons at once. Gradients do not depend on the weights; their elements
range from 1e-12 to 1e2 with some that are always zero and some that are zero at every other step,
and step numbers jump to 1000, so that programs which differ only for small gradients, only late,
only in `lr`, `step` or `total`, or only for matrices come apart. The learning rate changes from
step to step, as a schedule changes it, which tells `lr` inside a state from `lr` outside; at one
step all gradients are small, so that norms are too; and `total` is not reached, where a decay to
zero would leave nothing but rounding. Hundreds of elements, each swinging over three decades,
are there for programs that take signs: two momentums that differ by a percent agree on the sign of
all but a few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from programs.genome import Function, Genome
from programs.interpret import plan
from programs.kind import Kind
from programs.kinds.optimizer_course import updates
from programs.kinds.optimizer_layout import Layout

VERSION = 4
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

FRESH_STEPS = 24


@dataclass(frozen=True, slots=True)
class Problem:
    """Weights to start from and, for each step, its number, gradients and learning rates.

    Two runs side by side, all tensors in one row of n elements as `layout` says: `weights` are
    `[2, 1, n]`, `gradients [steps, 2, 1, n]`, `lr` and `total [steps, 2, 1, 1]`, `steps [steps, 1,
    1, 1]`.
    """

    layout: Layout
    weights: np.ndarray
    gradients: np.ndarray
    steps: np.ndarray
    lr: np.ndarray
    total: np.ndarray


@dataclass(frozen=True, slots=True)
class Given:
    """The fixed problem for those who take it step by step, all tensors in one row.

    `weights` are `[2, n]`, `gradients [steps, 2, n]`, `rates [steps, 2]`, `steps` and `totals`
    whole numbers.
    """

    weights: np.ndarray
    gradients: np.ndarray
    rates: np.ndarray
    steps: tuple[int, ...]
    totals: tuple[int, ...]


def given() -> Given:
    """Return the problem on which `probe` runs every optimiser."""
    problem = fixed_problem()
    return Given(
        problem.weights[:, 0],
        problem.gradients[:, :, 0],
        problem.lr[:, :, 0, 0],
        STEPS,
        tuple(int(total) for total in TOTALS),
    )


def probe(genome: Genome, kind: Kind) -> np.ndarray:
    """Run a checked optimiser and return all its updates, `[steps, 2, n]` in float64."""
    return _updates(genome.main, kind, fixed_problem())


def fresh(genome: Genome, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    """Run a checked optimiser on a random problem, as `probe` does on the fixed one."""
    return _updates(genome.main, kind, _random(rng))


def _updates(function: Function, kind: Kind, problem: Problem) -> np.ndarray:
    """Train on given gradients; return the updates of all steps, tensors side by side."""
    program = plan(function, kind, np)
    shared = {"step": problem.steps, "lr": problem.lr, "total": problem.total}
    states = kind.entry.states(function)
    start, gradients = problem.weights, problem.gradients
    with np.errstate(all="ignore"):
        found = updates(program, states, problem.layout, start, gradients, shared)
    return found[:, :, 0]


@cache
def fixed_problem() -> Problem:
    """Return the problem on which every optimiser is probed."""
    rng = np.random.Generator(np.random.PCG64(20230213))
    layout = Layout(SHAPES)
    weights = rng.normal(size=(2, 1, layout.count))
    scales = np.resize(np.array(_SCALES), layout.count)
    drift = rng.normal(size=(2, 1, layout.count))
    noise = rng.normal(size=(len(STEPS), 2, 1, layout.count))
    swing = 10.0 ** rng.uniform(-3.0, 0.0, size=noise.shape)
    gradients = scales * swing * (drift + noise)
    gradients[1::2, ..., ::_SELDOM] = 0.0
    gradients[CALM] *= 1e-5
    return Problem(
        layout,
        weights,
        gradients,
        np.array(STEPS, dtype=np.float64).reshape(-1, 1, 1, 1),
        np.outer(PACE, LEARNING_RATES).reshape(len(STEPS), 2, 1, 1),
        _falling(np.array(TOTALS), 1.0, len(STEPS)),
    )


def _falling(first: np.ndarray, decay: float, steps: int) -> np.ndarray:
    return (first * decay ** np.arange(steps)[:, None]).reshape(steps, -1, 1, 1)


def _random(rng: np.random.Generator) -> Problem:
    """Draw a problem: gradients of 1e-8 to 100, learning rates of 1e-3 to 30.

    Now and then a tensor starts at zero or has no gradient, or gradients change sign at every step,
    so that every bound that a program may have is met from both sides.
    """
    rows, columns, long = (int(n) for n in rng.integers(2, 7, size=3))
    layout = Layout(((rows, columns), (5 * long, 1), (1, 1)))
    weights = [rng.normal(size=(2, *s)) * rng.choice([0.0, 0.1, 1.0, 3.0]) for s in layout.shapes]
    gradients = [_gradients((2, *s), rng) for s in layout.shapes]
    steps = np.cumsum([1, *rng.choice([1, 1, 1, 2, 10, 100], size=FRESH_STEPS - 1)])
    return Problem(
        layout,
        layout.join(weights),
        layout.join(gradients),
        steps.astype(float).reshape(-1, 1, 1, 1),
        _falling(10.0 ** rng.uniform(-3, 1.5, size=2), rng.uniform(0.8, 1.0), FRESH_STEPS),
        _falling(steps[-1] + rng.integers(1, 1000, size=2), 1.0, FRESH_STEPS),
    )


def _gradients(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw gradients `[steps, *shape]`: a drift that may swing, and noise."""
    scale = 10.0 ** rng.uniform(-2.5, 1, size=shape[1:]) * rng.choice([0.0, 1e-5, 1.0, 1.0, 10.0])
    swing = rng.choice([1.0, 1.0, -1.0]) ** np.arange(FRESH_STEPS)
    drift = swing.reshape(-1, *(1 for _ in shape)) * rng.normal(size=shape)
    noise = rng.choice([0.0, 1.0, 3.0]) * rng.normal(size=(FRESH_STEPS, *shape))
    return scale * (drift + noise)
