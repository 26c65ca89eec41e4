"""ListOps: the value of nested expressions of minimum, maximum, median and sum modulo 10.

Long Range Arena's generator (Tay et al. 2021, arXiv 2011.04006; Nangia & Bowman 2018) at lengths
for a CPU: 6 to 24 tokens, three levels deep, two to four arguments, where the arena has up to 2,000
tokens in ten levels. 8,192 expressions are for training, 512 for the search, 1,024 held out. The
ten values are about equally likely: guessing scores -2.30.
"""

from __future__ import annotations

from evaluators.bodies import RATES, Bodies, embedding
from evaluators.data.listops import VOCABULARY, listops
from evaluators.data.splits import Data
from evaluators.task import Rung
from programs.spec import Spec
from sandbox.base import MIB, Limits

LENGTH, WIDTH = 24, 16


def load() -> Data:
    """Return expressions `[n, 24]` with their values."""
    return listops(6, LENGTH, depth=3, arguments=4, counts=(8192, 512, 1024))


TASK = Bodies(
    name="listops",
    goal=(
        "Tell the value of nested expressions of minimum, maximum, median and sum modulo 10, "
        "written in 24 tokens: the body of a network of width 16, trained for 300 steps of batch "
        "16; its output is averaged over the positions."
    ),
    data=load,
    spec=Spec("sequence", (LENGTH, WIDTH), 10),
    stem=embedding(VOCABULARY, WIDTH),
    steps=300,
    batch=16,
    baselines=(
        "bi_gru",
        "vgg",
        "sandwich",
        "transformer",
        "mlp_mixer",
        "tcn",
        "linear_attention",
        "s4d",
    ),
    further=(Rung("long", 3000, RATES, 3, Limits(1800.0, 1024 * MIB)),),
    held_out=("mnist1d",),
    funnel=("modular", "digits-pixels"),
)
