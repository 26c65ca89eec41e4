"""One function of the architecture vocabulary: its typing, its weights, its cost, its code.

A layer's rules all take what the call takes: types for values, numbers for attributes. Its
`expression` is torch code over the call's parameters, its weights' names and the facts named in
`context` (`causal`: of the first argument; `training`: of the module).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from programs.kind import Attribute, Idle, Op, Param, Type, TypeMismatch
from programs.kinds.networks.features import Feature

MAX_WEIGHTS = 1 << 26

WIDTH = Param("width", 0.0, Attribute(0, 8192, (0, 8, 16, 32, 64, 128, 256)))
"""The number of features that come out; 0 means `times` as many as come in."""

TIMES = Param("times", 1.0, Attribute(1 / 64, 64, (0.25, 0.5, 1, 2, 3, 4), False), keyword=True)


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor of a layer: normal numbers of deviation `std` around `mean` at the start.

    With `ramp`, the mean goes evenly from its first to its second number along the last axis.
    One that is not `trained` is a buffer.
    """

    shape: tuple[int, ...]
    std: float = 0.0
    mean: float = 0.0
    ramp: tuple[float, float] | None = None
    trained: bool = True

    @property
    def count(self) -> int:
        """Count the numbers in it."""
        return math.prod(self.shape)


Weights = Mapping[str, Weight | None]


def no_weights(*_: object) -> Weights:
    """Return no weights."""
    return {}


def no_flops(*_: object) -> int:
    """Return 0."""
    return 0


@dataclass(frozen=True, slots=True)
class Layer(Op):
    """An op on features; see the module's docstring for `weights`, `flops` and `context`.

    FLOPs are two for each multiply–add of a matrix product or convolution, for one example, in the
    forward pass (as `torch.utils.flop_counter` counts them); all else is taken as free.
    """

    weights: Callable[..., Weights] = no_weights
    names: tuple[str, ...] = ()
    flops: Callable[..., int] = no_flops
    context: tuple[str, ...] = ()


def layer(
    name: str,
    params: tuple[Param, ...] | str,
    infer: Callable[..., Type],
    expression: str,
    doc: str,
    *,
    weights: Callable[..., Weights] = no_weights,
    names: str = "",
    flops: Callable[..., int] = no_flops,
    context: str = "",
    commutative: bool = False,
    infix: str | None = None,
    aliases: tuple[str, ...] = (),
    alike: int | None = None,
    idle: tuple[tuple[str, Idle], ...] = (),
) -> Layer:
    """Describe a layer; the typing rule is made to refuse too many weights as well."""
    if isinstance(params, str):
        params = tuple(Param(p) for p in params.split())
    return Layer(
        name,
        params,
        _bounded(infer, weights) if names else infer,
        expression,
        doc,
        infix=infix,
        commutative=commutative,
        aliases=aliases,
        alike=alike,
        weighted=bool(names),
        idle=idle,
        weights=weights,
        names=tuple(names.split()),
        flops=flops,
        context=tuple(context.split()),
    )


def _bounded(infer: Callable[..., Type], weights: Callable[..., Weights]) -> Callable[..., Type]:
    def rule(*args: object) -> Type:
        found = infer(*args)
        count = sum(w.count for w in weights(*args).values() if w)
        if count > MAX_WEIGHTS:
            raise TypeMismatch(f"{count:,} weights in one layer; at most {MAX_WEIGHTS:,}")
        return found

    return rule


def whole(name: str, default: float, most: float, *usual: float, least: float = 1) -> Param:
    """Describe an attribute that is a whole number, written with its name."""
    return Param(name, float(default), Attribute(least, most, usual), keyword=True)


def flag(name: str, default: int = 0) -> Param:
    """Describe an attribute that is 0 or 1."""
    return whole(name, default, 1, 0, 1, least=0)


def out_width(x: Feature, width: int, times: float) -> int:
    """Return how many features come out of a layer with `width` and `times`."""
    if width and times != 1:
        raise TypeMismatch("give `width` or `times`, not both")
    return width or max(1, round(x.width * times))


def matrix(inputs: int, outputs: int, gain: float = 1.0) -> Weight:
    """Return a weight `[outputs, inputs]` that keeps the scale of what it maps."""
    return Weight((outputs, inputs), gain / math.sqrt(inputs))
