"""What layers of the language a value might be: every layer, setting and use of weights that fits.

A setting is tried where the shapes of the weights it calls for are the shapes that are there: as
they are, without sizes of 1, or a matrix turned. A weight may also hold two or three side by side.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from torch import Tensor

from programs.kind import Param, TypeMismatch
from programs.kinds.architecture import KIND
from programs.kinds.networks.features import Feature, Number
from programs.kinds.networks.layer import Layer, Weight

Shapes = Sequence[tuple[tuple[int, ...], bool]]
"""Of every weight of a graph: its shape, and whether it is trained."""

MOST_WEIGHTS, MOST_ORDERS = 7, 24
_MOST_STEPS, _HEADS = 8, (1, 2, 3, 4, 6, 8, 12, 16)
_MATRIX = 2
_LAST = "out"
_SIZED = ("kernel", "knots", "states", "rank", "experts", "size")


@dataclass(frozen=True, slots=True)
class Piece:
    """A weight of the graph, or an equal part of its rows, laid out as a layer wants it."""

    number: int
    part: int = 0
    parts: int = 1
    turned: bool = False
    shape: tuple[int, ...] = ()

    def of(self, held: Tensor) -> Tensor:
        """Cut the piece from the weight."""
        if self.parts > 1:
            held = held.chunk(self.parts)[self.part]
        return (held.t() if self.turned else held).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Layered:
    """A layer with its settings, what it gives, and the weights of each name."""

    layer: Layer
    settings: tuple[float, ...]
    gives: Feature
    made: Mapping[str, Weight]

    def facts(self, given: Sequence[Feature | Number]) -> dict[str, float | int | bool]:
        """Return its settings by name, and whether it may look ahead."""
        named = [p for p in self.layer.params if p.attribute]
        facts: dict[str, float | int | bool] = {}
        for param, value in zip(named, self.settings, strict=True):
            if param.name not in self.layer.names:
                assert param.attribute
                facts[param.name] = int(value) if param.attribute.whole else value
        if "causal" in self.layer.context:
            facts["causal"] = any(isinstance(f, Feature) and f.causal for f in given)
        if "training" in self.layer.context:
            facts["training"] = False
        return facts


@cache
def layers(values: int, weighted: bool) -> tuple[Layer, ...]:
    """Return the layers that take so many values; those with the fewest settings come first."""
    found = (
        op
        for op in KIND.ops.values()
        if isinstance(op, Layer)
        and op.weighted == weighted
        and sum(p.attribute is None for p in op.params) == values
    )
    return tuple(sorted(found, key=lambda op: op.arity))


@cache
def layered(
    given: tuple[Feature | Number, ...], count: int, sizes: tuple[int, ...], numbers: int
) -> tuple[Layered, ...]:
    """Return the layers on values of these types with `count` weights that give `numbers` numbers.

    `sizes` are whole numbers that settings may be: sizes of the weights and of the value.
    """
    typed = (
        _typed(layer, given, settings)
        for layer in layers(len(given), bool(count))
        for settings in _settings(layer, given, sizes)
    )
    return tuple(
        t for t in typed if t and len(t.made) == count and math.prod(t.gives.shape) == numbers
    )


def _typed(
    layer: Layer, given: tuple[Feature | Number, ...], settings: tuple[float, ...]
) -> Layered | None:
    values, numbers = iter(given), iter(settings)
    args = []
    for param in layer.params:
        if param.attribute is None:
            args.append(next(values))
            continue
        number = next(numbers)
        if not param.attribute.admits(number):
            return None
        args.append(int(number) if param.attribute.whole else number)
    try:
        gives = layer.infer(*args)
        made = layer.weights(*args)
    except TypeMismatch:
        return None
    assert isinstance(gives, Feature)
    return Layered(layer, settings, gives, {n: w for n, w in made.items() if w is not None})


def _settings(
    layer: Layer, given: tuple[Feature | Number, ...], sizes: tuple[int, ...]
) -> list[tuple[float, ...]]:
    x = given[0]
    if not isinstance(x, Feature):
        return [()] if not any(p.attribute for p in layer.params) else []
    choices = [_choices(layer, p, x.width, sizes) for p in layer.params if p.attribute]
    return [tuple(map(float, settings)) for settings in itertools.product(*choices)]


def _choices(layer: Layer, param: Param, width: int, sizes: tuple[int, ...]) -> Sequence[float]:
    """Return the numbers that a setting may be; where it decides on a weight's size, few."""
    assert param.attribute
    heads = [n for n in _HEADS if width % n == 0]
    if param.name in _SIZED:
        return sizes if layer.weighted else range(2, _MOST_STEPS)
    known: dict[str, Sequence[float]] = {
        "times": (1.0,),
        "start": (1.0,),
        "width": (0, *(n for n in sizes if n != width)),
        "heads": heads,
        "kv_heads": (0, *heads[:-1]),
        "groups": [n for n in range(1, width + 1) if width % n == 0],
        "degree": [n - 1 for n in sizes],
        "steps": range(1, _MOST_STEPS),
    }
    return known.get(param.name, param.attribute.usual)


def uses(
    made: Mapping[str, Weight], numbers: Sequence[int], weights: Shapes
) -> Iterator[dict[str, Piece]]:
    """Yield the ways to give a layer all of the weights `numbers`."""
    names = sorted(made.items(), key=lambda named: named[0] != _LAST)
    for pieces in _divided(numbers, weights, len(made)):
        pieces = sorted(pieces, key=lambda p: numbers.index(p.number))
        for turned in (False, True):
            yield from itertools.islice(_orders(names, pieces, weights, turned), MOST_ORDERS)


def _divided(numbers: Sequence[int], weights: Shapes, count: int) -> Iterator[list[Piece]]:
    whole = [Piece(n) for n in numbers]
    if len(whole) == count:
        yield whole
    for parts in (2, 3):
        if len(whole) + parts - 1 != count:
            continue
        for piece in whole:
            shape, trained = weights[piece.number]
            if trained and len(shape) == _MATRIX and shape[0] % parts == 0:
                others = [p for p in whole if p != piece]
                yield [*others, *(Piece(piece.number, part, parts) for part in range(parts))]


def _orders(
    names: Sequence[tuple[str, Weight]], pieces: Sequence[Piece], weights: Shapes, turned: bool
) -> Iterator[dict[str, Piece]]:
    """Yield the ways to give weights to names; parts of one matrix stay in their order."""
    if not names:
        yield {}
        return
    (name, wanted), *others = names
    # What was met last maps what comes out.
    for piece in pieces[-1:] if name == _LAST else pieces:
        shape, trained = weights[piece.number]
        earlier = any(p.number == piece.number and p.part < piece.part for p in pieces)
        if trained != wanted.trained or earlier:
            continue
        if fitted := _fitted(piece, shape, wanted.shape, turned):
            rest = [p for p in pieces if p is not piece]
            for order in _orders(others, rest, weights, turned):
                yield {name: fitted, **order}


def _fitted(
    piece: Piece, shape: tuple[int, ...], wanted: tuple[int, ...], turned: bool
) -> Piece | None:
    """Lay a piece out as a layer wants it; with `turned`, matrices only the other way round."""
    if piece.parts > 1:
        shape = (shape[0] // piece.parts, *shape[1:])
    turned = turned and len(shape) == len(wanted) == _MATRIX
    if turned:
        fits = shape[::-1] == wanted
    else:
        fits = [n for n in shape if n != 1] == [n for n in wanted if n != 1]
    return Piece(piece.number, piece.part, piece.parts, turned, wanted) if fits else None
