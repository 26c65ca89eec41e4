"""Multi-query associative recall: find the value that went with a key, several times a sequence.

The task of Arora et al. 2024 ("Zoology", arXiv 2312.04927), on which attention and models without
it differ most: three pairs of key and value, then each key once more among random tokens, in 16
tokens of a vocabulary of 24. 8,192 sequences are for training, 512 for the search, 1,024 held out;
judged are the three places where a key returns. Guessing among the values scores -2.48 (the
logarithm of 1/12), guessing among the three seen -1.10.
"""

from __future__ import annotations

from evaluators.bodies import RATES, Bodies, embedding
from evaluators.data.mqar import mqar
from evaluators.data.splits import Data
from evaluators.task import Rung
from programs.spec import Spec
from sandbox.base import MIB, Limits

VOCABULARY, LENGTH, PAIRS, WIDTH = 24, 16, 3, 16


def load() -> Data:
    """Return sequences `[n, 16]` with the values owed where a key returns."""
    return mqar(VOCABULARY, LENGTH, PAIRS, (8192, 512, 1024))


TASK = Bodies(
    name="mqar",
    goal=(
        "Recall, at each later occurrence of a key in a sequence of 16 tokens, the value that "
        "followed it at its first: the causal body of a network of width 16, trained for 400 steps "
        "of batch 16."
    ),
    data=load,
    spec=Spec("sequence", (LENGTH, WIDTH), VOCABULARY, causal=True),
    stem=embedding(VOCABULARY, WIDTH),
    pooled=False,
    steps=400,
    batch=16,
    baselines=(
        "sandwich",
        "transformer",
        "linear_attention",
        "llama",
        "mamba",
        "s4d",
        "hyena",
        "gru",
    ),
    further=(Rung("long", 3000, RATES, 3, Limits(1800.0, 1024 * MIB)),),
    held_out=("selective-copy",),
    funnel=("stdlib-lm", "listops"),
)
