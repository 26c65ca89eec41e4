"""Selective copying: keep four of twenty tokens, which lie at random places, and give them back.

The task of Gu & Dao 2023 ("Mamba", arXiv 2312.00752), small enough for a CPU: 4 data tokens of 8
sorts among 16 tokens of noise and data, then 4 markers at which they are owed in order. 8,192
sequences are for training, 512 for the search, 1,024 held out. Guessing scores -2.08 (the logarithm
of 1/8).
"""

from __future__ import annotations

from evaluators.bodies import RATES, Bodies, embedding
from evaluators.data.selective_copy import selective_copy
from evaluators.data.splits import Data
from evaluators.task import Rung
from programs.spec import Spec
from sandbox.base import MIB, Limits

VOCABULARY, LENGTH, KEPT, WIDTH = 10, 16, 4, 16


def load() -> Data:
    """Return sequences `[n, 20]` with the tokens owed at the last four."""
    return selective_copy(VOCABULARY, LENGTH, KEPT, (8192, 512, 1024))


TASK = Bodies(
    name="selective-copy",
    goal=(
        "Give back, in order, the four data tokens that lay at random places among noise in a "
        "sequence of 16 tokens: the causal body of a network of width 16, trained for 300 steps of "
        "batch 16."
    ),
    data=load,
    spec=Spec("sequence", (LENGTH + KEPT, WIDTH), VOCABULARY, causal=True),
    stem=embedding(VOCABULARY, WIDTH),
    pooled=False,
    steps=300,
    batch=16,
    baselines=("transformer", "gmlp", "mamba", "linear_attention", "llama", "gru", "s4d", "tcn"),
    further=(Rung("long", 3000, RATES, 3, Limits(1800.0, 1024 * MIB)),),
    held_out=("mqar",),
    funnel=("stdlib-lm", "listops"),
)
