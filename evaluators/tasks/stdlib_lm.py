"""Python's own source, byte by byte: a two-block transformer learns the standard library.

The corpus is every top-level `*.py` file of the running Python's standard library, in the order of
their names: real text that is on every machine. It depends on Python's patch version, so the
corpus is part of the checksum, and scores compare between equal Pythons only. The last 10 % of the
bytes are for judging, half for the search and half held out. A search's 80 steps see
10 KB of it.

The score is minus bits per byte: how well the byte after a window of 32 is predicted. At every
position the targets of a language model are its own shifted inputs, so a child that judges all
positions holds the answers. Here judged windows do not touch, and only the byte *after* each
counts, which is in no window: the child never holds a judged byte, and the parent computes the
score from logits. (The published figures for this corpus: order-0 4.54 bits, order-2 2.70.)
"""

from __future__ import annotations

import sysconfig
from pathlib import Path

from evaluators.bodies import RATES, Bodies, embedding
from evaluators.data import Data, text
from evaluators.data.splits import only_last
from evaluators.networks import transformer
from evaluators.supervised import Supervised
from evaluators.task import Rung, log_sweep
from programs.spec import Spec
from sandbox.base import MIB, Limits

CONTEXT = 32


def load() -> Data:
    """Return windows of the running Python's top-level modules."""
    folder = Path(sysconfig.get_path("stdlib"))
    return text(sorted(folder.glob("*.py")), CONTEXT, judged=512)


BODIES = Bodies(
    name="stdlib-lm",
    goal=(
        "Predict Python source byte by byte: the causal body of a language model of width 24 on "
        "windows of 32 bytes, trained for 200 steps of batch 8, to the fewest bits per byte."
    ),
    data=lambda: only_last(load()),
    spec=Spec("sequence", (CONTEXT, 24), 256, causal=True),
    stem=embedding(256, 24),
    pooled=False,
    score="-bits per byte",
    steps=200,
    batch=8,
    baselines=("tcn", "hyena", "mamba", "s4d", "gru", "llama", "transformer"),
    further=(Rung("long", 2000, RATES, 3, Limits(1800.0, 1024 * MIB)),),
    held_out=("mqar",),
    funnel=("selective-copy", "listops"),
)


TASK = Supervised(
    name="stdlib-lm",
    goal=(
        "Train a small causal transformer, byte by byte, on Python source to the fewest bits per "
        "byte on unseen files in 80 steps of 4 windows of 32 bytes."
    ),
    data=load,
    model=transformer(vocabulary=256, context=CONTEXT, width=24, depth=2, heads=2),
    score="-bits per byte",
    steps=80,
    batch=4,
    learning_rates=log_sweep(1e-3, 10.0, 9),
    seeds=3,
    further=(Rung("long", 2000, log_sweep(1e-3, 10.0, 9), 3, Limits(600.0, 1024 * MIB)),),
    funnel=("autoencoder", "digits-conv"),
    kinds=("optimizer", "schedule", "architecture"),
    body=BODIES,
)
