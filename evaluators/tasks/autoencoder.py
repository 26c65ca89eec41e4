"""A deep autoencoder of handwritten digits: 64-48-24-8-24-48-64 with tanh, deep and badly scaled.

Deep narrow autoencoders are the classic hard case for first-order methods (Hinton & Salakhutdinov
2006; Martens 2010; Sutskever et al. 2013). Images and splits are those of `digits`; the network
squeezes each image through eight numbers and is scored by minus the mean squared error per pixel.
"""

from __future__ import annotations

from evaluators.data import Data
from evaluators.networks import mlp
from evaluators.supervised import Supervised
from evaluators.tasks import digits


def load() -> Data:
    """Return the images `[n, 64]` as inputs and as targets."""
    flat = digits.load()
    return Data(*((x, x) for x, _ in (flat.train, flat.validation, flat.test)))


TASK = Supervised(
    name="autoencoder",
    goal=(
        "Train a deep tanh autoencoder with a bottleneck of eight to the lowest squared error on "
        "unseen 8x8 digits in 300 steps of batch 32. It is deep and badly conditioned: optimisers "
        "differ far more than on a classifier."
    ),
    data=load,
    model=mlp(64, 48, 24, 8, 24, 48, 64, activation="tanh"),
    score="-squared error",
    steps=300,
    seeds=4,
    funnel=("digits-conv", "stdlib-lm"),
)
