"""Learning-rate schedules: the factor on the base learning rate at each step.

    def schedule(step, total):                # step is 0, 1, …, total - 1
        warm = minimum(step / (0.05 * total), 1)
        return warm * 0.5 * (1 + cos(pi * step / total))

Everything is a scalar; functions and numerical conventions are those of `arithmetic.py`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from programs.genome import Genome
from programs.interpret import plan
from programs.kind import Entry, Kind, vocabulary
from programs.kinds import arithmetic
from programs.kinds.arithmetic import ARITHMETIC, COMPARISONS, ELEMENTWISE, unary
from programs.kinds.shapes import SCALAR

if TYPE_CHECKING:
    import numpy as np

ROUNDING = (unary("floor", "xp.floor(a)", "largest whole number that is not above a"),)

LENGTHS = (1, 7, 100, 1000)
"""The lengths of training on which schedules show what they do."""


def factors(genome: Genome, total: int) -> np.ndarray:
    """Return a checked schedule's factors at all steps of a run of `total` steps, in float64."""
    import numpy as np

    return _at(genome, np.arange(total, dtype=np.float64), np.float64(total))


def probe(genome: Genome, kind: Kind) -> np.ndarray:
    """Return a checked schedule's factors at every step of runs of several lengths."""
    return _at(genome, *_courses())


def _at(genome: Genome, step: np.ndarray, total: np.ndarray | np.float64) -> np.ndarray:
    import numpy as np

    with np.errstate(all="ignore"):
        ((result,),) = plan(genome.main, KIND, np)({"step": step, "total": total}, 1)
    return np.broadcast_to(result, step.shape)


@cache
def _courses() -> tuple[np.ndarray, np.ndarray]:
    """Return every step of all the lengths, and the length that each belongs to."""
    import numpy as np

    steps = np.concatenate([np.arange(n, dtype=np.float64) for n in LENGTHS])
    return steps, np.repeat(np.array(LENGTHS, dtype=np.float64), LENGTHS)


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
)
