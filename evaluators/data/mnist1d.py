"""The MNIST-1D generator (Greydanus 2020, arXiv 2011.14439), from its published description.

The steps, ranges and templates are the paper's; the random stream is ours, so signals are drawn
from the same distribution but are not the same signals.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from evaluators.data.splits import Data

TEMPLATES = np.array(
    [
        [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5],
        [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
        [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5],
        [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
        [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5],
        [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
        [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5],
        [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
    ]
)
"""Each digit's outline as twelve heights."""

PADDING = (36, 60)
LONG = TEMPLATES.shape[1] + PADDING[1]
LENGTH = 40
MAX_SHIFT = 48
SCALE = 0.4
SHEAR = 0.75
CORRELATED_NOISE = 0.25
WHITE_NOISE = 0.02
SMOOTHING = 2.0
TRAIN, JUDGED = 4_000, 1_000
_SEED = 42


@cache
def signals() -> Data:
    """Return 4,000 + 1,000 + 1,000 signals `[n, 40]`, standardised as a whole, with labels."""
    rng = np.random.default_rng(_SEED)
    count = TRAIN + 2 * JUDGED
    labels = rng.permutation(np.arange(count) % len(TEMPLATES))
    x = np.stack([_signal(_outline(label), rng) for label in labels])
    x = ((x - x.mean()) / x.std()).astype(np.float32)
    parts = np.split(np.arange(count), [TRAIN, TRAIN + JUDGED])
    return Data(*((x[p], labels[p]) for p in parts))


def reshaped(*shape: int) -> Data:
    """Return the signals with each input in this shape: channels for a CNN, features for a GRU."""
    pairs = (signals().train, signals().validation, signals().test)
    return Data(*((x.reshape(-1, *shape), y) for x, y in pairs))


def _outline(label: int) -> np.ndarray:
    """Return a template with unit spread that starts at 0, a sixth as high."""
    heights = TEMPLATES[label]
    heights = (heights - heights.mean()) / heights.std()
    return (heights - heights[0]) / 6


def _signal(outline: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pad, stretch, scale and shift an outline, add noise, shear it and sample 40 points."""
    low, high = PADDING
    padded = np.concatenate([outline + 1e-8, np.zeros(rng.integers(low, high + 1))])
    x = _resample(padded, LONG) * (1 + SCALE * (rng.random() - 0.5))
    x = np.roll(x, rng.integers(MAX_SHIFT))
    noise = _smooth(CORRELATED_NOISE * rng.standard_normal(LONG))
    x = np.where(x != 0, x, noise) + WHITE_NOISE * rng.standard_normal(LONG)
    x = x - SHEAR * (rng.random() - 0.5) * np.linspace(-0.5, 0.5, LONG)
    return _resample(x, LENGTH)


def _resample(x: np.ndarray, count: int) -> np.ndarray:
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(x)), x)


def _smooth(x: np.ndarray) -> np.ndarray:
    """Blur with a Gaussian of width 2, cut at four widths, mirrored at the ends."""
    reach = int(4 * SMOOTHING + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SMOOTHING) ** 2)
    return np.convolve(np.pad(x, reach, mode="symmetric"), kernel / kernel.sum(), mode="valid")
