"""Learning-rate schedules: the factor on the base learning rate at each step.

    def schedule(step, total):                # step is 0, 1, …, total - 1
        warm = minimum(step / (0.05 * total), 1)
        return warm * 0.5 * (1 + cos(pi * step / total))

Everything is a scalar; functions and numerical conventions are those of `arithmetic.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from programs.genome import Genome
from programs.interpret import compiled, plan
from programs.kind import Entry, Kind, vocabulary
from programs.kinds import arithmetic
from programs.kinds.arithmetic import ARITHMETIC, COMPARISONS, ELEMENTWISE, unary
from programs.kinds.shapes import SCALAR

if TYPE_CHECKING:
    import numpy as np

    from programs.recall import Known, Recall

ROUNDING = (unary("floor", "xp.floor(a)", "largest whole number that is not above a"),)

LONGEST = 1_000_000
"""The longest training that random ones are drawn from."""

COURSES = (
    *((total, range(total)) for total in (1, 7, 100, 1000)),
    (20_000, range(7, 20_000, 133)),
    (300_000, range(11, 300_000, 1_999)),
)
"""The lengths of training on which schedules show what they do, and the steps at which they do."""


def factors(genome: Genome, total: int) -> np.ndarray:
    """Return a checked schedule's factors at all steps of a run of `total` steps, in float64."""
    import numpy as np

    return _at(genome, np.arange(total, dtype=np.float64), np.float64(total))


def probe(genome: Genome, kind: Kind) -> np.ndarray:
    """Return a checked schedule's factors at every step of short runs and at some of long ones.

    What is the same for two schedules is the same array.
    """
    import numpy as np

    recall, inputs = _known()
    values = dict(inputs)
    for statement in genome.main.body:
        args = [values[a] if isinstance(a, str) else recall.constant(a) for a in statement.args]
        values[statement.target] = recall.applied(statement.op, args)
    (returned,) = genome.main.returns
    result = values[returned] if isinstance(returned, str) else recall.constant(returned)
    if result.shown is None:
        result.shown = np.broadcast_to(result.value, _courses()[0].shape)
    return result.shown


def fresh(genome: Genome, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    """Return the same for random steps of runs of random lengths, first and last ones included."""
    return _at(genome, *drawn(rng))


def drawn(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the steps at which `fresh` asks programs, and the length of the run of each."""
    import numpy as np

    from programs.kinds.step_numbers import lengths, within

    totals = lengths(1, LONGEST, _DRAWS, rng)
    last = totals - 1.0
    others = np.minimum(within(totals, _DRAWS, rng), last)
    steps = np.vstack([np.zeros(_DRAWS), others, np.maximum(last - 1.0, 0.0), last])
    return steps, np.broadcast_to(totals, steps.shape)


def _at(genome: Genome, step: np.ndarray, total: np.ndarray | np.float64) -> np.ndarray:
    import numpy as np

    with np.errstate(all="ignore"):
        ((result,),) = plan(genome.main, KIND, np)({"step": step, "total": total}, 1)
    return np.broadcast_to(result, step.shape)


_DRAWS = 24


@cache
def _courses() -> tuple[np.ndarray, np.ndarray]:
    """Return the steps of all the courses, and the length that each belongs to."""
    import numpy as np

    steps = np.concatenate([np.array(taken, dtype=np.float64) for _, taken in COURSES])
    totals = [np.full(len(taken), float(total)) for total, taken in COURSES]
    return steps, np.concatenate(totals)


@cache
def _known() -> tuple[Recall, dict[str, Known]]:
    """Return what schedules computed on the probes, and what they are handed there."""
    import numpy as np

    from programs.recall import Recall

    functions = compiled(KIND, np)

    def compute(op: str, args: Sequence[Known]) -> tuple[np.ndarray, bool]:
        with np.errstate(all="ignore"):
            return functions[op](*[a.value for a in args]), True

    recall = Recall(compute)
    step, total = (recall.given(values) for values in _courses())
    return recall, {"step": step, "total": total}


KIND = Kind(
    name="schedule",
    entry=Entry(
        name="schedule",
        inputs={"step": SCALAR, "total": SCALAR},
        required=("step", "total"),
        output=SCALAR,
    ),
    ops=vocabulary(ARITHMETIC, COMPARISONS, ELEMENTWISE, ROUNDING),
    number=SCALAR,
    probe=probe,
    constants=arithmetic.CONSTANTS,
    helpers=arithmetic.HELPERS,
    fresh=fresh,
)
