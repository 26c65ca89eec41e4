"""Handwritten digits: 1,797 real 8×8 images, a 64-32-32-10 MLP, 200 steps.

The data is scikit-learn's bundled copy of the UCI optical digits (Alpaydin & Kaynak 1998), so it
works offline. A fixed seed makes three stratified splits: 60 % for training, 15 % validation for
the search, 25 % held out for verdicts. The score is minus the cross-entropy in nats per image.
"""

from __future__ import annotations

import numpy as np

from evaluators.bodies import RATES, Bodies, linear
from evaluators.data import Data
from evaluators.networks import mlp
from evaluators.supervised import Supervised
from evaluators.task import Rung
from programs.spec import Spec
from sandbox.base import MIB, Limits

_SPLIT_SEED = 0


def load() -> Data:
    """Return the images as `[n, 64]` in 0…1 with their labels, split."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    images = (images / 16.0).astype(np.float32)
    x, test_x, y, test_y = train_test_split(
        images, labels, test_size=0.25, random_state=_SPLIT_SEED, stratify=labels
    )
    train_x, val_x, train_y, val_y = train_test_split(
        x, y, test_size=0.2, random_state=_SPLIT_SEED, stratify=y
    )
    pairs = ((train_x, train_y), (val_x, val_y), (test_x, test_y))
    return Data(*((np.asarray(x), np.asarray(y)) for x, y in pairs))


def images() -> Data:
    """Return the images as `[n, 1, 8, 8]`."""
    flat = load()
    pairs = (flat.train, flat.validation, flat.test)
    return Data(*((x.reshape(-1, 1, 8, 8), y) for x, y in pairs))


BODIES = Bodies(
    name="digits",
    goal=(
        "Classify 8x8 handwritten digits: the body of a network between a linear map of each pixel "
        "to 16 channels and a linear read-out of the mean over all places, trained for 120 steps "
        "of batch 32."
    ),
    data=images,
    spec=Spec("image", (16, 8, 8), 10),
    stem=linear(1, 16, image=True),
    steps=120,
    baselines=("vgg", "resnet", "densenet", "mobilenet", "lenet", "convnext", "vit", "mlp"),
    further=(Rung("long", 1000, RATES, 3, Limits(1800.0, 1024 * MIB)),),
    held_out=("mnist1d",),
    funnel=("listops", "modular"),
)


TASK = Supervised(
    name="digits",
    goal=(
        "Train a small ReLU classifier of 8x8 handwritten digits to the lowest validation "
        "cross-entropy in 200 steps of batch 32."
    ),
    data=load,
    model=mlp(64, 32, 32, 10),
    steps=200,
    kinds=("optimizer", "schedule", "architecture"),
    body=BODIES,
)
