"""The inputs on which optimisers show what they do: one fixed problem.

A small model of a tall and a wide matrix, a vector and a scalar takes five steps in six runs at
once, each with a learning rate and a horizon of its own. Weights and gradients are given at every
step, whatever the program does with them: a program is a function of what it is handed, and where
no output is fed back, all steps can be computed together and rounding does not add up.

Gradients range from 1e-14 to 1e4, with elements that are always zero and some that are zero at
every other step, so that programs which differ only for small gradients, only in `lr`, `step` or
`total`, or only for matrices come apart. Step numbers jump to 5000. No run takes what another has
taken, so that most programs which act at every k-th step only, or from step k on, show their k; and
as parts of `total` they lie between the usual ones (a tenth, a quarter, a half, …). `total` is not
reached, where a decay to zero would leave nothing but rounding. The learning rate changes from step
to step, as a schedule changes it, which tells `lr` inside a state from `lr` outside; at one step
all gradients are small, so that norms are too. Most gradients nearly cancel an average of those
before them: that is where programs which take signs show their rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import prod

import numpy as np

from programs.genome import Function, Genome
from programs.kind import Kind
from programs.kinds.optimizer_course import Course
from programs.kinds.optimizer_layout import Layout

SHAPES = ((30, 1), (12, 6), (2, 18), (1, 1))
_RUNS = (
    (1, 2, 3, 126, 200),
    (1, 8, 12, 16, 20),
    (1, 6, 300, 1000, 5000),
    (1, 10, 25, 50, 64),
    (1, 7, 100, 600, 1500),
    (1, 4, 5, 9, 32),
)
STEPS = tuple(zip(*_RUNS, strict=True))
"""The number of each step, in every run."""

LEARNING_RATES = (0.0131, 0.37, 0.00071, 0.11, 1.3, 0.047)
PACE = (0.4, 0.9, 1.0, 0.71, 0.3)
"""The learning rate at each step, as a part of its peak."""

CALM = 3
"""The step, counted from 0, at which all gradients are small."""

TOTALS = (231.0, 26.0, 5045.0, 70.0, 2211.0, 39.0)
SEED = 5

_OPPOSED = 0.8
"""How often a gradient points against the average of those before it."""

_SCALES = (1.0, 0.1, 30.0, 1e-3, 1.0, 1e-6, 0.3, 1e-9, 3.0, 0.0, 100.0, 0.01, 1e-12)
_SELDOM = 17
"""Every so-manieth element has a gradient at every other step only."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Number, learning rate, weights and gradients of each step, and the horizon.

    Runs side by side, all tensors in one row of n elements as `layout` says: `weights` and
    `gradients` are `[steps, runs, 1, n]`, `steps`, `lr` and `total` `[steps, runs, 1, 1]`.
    """

    layout: Layout
    weights: np.ndarray
    gradients: np.ndarray
    steps: np.ndarray
    lr: np.ndarray
    total: np.ndarray


@dataclass(frozen=True, slots=True)
class Given:
    """A problem for those who take it step by step, all tensors in one row.

    `weights` and `gradients` are `[steps, runs, n]`, `rates [steps, runs]`; `steps` holds the
    whole numbers of the steps in all runs, `totals` the horizons.
    """

    weights: np.ndarray
    gradients: np.ndarray
    rates: np.ndarray
    steps: tuple[tuple[int, ...], ...]
    totals: tuple[int, ...]


def given() -> Given:
    """Return the problem on which `probe` runs every optimiser."""
    return step_by_step(fixed_problem())


def step_by_step(problem: Problem) -> Given:
    """Return any problem as those read it who take one step after the other."""
    steps, totals = problem.steps[:, :, 0, 0], problem.total[0, :, 0, 0]
    return Given(
        problem.weights[:, :, 0],
        problem.gradients[:, :, 0],
        problem.lr[:, :, 0, 0],
        tuple(tuple(int(step) for step in row) for row in steps),
        tuple(int(total) for total in totals),
    )


def probe(genome: Genome, kind: Kind) -> np.ndarray:
    """Run a checked optimiser and return all its updates, `[steps, runs, n]` in float64."""
    return updates(genome.main, kind, _fixed_course(kind))


def updates(function: Function, kind: Kind, course: Course) -> np.ndarray:
    """Return the updates of all steps, tensors side by side."""
    with np.errstate(all="ignore"):
        return course.updates(function, kind.entry.states(function))


@cache
def _fixed_course(kind: Kind) -> Course:
    return course_of(fixed_problem(), kind)


def course_of(problem: Problem, kind: Kind) -> Course:
    """Return what runs programs on a problem."""
    given = {
        "w": problem.weights,
        "g": problem.gradients,
        "step": problem.steps,
        "lr": problem.lr,
        "total": problem.total,
    }
    return Course(kind, problem.layout, given)


@cache
def fixed_problem() -> Problem:
    """Return the problem on which every optimiser is probed."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    layout = Layout(SHAPES)
    shape = (len(STEPS), len(TOTALS), 1, layout.count)
    return Problem(
        layout,
        rng.normal(size=shape) * 10.0 ** _even(-1.5, 0.5, shape, rng),
        _near_ties(shape, rng),
        np.array(STEPS, dtype=np.float64)[:, :, None, None],
        np.outer(PACE, LEARNING_RATES)[:, :, None, None],
        falling(np.array(TOTALS), 1.0, len(STEPS)),
    )


def _near_ties(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw gradients that nearly cancel averages of those before them.

    A program that takes the sign of an average shows the average's rate only where the gradient
    nearly outweighs the past. So each gradient is what an average of those before it would need to
    turn, times a factor: around 1 for half of the elements, from 0.03 to 10 for the others.
    """
    steps, *model = shape
    scales = np.resize(np.array(_SCALES), model[-1])
    rate = 10.0 ** _even(-2.5, -0.5, model, rng)
    factor = np.exp(_even(np.log(0.03), np.log(10.0), shape, rng))
    factor[..., ::2] = np.exp(_even(-0.4, 0.2, factor[..., ::2].shape, rng))
    signs = np.where(rng.random(shape) < _OPPOSED, -1.0, 1.0)
    gradients = np.empty(shape)
    gradients[0] = scales * rng.normal(size=model)
    average = rate * gradients[0]
    for time in range(1, steps):
        gradients[time] = signs[time] * factor[time] * (1 - rate) * average / rate
        average += rate * (gradients[time] - average)
    gradients[1::2, ..., ::_SELDOM] = 0.0
    gradients[CALM] *= 1e-5
    return gradients


def _even(low: float, high: float, shape: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    """Draw numbers that fill an interval evenly, along the first axis each time anew."""
    count = prod(shape[1:])
    ranks = np.array([rng.permutation(count) for _ in range(shape[0])]).reshape(shape)
    return low + (high - low) * (ranks + rng.random(shape)) / count


def falling(first: np.ndarray, decay: float, steps: int) -> np.ndarray:
    """Return numbers that fall by a factor at every step, `[steps, runs, 1, 1]`."""
    return (first * decay ** np.arange(steps)[:, None]).reshape(steps, -1, 1, 1)
