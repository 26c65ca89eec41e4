"""Judge an optimiser program: train under it, at every learning rate and seed, annealed by cosine.

The child side of every optimiser evaluation. The program is run by our own interpreter, so no text
of a candidate is executed.
"""

from __future__ import annotations

import numpy as np

from evaluators.harness.memory import keep_freed_memory
from evaluators.harness.training import cosine, train_on
from programs.errors import Fault
from programs.genome import Genome
from programs.load import kind_named, read_program
from sandbox.base import Payload


def train(payload: Payload) -> Payload:
    """Train under the program `source` for `steps`; the rest is as `train_on` takes it."""
    steps = int(payload.data["steps"])
    factors = [cosine(step, steps) for step in range(steps)]
    return train_on(payload, genome_of(payload.data["source"], "optimizer").main, factors)


def warm_up() -> None:
    """Run a few steps so that everything torch imports late is there before the first fork."""
    keep_freed_memory()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 4)).astype(np.float32)
    arrays = {"train_x": x, "train_y": np.arange(8) % 3, "eval_x": x}
    source = "def update(w, g, lr):\n    return lr * g\n"
    model = {"family": "mlp", "widths": [4, 4, 3]}
    data = {"source": source, "model": model, "loss": "cross-entropy", "steps": 2, "batch": 4}
    train(Payload({**data, "learning_rates": [0.1], "seeds": [0]}, arrays))


def genome_of(source: str, kind: str) -> Genome:
    """Read the text of a program that was admitted."""
    program = read_program(source, kind_named(kind))
    if isinstance(program, Fault) or program.genome is None:
        raise ValueError(f"not a program of the language: {program}")
    return program.genome


__all__ = ["cosine", "genome_of", "train", "warm_up"]
