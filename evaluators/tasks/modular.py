"""Addition modulo 23: from part of the table of sums to all of it, the setting of grokking.

Power et al. 2022 ("Grokking", arXiv 2201.02177): a network memorises the sums it was shown first
and understands them later, and whether and when it does depends on the optimiser. As in Gromov
2023 (arXiv 2301.02679) the two numbers come one-hot into a perceptron with quadratic activation,
46-64-23. Of the 529 sums 70 % are for training, 15 % for the search, 15 % held out. Within 400
steps AdamW gets there at a learning rate near 4 with every seed, at 3 with some, and most rules
nowhere: a score falls off a cliff here. Always answering alike scores -3.14, the logarithm of 1/23.
"""

from __future__ import annotations

import numpy as np

from evaluators.data import Data, split
from evaluators.networks import mlp
from evaluators.supervised import Supervised
from evaluators.task import log_sweep

PRIME = 23


def load() -> Data:
    """Return both numbers one-hot `[n, 2p]` and their sum modulo p."""
    a, b = (part.ravel() for part in np.meshgrid(np.arange(PRIME), np.arange(PRIME)))
    x = np.concatenate([np.eye(PRIME)[a], np.eye(PRIME)[b]], axis=1).astype(np.float32)
    return split(x, (a + b) % PRIME, validation=0.15, test=0.15)


TASK = Supervised(
    name="modular",
    goal=(
        "Train a perceptron on part of the table of addition modulo 23 to the lowest cross-entropy "
        "on sums it has not seen, in 400 steps of batch 128. Memorising is not enough."
    ),
    data=load,
    model=mlp(2 * PRIME, 64, PRIME, activation="square"),
    steps=400,
    batch=128,
    learning_rates=log_sweep(4e-4, 12.65, 10),
    seeds=3,
    held_out=("digits", "mnist1d", "regression"),
)
