"""Random problems for optimisers: a second opinion on what the fixed one merges.

Most are *long*: small tensors take many steps of a run of up to two million, from the first to the
last. The others take a few steps of large tensors: of a tall and a wide matrix with hundreds of
rows or columns, or thousands, but *thin*, so that they stay cheap; of a *thick* matrix, neither
side of which is short; or of one as *vast* as the table of a vocabulary. A program that makes
square matrices is not run where a side is long. Learning rates range from 1e-6 to 30, gradients
from 1e-8 to 1e7. Now and then a tensor stays at zero or has no gradient, at all or at some steps,
as a whole, by rows or by elements, or gradients change sign at every step, so that every bound that
a program may have is met from both sides. All numbers are finite: programs that differ only in what
they make of others are the same.
"""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from programs.check import check
from programs.errors import Fault
from programs.genome import Genome
from programs.kind import Kind, Unprobed
from programs.kinds.optimizer_layout import Layout
from programs.kinds.optimizer_probe import Problem, course_of, falling, updates
from programs.kinds.shapes import Dims
from programs.kinds.step_numbers import lengths, within

LONG, LARGE, VAST = (24, 2), (4, 1), (3, 1)
"""The steps of a problem, by the sizes of its tensors, and how many runs they are taken in."""

OFTEN_SQUARE, OFTEN_RESTING = 0.3, 0.25
LONGEST = 2_000_000
SQUARABLE = 320

_SCALES = (0.0, 1e-5, 1.0, 1.0, 1.0, 10.0, 1000.0, 1e6)
_LOW = (-3.0, -3.0, -3.0, -6.0)
_SQUARES = frozenset({Dims("r", "r"), Dims("c", "c")})


def fresh(genome: Genome, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    """Run a checked optimiser on a random problem, as `probe` does on the fixed one.

    Raises `Unprobed` where the problem is too large for the program.
    """
    given = drawn(rng)
    if not squarable(given) and _makes_squares(genome, kind):
        raise Unprobed("too large: a square matrix of thousands of rows")
    return updates(genome.main, kind, course_of(given, kind))


def drawn(rng: np.random.Generator) -> Problem:
    """Return the problem on which `fresh` runs programs, given the same generator."""
    return problem(int(rng.integers(2**62)))


def squarable(given: Problem) -> bool:
    """Tell whether a square matrix can be made of the longest side of a problem."""
    return max(max(shape) for shape in given.layout.shapes) <= SQUARABLE


def _makes_squares(genome: Genome, kind: Kind) -> bool:
    """Tell whether a program multiplies a tensor by itself into as many columns as rows."""
    typed = check(genome, kind)
    return not isinstance(typed, Fault) and not _SQUARES.isdisjoint(typed.types.values())


@lru_cache(maxsize=128)
def problem(seed: int) -> Problem:
    """Draw a problem; many programs are compared on the same ones."""
    rng = np.random.default_rng(seed)
    return _SORTS[int(rng.choice(len(_SORTS), p=_OFTEN))](rng)


def _long(rng: np.random.Generator) -> Problem:
    rows, columns, long = (int(n) for n in rng.integers(2, 7, size=3))
    columns = rows if rng.random() < OFTEN_SQUARE else columns
    return _drawn(((rows, columns), (5 * long, 1), (1, 1)), *LONG, rng)


def _thin(most: int, columns: int, rng: np.random.Generator) -> Problem:
    tall, wide, long = _sides(64, most, 3, rng)
    few, others = (int(n) for n in rng.integers(1, columns + 1, size=2))
    return _drawn(((tall, few), (others, wide), _row_or_column(long, rng)), *LARGE, rng)


def _thick(rng: np.random.Generator) -> Problem:
    rows, long = _sides(10, 288, 2, rng)
    square = rng.random() < OFTEN_SQUARE
    columns = rows if square else int(rows * 2.0 ** rng.uniform(-1.0, 1.0))
    return _drawn(((rows, min(columns, 288)), _row_or_column(long, rng)), *LARGE, rng)


def _vast(rng: np.random.Generator) -> Problem:
    long, other = _sides(1 << 12, 1 << 16, 2, rng)
    (elements,) = _sides(1 << 15, 1 << 18, 1, rng)
    thick = max(1, elements // long)
    shapes = ((long, thick), (1, other)) if rng.integers(2) else ((other, 1), (thick, long))
    return _drawn(shapes, *VAST, rng)


_SORTS = (_long, partial(_thin, SQUARABLE, 6), partial(_thin, 4096, 2), _thick, _vast)
_OFTEN = (0.4, 0.1, 0.1, 0.22, 0.18)


def _sides(least: int, most: int, count: int, rng: np.random.Generator) -> list[int]:
    """Draw lengths, as many of each order of magnitude."""
    return [int(n) for n in least * (most / least) ** rng.random(count)]


def _row_or_column(long: int, rng: np.random.Generator) -> tuple[int, int]:
    return (1, long) if rng.integers(2) else (long, 1)


def _drawn(
    shapes: tuple[tuple[int, int], ...], count: int, runs: int, rng: np.random.Generator
) -> Problem:
    """Draw a problem of so many steps in so many runs."""
    layout = Layout(shapes)
    sizes = [rng.choice([0.0, 0.1, 1.0, 3.0]) for _ in shapes]
    weights = [
        size * np.cumsum(rng.normal(size=(count, runs, *shape)), axis=0)
        for size, shape in zip(sizes, shapes, strict=True)
    ]
    gradients = [_gradients((count, runs, *shape), rng) for shape in shapes]
    totals = lengths(2 * count, LONGEST, runs, rng)
    steps = np.array([_steps(count, total, rng) for total in totals.tolist()])
    return Problem(
        layout,
        layout.join(weights),
        layout.join(gradients),
        steps.T.reshape(count, runs, 1, 1),
        falling(
            10.0 ** rng.uniform(rng.choice(_LOW), 1.5, size=runs), rng.uniform(0.8, 1.0), count
        ),
        falling(totals, 1.0, count),
    )


def _steps(count: int, total: float, rng: np.random.Generator) -> list[float]:
    """Draw numbers of steps in order: the first, the last, and others between, none twice."""
    drawn = within(np.array([total]), count, rng)[:, 0]
    found = {*drawn.tolist(), total - 1.0, total - 2.0} - {1.0, total}
    # Of a short run some numbers are drawn twice; those that are left fill the gaps.
    spare = {*np.arange(2.0, 2.0 * count)} - found
    others = [*rng.permutation(sorted(found)), *rng.permutation(sorted(spare))]
    return sorted([1.0, *others[: count - 2], total])


def _gradients(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw gradients `[steps, runs, rows, columns]`: a drift that may swing, and noise."""
    count, *each = shape
    scale = 10.0 ** rng.uniform(-2.5, 1, size=each[1:]) * rng.choice(_SCALES)
    swing = rng.choice([1.0, 1.0, -1.0]) ** np.arange(count)
    drift = swing.reshape(-1, *(1 for _ in each)) * rng.normal(size=each)
    noise = rng.choice([0.0, 1.0, 3.0]) * rng.normal(size=shape)
    return scale * (drift + noise) * _active(shape, rng)


def _active(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw where there is a gradient: nearly always everywhere, else not at all steps."""
    steps, runs, rows, columns = shape
    rest = [(steps, runs, 1, 1), (steps, runs, rows, 1), (steps, runs, rows, columns)]
    if rng.random() > OFTEN_RESTING:
        return np.ones((1, 1, 1, 1))
    return rng.random(rest[rng.integers(3)]) < rng.choice([0.03, 0.5])
