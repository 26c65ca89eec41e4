"""Judge a schedule program: train under a given optimiser, its factor on the rate at every step.

The child side of every schedule evaluation. The factors are worked out once, before the first
step, by our own interpreter in double precision; those of a free-form schedule came out of another
process before, and are numbers here.
"""

from __future__ import annotations

import numpy as np

from evaluators.harness import optimizer
from evaluators.harness.optimizer import genome_of
from evaluators.harness.training import train_on
from programs.kinds.schedule import factors
from sandbox.base import Payload

LARGEST = 1e6
"""A factor beyond this is no share of the base rate, which is swept anyway."""


def train(payload: Payload) -> Payload:
    """Train under the optimiser `source` and the program `schedule` for `steps` steps.

    The array `factors [steps]`, where there is one, stands in for the program. The rest is as
    `train_on` takes it. Where a factor cannot be used no step is taken, and
    `stopped` says why.
    """
    steps = int(payload.data["steps"])
    found = payload.arrays.get("factors")
    if found is None:
        found = factors(genome_of(payload.data["schedule"], "schedule"), steps)
    if fault := fault_in(found):
        return Payload({"steps": 0, "stopped": fault})
    update = genome_of(payload.data["source"], "optimizer").main
    return train_on(payload, update, found.tolist())


def fault_in(found: np.ndarray) -> str:
    """Say what is wrong with the factors of a whole run, or nothing."""
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero(~(np.abs(found) <= LARGEST))
    if not len(bad):
        return ""
    step = int(bad[0])
    return (
        f"bad factor: {found[step]:.3g} at step {step} of {len(found)}; expected a finite number "
        f"of at most {LARGEST:g}"
    )


def warm_up() -> None:
    """Run a few steps so that everything torch imports late is there before the first fork."""
    optimizer.warm_up()
