"""Disease progression of 442 diabetes patients from ten raw measurements: badly conditioned.

The data is scikit-learn's bundled copy of Efron et al. 2004. The measurements keep their own units
(years, mm Hg, mg/dl, sex as 1 or 2), merely centred and divided by ten, so that their spreads
differ up to seventy-fold and the loss is a long narrow valley. The target is standardised.
"""

from __future__ import annotations

import numpy as np

from evaluators.data import Data, split
from evaluators.networks import mlp
from evaluators.supervised import Supervised


def load() -> Data:
    """Return the measurements `[n, 10]` and the standardised progression `[n, 1]`."""
    from sklearn.datasets import load_diabetes

    x, y = (np.asarray(part) for part in load_diabetes(return_X_y=True, scaled=False))
    x = ((x - x.mean(0)) / 10).astype(np.float32)
    y = ((y - y.mean()) / y.std()).astype(np.float32)
    return split(x, y[:, None], validation=0.2, test=0.25)


TASK = Supervised(
    name="regression",
    goal=(
        "Fit a 10-32-32-1 perceptron to the progression of diabetes in the lowest squared error on "
        "unseen patients in 200 steps of batch 32. The inputs have very different scales."
    ),
    data=load,
    model=mlp(10, 32, 32, 1),
    score="-squared error",
    steps=200,
    seeds=5,
    held_out=("digits", "mnist1d", "modular"),
)
