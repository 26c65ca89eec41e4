"""A network's recipe for a task, without torch: its calls in order, its weights, what it costs."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from programs.canonical import weight_paths
from programs.check import Typed, check, live, type_of
from programs.errors import Fault
from programs.genome import Argument, Genome, Statement
from programs.kind import Kind
from programs.kinds.networks.features import Feature
from programs.kinds.networks.layer import Layer, Weight

MAX_REMEMBERED = 20_000

Made = tuple[int, Mapping[str, Weight]]


@dataclass(frozen=True, slots=True)
class Call:
    """One application of a layer.

    `values` are the names and numbers it takes in order, `facts` its attributes and context by
    name (but for those that only decide on a weight of their name), `path` says whose weights it
    uses (empty: none).
    """

    target: str
    layer: Layer
    values: tuple[Argument, ...]
    facts: Mapping[str, float | int | bool]
    path: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What it takes to build a network.

    `weights` maps a canonical path to the weights there by name; FLOPs are those of one example's
    forward pass, two for each multiply–add of matrix products and convolutions; `values` counts
    all numbers that the calls give for one example.
    """

    calls: tuple[Call, ...]
    result: str
    weights: Mapping[str, Mapping[str, Weight]]
    flops: int
    values: int
    given: Feature
    gives: Feature

    @property
    def parameters(self) -> int:
        """Count the trained numbers."""
        made = (w for weights in self.weights.values() for w in weights.values())
        return sum(w.count for w in made if w.trained)


def recipe(genome: Genome, kind: Kind) -> Recipe | Fault:
    """Type-check a genome for a kind bound to a task and say how to build it."""
    typed = check(genome, kind)
    return typed if isinstance(typed, Fault) else recipe_of(typed)


def recipe_of(typed: Typed) -> Recipe:
    """Say how to build a checked program; what does not reach the result is left out."""
    kind, flat, types = typed.kind, typed.flat, typed.types
    paths = weight_paths(flat, kind)
    function = live(flat.function, kind)
    calls: list[Call] = []
    weights: dict[str, Mapping[str, Weight]] = {}
    flops = values = 0
    for statement in function.body:
        layer = kind.ops[statement.op]
        assert isinstance(layer, Layer)
        given = _given(layer, statement, typed)
        cost, made = _made(kind, layer, tuple(given))
        flops += cost
        found = types[statement.target]
        assert isinstance(found, Feature)
        values += math.prod(found.shape)
        path = ""
        if layer.weighted:
            path = paths[flat.twins.get(statement.target, statement.target)]
            weights.setdefault(path, made)
        calls.append(_call(layer, statement, given, path))
    result = function.returns[0]
    assert isinstance(result, str)
    x, y = types[function.params[0]], types[result]
    assert isinstance(x, Feature)
    assert isinstance(y, Feature)
    return Recipe(tuple(calls), result, weights, flops, values, x, y)


def _made(kind: Kind, layer: Layer, given: tuple[Hashable, ...]) -> Made:
    """Return a layer's FLOPs and weights for what it takes; the same few are met all the time."""
    known: dict[tuple[Hashable, ...], Made] = kind.costs  # type: ignore[assignment]
    found = known.get((layer.name, *given))
    if found is None:
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        made = {n: w for n, w in layer.weights(*given).items() if w is not None}
        found = known[layer.name, *given] = (layer.flops(*given), made)
    return found


def _given(layer: Layer, statement: Statement, typed: Typed) -> list:
    """Return what the layer's rules take: types for values, numbers for attributes."""
    given = []
    for param, arg in zip(layer.params, layer.plain(statement.args), strict=True):
        if param.attribute is None:
            given.append(type_of(arg, typed.types, typed.kind))
        else:
            assert isinstance(arg, float)
            given.append(int(arg) if param.attribute.whole else arg)
    return given


def _call(layer: Layer, statement: Statement, given: list, path: str) -> Call:
    values = []
    facts: dict[str, float | int | bool] = {}
    for param, arg, seen in zip(layer.params, statement.args, given, strict=True):
        if param.attribute is None:
            values.append(arg)
        elif param.name not in layer.names:
            facts[param.name] = seen
    if "causal" in layer.context:
        facts["causal"] = given[0].causal
    return Call(statement.target, layer, tuple(values), facts, path)
