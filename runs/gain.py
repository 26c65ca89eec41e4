"""What a change was worth: a difference of scores with the interval its noise leaves.

Scores of one rung with equally many seeds are compared seed by seed: the same seed means the same
initial weights and batches, so the difference holds less noise than either score. Others are
compared by their means. Intervals are Student's, at 95 %.

Gains inside a search are measured on the seeds by which programs were selected, so those of a
winner's ancestors look better than they are: a verdict takes fresh seeds and held-out data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.candidate import Evaluation

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Gain:
    """A mean difference, positive where the newer is better; `half` is half its interval.

    `half` is `None` where a single seed leaves the noise unknown.
    """

    mean: float
    half: float | None

    @property
    def clear(self) -> bool:
        """Tell whether the interval leaves out zero."""
        return self.half is not None and abs(self.mean) > self.half

    def __str__(self) -> str:
        if self.half is None:
            return f"{self.mean:+.4f}"
        return f"{self.mean:+.4f} ± {self.half:.4f}"


def gain(new: Evaluation, old: Evaluation) -> Gain | None:
    """Return by how much one score is above another; `None` where they do not compare."""
    if new.score is None or old.score is None or new.rung != old.rung:
        return None
    if len(new.by_seed) == len(old.by_seed) > 0:
        return paired(new.by_seed, old.by_seed)
    if new.stderr is None or old.stderr is None:
        return Gain(new.score - old.score, None)
    # Fewer degrees of freedom than Welch would count: the interval errs on the wide side.
    freedom = min(len(new.by_seed), len(old.by_seed)) - 1
    error = math.hypot(new.stderr, old.stderr)
    return Gain(new.score - old.score, _quantile(freedom) * error)


def paired(new: Sequence[float], old: Sequence[float]) -> Gain:
    """Compare scores that belong together in pairs."""
    gaps = np.subtract(new, old)
    if len(gaps) < 2:
        return Gain(float(gaps.mean()), None)
    error = float(gaps.std(ddof=1)) / math.sqrt(len(gaps))
    return Gain(float(gaps.mean()), _quantile(len(gaps) - 1) * error)


def _quantile(freedom: int) -> float:
    """Return how many standard errors an interval reaches to either side."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + LEVEL) / 2))
