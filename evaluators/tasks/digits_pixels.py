"""Handwritten digits read pixel by pixel: real images as sequences of 64 points, 150 steps.

Images and splits are those of `digits` (scikit-learn's optical digits), their rows one after the
other, as the Long Range Arena reads its images (Tay et al. 2021, arXiv 2011.04006): what lies above
a pixel is eight places away, which a network has to find out.
"""

from __future__ import annotations

from evaluators.bodies import RATES, Bodies, linear
from evaluators.data import Data
from evaluators.task import Rung
from evaluators.tasks import digits
from programs.spec import Spec
from sandbox.base import MIB, Limits

LENGTH, WIDTH = 64, 16


def load() -> Data:
    """Return the images as `[n, 1, 64]`."""
    flat = digits.load()
    pairs = (flat.train, flat.validation, flat.test)
    return Data(*((x.reshape(-1, 1, LENGTH), y) for x, y in pairs))


TASK = Bodies(
    name="digits-pixels",
    goal=(
        "Classify 8x8 handwritten digits read as a sequence of 64 pixels: the body of a network "
        "between a linear map of each pixel to 16 features and a linear read-out of the mean over "
        "all positions, trained for 150 steps of batch 32."
    ),
    data=load,
    spec=Spec("sequence", (LENGTH, WIDTH), 10),
    stem=linear(1, WIDTH),
    steps=150,
    baselines=(
        "evoprompting_cnn",
        "lenet",
        "mlp_mixer",
        "vgg",
        "resnet",
        "gmlp",
        "hyena",
        "transformer",
    ),
    further=(Rung("long", 1000, RATES, 3, Limits(1800.0, 1024 * MIB)),),
    held_out=("mnist1d",),
    funnel=("listops", "modular"),
)
