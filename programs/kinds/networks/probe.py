"""The inputs and weights on which architectures show what they compute: fixed, and random ones.

Every weight is cut from one long table of fixed numbers. Its place is decided by its layer and by
the values that the layer is applied to, not by how the program is written: `relu(linear(x))` and
`maximum(linear(x), 0)` have the same weights, in whatever order they are made. Layers of one sort
that see the same values are twins; what reads them says which comes first, or else their canonical
paths. Outputs and the gradients of a fixed mix of them with respect to the inputs are taken in
float64. A *draw* stands for other inputs and other places in the table.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from heapq import heapify, heappop, heappush

import numpy as np
import torch
from torch import Tensor

from programs.fingerprint import rounded
from programs.genome import Genome
from programs.kind import Entry, Kind, Unprobed
from programs.kinds.architecture import settings
from programs.kinds.networks.build import run
from programs.kinds.networks.features import Feature
from programs.kinds.networks.layer import Weight
from programs.kinds.networks.plan import Call, Recipe, recipe

BATCH = 2
MAX_FLOPS = 1 << 28
MAX_PARAMETERS = 1 << 23
MAX_VALUES = 1 << 22
_TABLE = 1 << 17
_BITS = 16
"""Bits of mantissa by which a layer's inputs are recognised: few, since rounding errors add up."""


def probe(genome: Genome, kind: Kind) -> np.ndarray:
    """Run a checked architecture on the probes; return all numbers in a row.

    Of a kind for a task, on the task's shape; otherwise, or where that is too large, on every sort
    of input it fits.
    """
    recipes = _small([kind.entry] if kind.settings is None else [], genome, kind)
    recipes = recipes or _small(settings(genome), genome, kind)
    if not recipes:
        raise Unprobed(
            "too large: no probe has room for its parameters, its values and its operations"
        )
    with _one_thread():
        return np.concatenate([_outputs(recipe) for recipe in recipes])


def fresh(
    genome: Genome, kind: Kind, entries: Iterable[Entry], rng: np.random.Generator
) -> np.ndarray:
    """Run a checked architecture on random inputs and weights; return all numbers in a row.

    An entry that it does not fit, or where it is too large, counts with one number.
    """
    found = [np.zeros(0)]
    with _one_thread():
        for entry in entries:
            draw, scale = f"{rng.integers(2**62)} ", float(10.0 ** rng.uniform(-1.0, 1.0))
            made = recipe(genome, kind.at(entry))
            if isinstance(made, Recipe) and _fits_a_probe(made):
                found.append(_outputs(made, draw, scale))
            else:
                found.append(np.array([np.nan]))
    return np.concatenate(found)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch take one thread, so that sums do not depend on how they are shared out."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
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


def _outputs(recipe: Recipe, draw: str = "", scale: float = 1.0) -> np.ndarray:
    x = (scale * cut(f"{draw}input", (BATCH, *recipe.given.shape))).requires_grad_()
    y = run(_in_order(recipe.calls), x, _Weights(recipe, draw), training=False)[recipe.result]
    mix = cut(f"{draw}mix", y.shape)
    (gradient,) = torch.autograd.grad((y * mix).sum(), x, allow_unused=True)
    gradient = torch.zeros_like(x) if gradient is None else gradient
    return torch.cat([y.detach().flatten(), gradient.flatten()]).numpy()


def _in_order(calls: Sequence[Call]) -> Iterator[Call]:
    """Order calls so that twins come in the same order, whichever is written first."""
    made_by = {call.target: place for place, call in enumerate(calls)}
    readers: list[list[tuple[int, int]]] = [[] for _ in calls]
    missing = [0] * len(calls)
    for place, call in enumerate(calls):
        for which, value in enumerate(call.values):
            if value in made_by:
                missing[place] += 1
                readers[made_by[value]].append((place, 0 if call.layer.commutative else which))

    def rank(place: int) -> tuple[str, str, int]:
        path = calls[place].path
        return (repr(_read_by(calls, readers, place)) if path else "", path, place)

    ready = [rank(place) for place, count in enumerate(missing) if not count]
    heapify(ready)
    while ready:
        place = heappop(ready)[-1]
        yield calls[place]
        for reader, _ in readers[place]:
            missing[reader] -= 1
            if not missing[reader]:
                heappush(ready, rank(reader))


def _read_by(
    calls: Sequence[Call], readers: Sequence[Sequence[tuple[int, int]]], place: int, depth: int = 2
) -> list[tuple[str, int, list]]:
    """Say what becomes of a value over the next few calls."""
    if not depth:
        return []
    found = [
        (calls[reader].layer.name, which, _read_by(calls, readers, reader, depth - 1))
        for reader, which in readers[place]
    ]
    return sorted(found)


class _Weights:
    """Gives each call its weights; under `recur` all calls of a path get those of the first."""

    def __init__(self, recipe: Recipe, draw: str) -> None:
        self.recipe = recipe
        self.draw = draw
        self.known: dict[str, dict[str, Tensor]] = {}
        self.twins: dict[str, int] = {}

    def __call__(self, call: Call, args: Sequence[Tensor | float]) -> dict[str, Tensor]:
        """Return the weights by name."""
        if call.path not in self.known:
            place = self._place(call, args)
            made = self.recipe.weights[call.path]
            self.known[call.path] = {
                n: filled(w, f"{self.draw}{place} {n}") for n, w in made.items()
            }
        return self.known[call.path]

    def _place(self, call: Call, args: Sequence[Tensor | float]) -> str:
        digest = hashlib.sha256(f"{call.layer.name} {sorted(call.facts.items())}".encode())
        for arg in args:
            values = arg.detach().numpy() if isinstance(arg, Tensor) else np.array([arg])
            digest.update(rounded(values, _BITS).data)
        place = digest.hexdigest()
        self.twins[place] = self.twins.get(place, 0) + 1
        return f"{place} {self.twins[place]}"


def filled(weight: Weight, name: str) -> Tensor:
    """Return a weight's value on the probes: near its start, but never constant."""
    spread = max(weight.std, 0.1)
    value = cut(name, weight.shape) * spread
    if weight.ramp is not None:
        value = value + torch.linspace(*weight.ramp, weight.shape[-1], dtype=torch.float64)
    value = value + weight.mean
    # A running variance must stay positive; everything else has no bounds.
    return value.abs() if weight.mean and not weight.trained else value


def cut(name: str, shape: tuple[int, ...] | torch.Size) -> Tensor:
    """Return fixed normal numbers of a shape, from a place in the table that a name decides."""
    table = _table()
    count = math.prod(shape)
    start = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")
    start %= _TABLE
    if start + count > len(table):
        table = table.repeat(1 + (start + count) // len(table))
    return table[start : start + count].view(shape)


@cache
def _table() -> Tensor:
    rng = np.random.Generator(np.random.PCG64(20230424))
    return torch.from_numpy(np.resize(rng.normal(size=_TABLE), 2 * _TABLE))
