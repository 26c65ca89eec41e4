"""MNIST-1D with the paper's convolutional network: three strided layers of 25 channels.

Data as in `mnist1d` (Greydanus 2020). The network is the paper's CNN of 5,210 weights, which it
trains to 94 %.
"""

from __future__ import annotations

from evaluators.data import Data
from evaluators.data.mnist1d import reshaped
from evaluators.networks import conv
from evaluators.supervised import Supervised


def load() -> Data:
    """Return the signals as `[n, 1, 40]`."""
    return reshaped(1, 40)


TASK = Supervised(
    name="mnist1d-cnn",
    goal=(
        "Train a convolutional network of 5,210 weights on MNIST-1D, noisy one-dimensional signals "
        "in ten classes, to the lowest validation cross-entropy in 200 steps of batch 32."
    ),
    data=load,
    model=conv((1, 40), channels=(25, 25, 25), kernels=(5, 3, 3), outputs=10),
    steps=200,
    seeds=3,
    held_out=("digits", "regression", "modular"),
)
