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
from functools import cache, lru_cache
from heapq import heapify, heappop, heappush

import numpy as np
import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor

from programs.genome import Genome
from programs.kind import Entry, Kind, Unprobed
from programs.kinds.architecture import settings, uncommon
from programs.kinds.networks.backwards.arrays import Repeated
from programs.kinds.networks.backwards.passes import there_and_back
from programs.kinds.networks.features import Feature
from programs.kinds.networks.layer import Weight
from programs.kinds.networks.plan import Call, Recipe, recipe

SIZES = (1.0, 8.0)
"""How large the numbers of each example are: bounds such as the 6 of ReLU6 show at large ones."""

_EVERY = 7
"""Every so-manieth gain is large too: behind a norm, all examples are of one size."""

MAX_FLOPS = 1 << 28
MAX_PARAMETERS = 1 << 23
MAX_VALUES = 1 << 22
_TABLE = 1 << 17
_DIGITS = 6
"""Digits by which a layer's inputs are recognised: few, since rounding errors add up."""


def probe(genome: Genome, kind: Kind) -> np.ndarray:
    """Run a checked architecture on the probes; return all numbers in a row.

    Of a kind for a task, on the task's shape; otherwise, or where that is too large, on every sort
    of input it fits, of a usual size if there is such.
    """
    recipes = _small([kind.entry] if kind.settings is None else [], genome, kind)
    recipes = recipes or _small(settings(genome), genome, kind)
    recipes = recipes or _small(uncommon(genome), genome, kind)
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
            draw, scale = f"{rng.integers(2**62)} ", float(10.0 ** rng.uniform(-1.0, 1.5))
            made = recipe(genome, kind.at(entry))
            if isinstance(made, Recipe) and _fits_a_probe(made):
                found.append(_outputs(made, draw, scale))
            else:
                found.append(np.array([np.nan]))
    return np.concatenate(found)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch and numpy take one thread, so that sums do not depend on how they are shared out.

    While others train on the cores, threads would also spin longer than the products take.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _pools().limit(limits=1):
            yield
    finally:
        torch.set_num_threads(threads)


@cache
def _pools() -> ThreadpoolController:
    """Find the threads of numpy's libraries, which takes a millisecond or two."""
    return ThreadpoolController().select(user_api="blas")


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
    x = scale * examples(recipe.given.shape, draw)
    calls = _in_order(recipe.calls)
    with np.errstate(all="ignore"):
        y, backwards = there_and_back(calls, x, _Weights(recipe, draw), recipe.result)
        gradient = backwards(numbers(f"{draw}mix", y.shape))
    return np.concatenate([y.ravel(), gradient.ravel()])


def examples(shape: tuple[int, ...], draw: str = "") -> np.ndarray:
    """Return fixed inputs, one of each of `SIZES`, `[examples, *shape]`."""
    sizes = np.array(SIZES).reshape(-1, *(1 for _ in shape))
    return sizes * numbers(f"{draw}input", (len(SIZES), *shape))


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

    uses = _uses(calls, readers)

    def rank(place: int) -> tuple[str, str, int]:
        path = calls[place].path
        return (uses[place] if path else "", path, place)

    ready = [rank(place) for place, count in enumerate(missing) if not count]
    heapify(ready)
    while ready:
        place = heappop(ready)[-1]
        yield calls[place]
        for reader, _ in readers[place]:
            missing[reader] -= 1
            if not missing[reader]:
                heappush(ready, rank(reader))


def _uses(calls: Sequence[Call], readers: Sequence[Sequence[tuple[int, int]]]) -> list[str]:
    """Say of each value what reads it, and what reads that."""
    known = [""] * len(calls)
    for _ in range(2):
        said = [f"{call.layer.name}({use})" for call, use in zip(calls, known, strict=True)]
        known = [" ".join(sorted([f"{which}{said[r]}" for r, which in each])) for each in readers]
    return known


class _Weights:
    """Gives each call its weights; under `recur` all calls of a path get those of the first."""

    def __init__(self, recipe: Recipe, draw: str) -> None:
        self.recipe = recipe
        self.draw = draw
        self.known: dict[str, dict[str, np.ndarray | Repeated]] = {}
        self.twins: dict[str, int] = {}

    def __call__(
        self, call: Call, args: Sequence[np.ndarray | float]
    ) -> dict[str, np.ndarray | Repeated]:
        """Return the weights by name."""
        if call.path not in self.known:
            place = self._place(call, args)
            made = self.recipe.weights[call.path]
            self.known[call.path] = {
                n: filled(w, f"{self.draw}{place} {n}") for n, w in made.items()
            }
        return self.known[call.path]

    def _place(self, call: Call, args: Sequence[np.ndarray | float]) -> str:
        seen = " ".join(_summary(arg) for arg in args)
        place = f"{call.layer.name} {sorted(call.facts.items())} {seen}"
        self.twins[place] = twin = self.twins.get(place, 0) + 1
        return f"{place} {twin}"


def _summary(value: np.ndarray | float) -> str:
    """Tell values apart by a few digits of a sum of theirs with fixed factors."""
    if not isinstance(value, np.ndarray):
        return _coarse(value)
    flat, table = value.ravel(), _table()
    if len(flat) > len(table):
        table = np.resize(table, len(flat))
    return _coarse(table[: len(flat)].dot(flat))


def _coarse(number: float) -> str:
    return f"{number + 0.0:.{_DIGITS}g}"


def filled(weight: Weight, name: str) -> np.ndarray | Repeated:
    """Return a weight's value on the probes, not to be changed: most of it near its start."""
    factor = max(weight.std, 0.1)
    if weight.ramp is None and not weight.mean and (times := _times_over(weight.shape)) > 1:
        width = weight.shape[1]
        return Repeated(_scaled(name, (_TABLE // width, width), factor), times)
    value = _scaled(name, weight.shape, factor)
    if weight.ramp is not None:
        value = value + np.linspace(*weight.ramp, weight.shape[-1])
    if weight.mean:
        value = value + weight.mean
        if weight.trained and weight.mean > 0:
            value[..., ::_EVERY] *= SIZES[-1]
        # A running variance must stay positive; everything else has no bounds.
        return value if weight.trained else np.abs(value)
    return value


def _times_over(shape: tuple[int, ...]) -> int:
    """Return how often a matrix takes the table whole; 0 where it is none or takes parts of it."""
    count = math.prod(shape)
    whole = len(shape) == 2 and count % _TABLE == 0 and _TABLE % shape[1] == 0
    return count // _TABLE if whole else 0


def cut(name: str, shape: tuple[int, ...] | torch.Size) -> Tensor:
    """Return the same numbers as a tensor of its own."""
    return torch.from_numpy(numbers(name, shape).copy())


def numbers(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return fixed normal numbers of a shape, from a place in the table that a name decides."""
    return _scaled(name, shape, 1.0)


def _scaled(name: str, shape: tuple[int, ...], factor: float) -> np.ndarray:
    """Return the same numbers times a factor; the table goes on from its beginning."""
    start, count, table = _start(name), math.prod(shape), _times(factor)
    if start + count <= len(table):
        return table[start : start + count].reshape(shape)
    value = np.empty(count)
    for place in range(0, count, _TABLE):
        part = value[place : place + _TABLE]
        part[:] = table[start : start + len(part)]
    return value.reshape(shape)


@lru_cache(maxsize=24)
def _times(factor: float) -> np.ndarray:
    """Return the table times a factor: what many weights are cut from, and nobody writes to."""
    return _table() * factor


def _start(name: str) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") % _TABLE


@cache
def _table() -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(20230424))
    return np.resize(rng.normal(size=_TABLE), 2 * _TABLE)
