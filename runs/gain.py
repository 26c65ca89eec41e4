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
from dataclasses import dataclass, replace

from evaluators.candidate import Candidate, Evaluation
from evaluators.decimals import signed
from runs.student import reach

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Gain:
    """A mean difference, positive where the newer is better; `half` is half its interval.

    `half` is `None` where a single seed leaves the noise unknown. `rung` is that of both scores.
    """

    mean: float
    half: float | None
    rung: int = 0

    @property
    def clear(self) -> bool:
        """Tell whether the interval leaves out zero."""
        return self.half is not None and abs(self.mean) > self.half

    def __str__(self) -> str:
        if self.half is None:
            return signed(self.mean)
        return f"{signed(self.mean)} ± {self.half:.4f}"


def between(new: Candidate, old: Candidate) -> Gain | None:
    """Return by how much a candidate is above another, on the dearest rung that scored both."""
    for judged in (*reversed(new.climbs), new.evaluation):
        other = old.on(judged.rung)
        if other is not None and (found := gain(judged, other)) is not None:
            return found
    return None


def gain(new: Evaluation, old: Evaluation) -> Gain | None:
    """Return by how much one score is above another; `None` where they do not compare."""
    if new.score is None or old.score is None or new.rung != old.rung:
        return None
    if len(new.by_seed) == len(old.by_seed) > 0:
        return replace(paired(new.by_seed, old.by_seed), rung=new.rung)
    if new.stderr is None or old.stderr is None:
        return Gain(new.score - old.score, None, new.rung)
    # Fewer degrees of freedom than Welch would count: the interval errs on the wide side.
    freedom = min(len(new.by_seed), len(old.by_seed)) - 1
    error = math.hypot(new.stderr, old.stderr)
    return Gain(new.score - old.score, reach(freedom, LEVEL) * error, new.rung)


def paired(new: Sequence[float], old: Sequence[float]) -> Gain:
    """Compare scores that belong together in pairs."""
    gaps = [a - b for a, b in zip(new, old, strict=True)]
    count = len(gaps)
    mean = math.fsum(gaps) / count
    if count < 2:
        return Gain(mean, None)
    error = math.sqrt(math.fsum((gap - mean) ** 2 for gap in gaps) / ((count - 1) * count))
    return Gain(mean, reach(count - 1, LEVEL) * error)
