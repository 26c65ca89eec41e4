"""Handwritten digits with a small convolutional network: 8 and 16 channels, 150 steps.

Images and splits are those of `digits` (scikit-learn's optical digits), as 8×8 pictures.
"""

from __future__ import annotations

from evaluators.networks import conv
from evaluators.supervised import Supervised
from evaluators.tasks import digits

TASK = Supervised(
    name="digits-conv",
    goal=(
        "Train a two-layer convolutional network of 8x8 handwritten digits to the lowest "
        "validation cross-entropy in 150 steps of batch 32."
    ),
    data=digits.images,
    model=conv((1, 8, 8), channels=(8, 16), outputs=10),
    steps=150,
    seeds=4,
)
