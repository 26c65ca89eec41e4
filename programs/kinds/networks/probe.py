"""The fixed inputs and weights on which architectures show what they compute.

Every weight is cut from one long table of fixed numbers, at a place that its canonical path alone
decides, so that the order in which a program makes its weights does not matter. Outputs and the
gradients of a fixed mix of them with respect to the inputs are taken in float64.
"""

from __future__ import annotations

import hashlib
import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

from programs.check import Typed, check
from programs.genome import Genome
from programs.kind import Entry, Kind
from programs.kinds.networks.build import run
from programs.kinds.networks.features import Feature
from programs.kinds.networks.layer import Weight
from programs.kinds.networks.plan import recipe_of

BATCH = 2
_TABLE = 1 << 17


def probe(genome: Genome, kind: Kind) -> np.ndarray:
    """Run a checked architecture on every sort of input it fits; return all numbers in a row.

    One thread is used: the tensors are small, and sums must not depend on how they are shared out.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return np.concatenate([_outputs(typed) for typed in _fitting(genome, kind)])
    finally:
        torch.set_num_threads(threads)


def _fitting(genome: Genome, kind: Kind) -> list[Typed]:
    """Type-check for the kind's own input, or else for the first that fits of every sort."""
    entries = [kind.entry] if kind.settings is None else list(kind.settings(genome))
    found: dict[str, Typed] = {}
    for entry in entries:
        sort = _input(entry).sort
        if sort not in found:
            typed = check(genome, kind.at(entry))
            if isinstance(typed, Typed):
                found[sort] = typed
    return list(found.values())


def _input(entry: Entry) -> Feature:
    (x,) = entry.inputs.values()
    assert isinstance(x, Feature)
    return x


def _outputs(typed: Typed) -> np.ndarray:
    recipe = recipe_of(typed)
    weights = {
        path: {name: filled(weight, f"{path}.{name}") for name, weight in made.items()}
        for path, made in recipe.weights.items()
    }
    x = cut("input", (BATCH, *recipe.given.shape)).clone().requires_grad_()
    y = run(recipe, x, weights, training=False)
    mix = cut("mix", y.shape)
    (gradient,) = torch.autograd.grad((y * mix).sum(), x, allow_unused=True)
    gradient = torch.zeros_like(x) if gradient is None else gradient
    return torch.cat([y.detach().flatten(), gradient.flatten()]).numpy()


def filled(weight: Weight, path: str) -> Tensor:
    """Return a weight's value on the probes: near its start, but never constant."""
    spread = max(weight.std, 0.1)
    value = cut(path, weight.shape) * spread
    if weight.ramp is not None:
        value = value + torch.linspace(*weight.ramp, weight.shape[-1], dtype=torch.float64)
    value = value + weight.mean
    # A running variance must stay positive; everything else has no bounds.
    return value.abs() if weight.mean and not weight.trained else value


def cut(path: str, shape: tuple[int, ...] | torch.Size) -> Tensor:
    """Return fixed normal numbers of a shape, at the path's own place in the table."""
    table = _table()
    count = math.prod(shape)
    start = int.from_bytes(hashlib.blake2b(path.encode(), digest_size=4).digest(), "little")
    start %= _TABLE
    if start + count > len(table):
        table = table.repeat(1 + (start + count) // len(table))
    return table[start : start + count].view(shape)


@cache
def _table() -> Tensor:
    rng = np.random.Generator(np.random.PCG64(20230424))
    return torch.from_numpy(np.resize(rng.normal(size=_TABLE), 2 * _TABLE))
