"""MNIST-1D with a perceptron: 4,000 generated signals of 40 points in ten shapes, 300 steps.

The data set of Greydanus 2020 ("Scaling down deep learning", arXiv 2011.14439), made by its
published recipe: twelve-point templates are padded, stretched, scaled, shifted, drowned in
correlated noise, sheared and sampled at 40 points. Its trained MLP reaches 68 %, its CNN 94 %, its
GRU 91 %, a linear model 32 %. Here 4,000 signals are for training, 1,000 for the search and 1,000
are held out; the network is the paper's, a residual 40-100-100-10 perceptron.
"""

from __future__ import annotations

from evaluators.bodies import RATES, Bodies, linear
from evaluators.data.mnist1d import reshaped, signals
from evaluators.networks import mlp
from evaluators.supervised import Supervised
from evaluators.task import Rung
from programs.spec import Spec
from sandbox.base import MIB, Limits

BODIES = Bodies(
    name="mnist1d",
    goal=(
        "Classify noisy one-dimensional signals of 40 points in ten classes: the body of a network "
        "between a linear map of each point to 16 features and a linear read-out of the mean over "
        "all positions, trained for 200 steps of batch 32."
    ),
    data=lambda: reshaped(1, 40),
    spec=Spec("sequence", (40, 16), 10),
    stem=linear(1, 16),
    steps=200,
    baselines=(
        "vgg",
        "resnet",
        "mobilenet",
        "tcn",
        "evoprompting_cnn",
        "bi_gru",
        "transformer",
        "s4d",
    ),
    further=(Rung("long", 2000, RATES, 3, Limits(1800.0, 1024 * MIB)),),
    held_out=("listops",),
    funnel=("digits-pixels", "modular"),
)


TASK = Supervised(
    name="mnist1d",
    goal=(
        "Train a residual ReLU perceptron of 15,210 weights on MNIST-1D, noisy one-dimensional "
        "signals in ten classes, to the lowest validation cross-entropy in 300 steps of batch 32."
    ),
    data=signals,
    model=mlp(40, 100, 100, 10, residual=True),
    steps=300,
    seeds=3,
    held_out=("digits", "regression", "modular"),
    kinds=("optimizer", "schedule", "architecture"),
    body=BODIES,
)
