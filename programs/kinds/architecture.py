"""Architectures: the body of a network between a task's input stem and its read-out.

    def block(x):
        x = x + attention(rms_norm(x), heads=4)
        h = rms_norm(x)
        return x + linear(silu(linear(h, times=4)) * linear(h, times=4), times=0.25)

    def network(x):                       # a sequence, an image or a vector, as the task says
        return rms_norm(repeat(block, 2, x))

A task's `Spec` settles the type of `x`: `at(spec)` is the kind for that task. Without one a program
is tried on a sequence, an image and a vector, each of a usual width and of the widths it names; if
it fits none of them, then, where a text is read, on the sizes that its numbers ask for.
Every call of an op with weights makes its own; `linear(x)` keeps the width, `linear(x, 64)` gives
64 features, `linear(x, times=4)` four times as many as `x` has.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from programs.genome import Genome
from programs.kind import Entry, Kind, vocabulary
from programs.kinds.networks.attention import ATTENTION, POSITIONS
from programs.kinds.networks.features import NUMBER, Feature, Wanted, fits
from programs.kinds.networks.maps import CONVOLUTIONS, MAPS
from programs.kinds.networks.mixing import MIXING, SHAPES
from programs.kinds.networks.plan import Recipe, recipe
from programs.kinds.networks.pointwise import POINTWISE
from programs.kinds.networks.recurrent import RECURRENT
from programs.spec import Spec

if TYPE_CHECKING:
    import numpy as np

USUAL_WIDTHS = (16, 64)
LENGTH, SIDE = 16, 8
MAX_WIDTHS, MAX_WIDTH = 5, 1024
LARGE_LENGTHS, LARGE_SIDES = (64, 256), (32, 64)
"""Lengths and sides for programs that shrink them more often than the usual ones bear."""


def entry(spec: Spec) -> Entry:
    """Return the entry function of networks for a task."""
    return _entry(Feature(spec.input, tuple(spec.shape), spec.causal))


def at(spec: Spec) -> Kind:
    """Return the kind for a task: its inputs have the types that the spec says."""
    return KIND.at(entry(spec))


def settings(genome: Genome) -> Iterator[Entry]:
    """Yield the inputs a program may be meant for: usual widths first, then those it names."""
    yield from _entries(_widths(genome, MAX_WIDTHS), (LENGTH,), (SIDE,))


def uncommon(genome: Genome) -> Iterator[Entry]:
    """Yield larger inputs, and such as heads and groups, or patches and strides, divide."""
    heads = _common_multiple(genome, ("heads", "groups"))
    patch = _common_multiple(genome, ("size", "stride"))
    width = math.lcm(USUAL_WIDTHS[0], heads)
    widths = [*_widths(genome, 2 * MAX_WIDTHS), width, 2 * width, 2 * heads]
    # At least two patches a side: attention over a single one is blind.
    side = patch * max(2, -(-SIDE // patch))
    sides = [side, 2 * side, 4 * side, *LARGE_SIDES]
    yield from _entries(
        [w for w in widths if w <= MAX_WIDTH],
        (LENGTH, *LARGE_LENGTHS),
        [s for s in sides if s <= max(LARGE_SIDES)],
    )


def _widths(genome: Genome, most: int) -> list[int]:
    """Return at most so many widths: the usual ones, then those that a program names."""
    named = {
        int(arg)
        for function in genome.functions
        for statement in function.body
        for arg in statement.args
        if isinstance(arg, float) and arg == int(arg) and 8 <= arg <= MAX_WIDTH
    }
    return list(dict.fromkeys((*USUAL_WIDTHS, *sorted(named))))[:most]


def _common_multiple(genome: Genome, names: tuple[str, ...]) -> int:
    """Return the least number that all of a program's attributes of these names divide."""
    given = (
        int(arg)
        for function in genome.functions
        for statement in function.body
        if not statement.function
        for param, arg in zip(KIND.ops[statement.op].params, statement.args, strict=False)
        if param.name in names and isinstance(arg, float) and arg >= 1
    )
    return math.lcm(*given)


def _entries(
    widths: Sequence[int], lengths: Sequence[int], sides: Sequence[int]
) -> Iterator[Entry]:
    for length in lengths:
        for width in widths:
            yield _entry(Feature("sequence", (length, width)))
    for side in sides:
        for width in widths:
            yield _entry(Feature("image", (width, side, side)))
    for width in widths:
        yield _entry(Feature("vector", (width,)))


def _entry(x: Feature) -> Entry:
    return Entry(
        name="network",
        inputs={"x": x},
        required=("x",),
        output=Wanted(x.length if x.causal else None),
        vital={"x": "its input"},
        fits=fits,
    )


def probe(genome: Genome, kind: Kind) -> np.ndarray:
    """Return outputs and input gradients with weights that depend on their canonical path alone."""
    from programs.kinds.networks.probe import probe as run  # torch is imported late

    return run(genome, kind)


def proxies(genome: Genome, kind: Kind) -> dict[str, float]:
    """Return the parameters and FLOPs that a program has at the first input it fits."""
    entries = [kind.entry] if kind.settings is None else settings(genome)
    made = (recipe(genome, kind.at(entry)) for entry in entries)
    fitting = next((r for r in made if isinstance(r, Recipe)), None)
    if fitting is None:
        return {"parameters": float("nan"), "flops": float("nan")}
    return {"parameters": float(fitting.parameters), "flops": float(fitting.flops)}


def fresh(genome: Genome, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    """Return the same for random inputs and weights, of random shapes where the kind leaves them.

    A program that fits a shape is told from one that does not.
    """
    from programs.kinds.networks.probe import fresh as run

    entries = [kind.entry] if kind.settings is None else list(_drawn(rng))
    return run(genome, kind, entries, rng)


def _drawn(rng: np.random.Generator) -> Iterator[Entry]:
    """Draw a sequence, an image and a vector; widths that programs name are the likely ones.

    Now and then they are narrow and long, so that what reaches far has something to reach.
    """
    if rng.random() < _OFTEN_LONG:
        width, length, side = 16, int(rng.integers(40, 129)), 2 * int(rng.integers(8, 15))
    else:
        width = int(rng.choice(_WIDTHS))
        length, side = int(rng.integers(5, 25)), 2 * int(rng.integers(2, 6))
    yield _entry(Feature("sequence", (length, width), bool(rng.integers(2))))
    yield _entry(Feature("image", (width, side, side)))
    yield _entry(Feature("vector", (width,)))


_OFTEN_LONG = 0.2
_WIDTHS = (8, 16, 16, 24, 32, 48, 64, 64, 128)

KIND = Kind(
    name="architecture",
    entry=_entry(Feature("sequence", (LENGTH, USUAL_WIDTHS[0]))),
    ops=vocabulary(POINTWISE, MAPS, CONVOLUTIONS, ATTENTION, POSITIONS, RECURRENT, MIXING, SHAPES),
    number=NUMBER,
    probe=probe,
    motifs=True,
    fresh=fresh,
    settings=settings,
    uncommon=uncommon,
    proxies=proxies,
)
