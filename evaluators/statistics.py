"""How sure a difference is: intervals and p-values over seeds × examples, and Holm's correction.

A paired difference is a table `[seeds, examples]`, both drawn from more that might have been
drawn: another seed would bring other weights and batches, another sample other images. So both
are resampled, rows and columns independently (the pigeonhole bootstrap, Owen 2007, "The pigeonhole
bootstrap", Annals of Applied Statistics 1). A permutation of signs over seeds would be exact, but
only for these very images: two programs that are equally good on all images differ for certain on
a few hundred of them.

With few seeds the plain percentile interval is too narrow, so the mean is divided by its standard
error, here and in every resample (the symmetric bootstrap-t, Hall 1988, "On symmetric bootstrap
confidence intervals", JRSS B 50). The standard error is that of a two-way layout with random rows
and columns. Interval and p-value come from the same resamples: one excludes zero exactly where the
other is below 5 %. The p-value counts the observed table too (Davison & Hinkley 1997, §4.2), so it
is never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

RESAMPLES = 9_999
"""The least p-value is one in ten thousand, small enough for Holm over five hundred comparisons."""

LEVEL = 0.95

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval, and the p-value of its being zero."""

    mean: float
    low: float
    high: float
    p: float


class Resamples:
    """Draws of seeds and examples with replacement, shared by all comparisons of one task."""

    def __init__(
        self, seeds: int, examples: int, rng: np.random.Generator, count: int = RESAMPLES
    ) -> None:
        self._rows = _counts(seeds, count, rng)
        self._columns = _counts(examples, count, rng)

    def estimate(self, values: np.ndarray) -> Estimate:
        """Return the mean of `values [seeds, examples]`, how sure it is, and whether it is zero."""
        mean = float(values.mean())
        centred = (values - mean).astype(np.float32)
        once = [np.ones((1, n), np.float32) for n in values.shape]
        error = float(_moments(centred, *once)[1][0])
        if error <= 1e-6 * abs(mean):
            # Nothing varies: no seed and no example could have said otherwise.
            return Estimate(mean, mean, mean, 1.0 if mean == 0 else self._share(0))
        means, errors = _moments(centred, self._rows, self._columns)
        ratios = np.abs(means) / np.maximum(errors, 1e-3 * error)
        half = float(np.quantile(ratios, LEVEL)) * error
        above = int((ratios >= abs(mean) / error).sum())
        return Estimate(mean, mean - half, mean + half, self._share(above))

    def _share(self, above: int) -> float:
        return (1 + above) / (1 + len(self._rows))


def holm(p_values: Mapping[K, float]) -> dict[K, float]:
    """Correct p-values so that all the claims below 5 % are true together in 95 % of families.

    Holm 1979, "A simple sequentially rejective multiple test procedure", which needs no
    independence.
    """
    corrected: dict[K, float] = {}
    floor = 0.0
    for place, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        floor = max(floor, min(1.0, (len(p_values) - place) * p_values[name]))
        corrected[name] = floor
    return {name: corrected[name] for name in p_values}


def _counts(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `[count, n]`: how often each of `n` is drawn when `n` are drawn with replacement."""
    drawn = rng.integers(n, size=(count, n)) + np.arange(count)[:, None] * n
    return np.bincount(drawn.ravel(), minlength=count * n).reshape(count, n).astype(np.float32)


def _moments(values: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the mean of each resample, and its standard error.

    With mean squares of rows, columns and the rest, the variance of the mean is (MSR + MSC - MSE)
    / (rows × columns); where chance makes that less than a single part, the part is taken.
    """
    r, c = values.shape
    by_row, by_column = columns @ values.T / c, rows @ values / r
    means = (by_row * rows).sum(1) / r
    square_rows = c * (np.square(by_row - means[:, None]) * rows).sum(1)
    square_columns = r * (np.square(by_column - means[:, None]) * columns).sum(1)
    squares = ((rows @ np.square(values)) * columns).sum(1) - r * c * np.square(means)
    msr, msc = square_rows / max(r - 1, 1), square_columns / max(c - 1, 1)
    mse = (squares - square_rows - square_columns) / max((r - 1) * (c - 1), 1)
    variance = np.maximum(msr + msc - mse, np.maximum(msr, msc)) / (r * c)
    return means, np.sqrt(variance)
