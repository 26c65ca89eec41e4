"""Multi-query associative recall (Arora et al. 2024, "Zoology", arXiv 2312.04927).

A sequence begins with pairs of a key and its value; later each key comes once more, and the answer
there is its value. Keys come from the first half of the vocabulary, values from the second; all
other places hold random tokens. How far back a key lies follows a power law, as repeated pairs do
in real text.
"""

from __future__ import annotations

import numpy as np

from evaluators.data.splits import Data, Pair, distinct
from evaluators.harness.labels import UNASKED

POWER = 0.01


def mqar(
    vocabulary: int, length: int, pairs: int, counts: tuple[int, int, int], seed: int = 0
) -> Data:
    """Draw sequences `[n, length]` with answers `[n, length]`, `UNASKED` but at the queries.

    `counts` are the examples for training, validation and test; no sequence occurs twice.
    """
    if not 4 * pairs <= length or length % 2 or vocabulary // 2 <= pairs:
        raise ValueError(f"{pairs} pairs do not fit a length of {length} and {vocabulary} tokens")
    rng = np.random.default_rng(seed)
    return distinct(lambda count: _draw(count, vocabulary, length, pairs, rng), counts)


def _draw(count: int, vocabulary: int, length: int, pairs: int, rng: np.random.Generator) -> Pair:
    half = vocabulary // 2
    keys = 1 + _chosen(np.ones(half - 1), (count, pairs), rng)
    values = half + _chosen(np.ones(vocabulary - half), (count, pairs), rng)
    space = (length - 2 * pairs) // 2
    gaps = _chosen(np.arange(1.0, space + 1) ** (POWER - 1), (count, pairs), rng)
    x = rng.integers(vocabulary, size=(count, length))
    x[:, 0 : 2 * pairs : 2], x[:, 1 : 2 * pairs : 2] = keys, values
    places = 2 * pairs + 2 * gaps
    np.put_along_axis(x, places, keys, axis=1)
    y = np.full((count, length), UNASKED)
    np.put_along_axis(y, places, values, axis=1)
    return x, y


def _chosen(weights: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Draw `shape[1]` different places for each row, one after the other by their weights.

    Sorting exponential numbers over the weights is drawing without replacement (Efraimidis &
    Spirakis 2006).
    """
    waits = rng.exponential(size=(shape[0], len(weights))) / weights
    return np.argsort(waits, axis=1)[:, : shape[1]]
