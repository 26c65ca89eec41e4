"""MNIST-1D with the paper's recurrent network: a bidirectional GRU of six units, 40 time steps.

Data as in `mnist1d` (Greydanus 2020). The network is the paper's GRU of 5,134 weights, which it
trains to 91 %. Gradients pass through 40 steps of recurrence: deep, for an optimiser.
"""

from __future__ import annotations

from evaluators.data import Data
from evaluators.data.mnist1d import reshaped
from evaluators.networks import gru
from evaluators.supervised import Supervised
from evaluators.task import log_sweep


def load() -> Data:
    """Return the signals as `[n, 40, 1]`."""
    return reshaped(40, 1)


TASK = Supervised(
    name="mnist1d-gru",
    goal=(
        "Train a small bidirectional GRU through 40 time steps on MNIST-1D, noisy signals in ten "
        "classes, to the lowest validation cross-entropy in 100 steps of batch 32."
    ),
    data=load,
    model=gru(length=40, inputs=1, hidden=6, outputs=10),
    steps=100,
    learning_rates=log_sweep(1e-3, 10.0, 9),
    seeds=3,
    held_out=("digits", "regression", "modular"),
)
