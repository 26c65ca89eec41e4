"""The fixed inputs and weights on which architectures show what they compute.

Every weight is cut from one long table of fixed numbers, at a place that its canonical path alone
decides, so that the order in which a program makes its weights does not matter. Outputs and the
gradients of a fixed mix of them with respect to the inputs are taken in float64.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from functools import cache

import numpy as np
import torch
from torch import Tensor

from programs.genome import Genome
from programs.kind import Entry, Kind, Unprobed
from programs.kinds.architecture import settings
from programs.kinds.networks.build import run
from programs.kinds.networks.features import Feature
from programs.kinds.networks.layer import Weight
from programs.kinds.networks.plan import Recipe, recipe

BATCH = 2
MAX_FLOPS = 1 << 28
MAX_PARAMETERS = 1 << 23
MAX_VALUES = 1 << 22
_TABLE = 1 << 17


def probe(genome: Genome, kind: Kind) -> np.ndarray:
    """Run a checked architecture on the probes; return all numbers in a row.

    Of a kind for a task, on the task's shape; otherwise, or where that is too large, on every sort
    of input it fits. One thread is used: sums must not depend on how they are shared out.
    """
    recipes = _small([kind.entry] if kind.settings is None else [], genome, kind)
    recipes = recipes or _small(settings(genome), genome, kind)
    if not recipes:
        raise Unprobed(
            "too large: no probe has room for its parameters, its values and its operations"
        )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return np.concatenate([_outputs(recipe) for recipe in recipes])
    finally:
        torch.set_num_threads(threads)


def _small(entries: Iterable[Entry], genome: Genome, kind: Kind) -> list[Recipe]:
    """Return the recipe for the first entry of every sort that a program fits, but no large one."""
    found: dict[str, Recipe] = {}
    for entry in entries:
        sort = _input(entry).sort
        if sort not in found:
            recipe_or_fault = recipe(genome, kind.at(entry))
            if isinstance(recipe_or_fault, Recipe):
                found[sort] = recipe_or_fault
    return [r for r in found.values() if _fits_a_probe(r)]


def _fits_a_probe(recipe: Recipe) -> bool:
    return (
        recipe.flops <= MAX_FLOPS
        and recipe.parameters <= MAX_PARAMETERS
        and recipe.values <= MAX_VALUES
    )


def _input(entry: Entry) -> Feature:
    (x,) = entry.inputs.values()
    assert isinstance(x, Feature)
    return x


def _outputs(recipe: Recipe) -> np.ndarray:
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
