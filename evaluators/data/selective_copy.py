"""Selective copying (Gu & Dao 2023, "Mamba", arXiv 2312.00752; Jing et al. 2019).

A few data tokens lie at random places among noise; after the end as many markers ask for them, in
their order. To know what to keep, a network must look at the tokens, not at their places.
"""

from __future__ import annotations

import numpy as np

from evaluators.data.splits import Data, Pair, distinct
from evaluators.harness.labels import UNASKED

NOISE = 0


def selective_copy(
    vocabulary: int, length: int, kept: int, counts: tuple[int, int, int], seed: int = 0
) -> Data:
    """Draw sequences `[n, length + kept]` of noise, data tokens and markers, with the answers.

    Of the `vocabulary` token 0 is noise and the last is the marker. Answers are `UNASKED` but at
    the markers.
    """
    if not 0 < kept <= length or vocabulary < 4:
        raise ValueError(f"{kept} tokens do not fit a length of {length}")
    rng = np.random.default_rng(seed)
    return distinct(lambda count: _draw(count, vocabulary, length, kept, rng), counts)


def _draw(count: int, vocabulary: int, length: int, kept: int, rng: np.random.Generator) -> Pair:
    data = rng.integers(1, vocabulary - 1, size=(count, kept))
    places = np.sort(np.argsort(rng.random((count, length)), axis=1)[:, :kept], axis=1)
    x = np.full((count, length + kept), NOISE)
    np.put_along_axis(x, places, data, axis=1)
    x[:, length:] = vocabulary - 1
    y = np.full((count, length + kept), UNASKED)
    y[:, length:] = data
    return x, y
