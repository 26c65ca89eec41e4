"""Addition modulo 23: from part of the table of sums to all of it, the setting of grokking.

Power et al. 2022 ("Grokking", arXiv 2201.02177): a network memorises the sums it was shown first
and understands them later, and whether and when it does depends on the optimiser. As in Gromov
2023 (arXiv 2301.02679) the two numbers come one-hot into a perceptron with quadratic activation,
46-64-23. Of the 529 sums 70 % are for training, 15 % for the search, 15 % held out. Within 400
steps AdamW gets there at a learning rate near 4 with every seed, at 3 with some, and most rules
nowhere: a score falls off a cliff here. Always answering alike scores -3.14, the logarithm of 1/23.

Architectures read `a + b =` as four tokens of width 24, as in Power et al. Within
600 steps of batch 64 long convolutions and mixtures of tokens find the rule; what only memorises is
sure of wrong sums, and scores below guessing.
"""

from __future__ import annotations

import numpy as np

from evaluators.bodies import Bodies, embedding
from evaluators.data import Data, split
from evaluators.networks import mlp
from evaluators.supervised import Supervised
from evaluators.task import Rung, log_sweep
from programs.spec import Spec
from sandbox.base import MIB, Limits

PRIME = 23
WIDTH = 24
BODY_RATES = (1e-2, 3e-2, 1e-1, 3e-1)


def load() -> Data:
    """Return both numbers one-hot `[n, 2p]` and their sum modulo p."""
    a, b = _table()
    x = np.concatenate([np.eye(PRIME)[a], np.eye(PRIME)[b]], axis=1).astype(np.float32)
    return split(x, (a + b) % PRIME, validation=0.15, test=0.15)


def load_tokens() -> Data:
    """Return `a + b =` as tokens `[n, 4]` and the sum modulo p."""
    a, b = _table()
    x = np.stack([a, np.full_like(a, PRIME), b, np.full_like(a, PRIME + 1)], axis=1)
    return split(x, (a + b) % PRIME, validation=0.15, test=0.15)


def _table() -> tuple[np.ndarray, np.ndarray]:
    a, b = np.meshgrid(np.arange(PRIME), np.arange(PRIME))
    return a.ravel(), b.ravel()


BODIES = Bodies(
    name="modular",
    goal=(
        "Learn addition modulo 23 from part of its table: the body of a network of width 24 that "
        "reads `a + b =` as four tokens, trained for 600 steps of batch 64 and "
        "judged on sums it has not seen. Memorising is not enough."
    ),
    data=load_tokens,
    spec=Spec("sequence", (4, WIDTH), PRIME),
    stem=embedding(PRIME + 2, WIDTH),
    steps=600,
    batch=64,
    learning_rates=BODY_RATES,
    baselines=(
        "gmlp",
        "convnext",
        "hyena",
        "vgg",
        "linear_attention",
        "mlp_mixer",
        "fnet",
        "transformer",
    ),
    further=(Rung("long", 6000, BODY_RATES, 3, Limits(1800.0, 1024 * MIB)),),
    held_out=("listops",),
    funnel=("mnist1d", "digits-pixels"),
)


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
    kinds=("optimizer", "schedule", "architecture"),
    body=BODIES,
)
