"""Widen: double the features between two learned maps without changing what comes out.

Net2WiderNet (Chen et al. 2016): every hidden feature is there twice, and the maps that read them
share their weights among the copies; `programs.net2net.inherited` gives the weights. Here the text
is changed: the maps that make the features give twice as many, those that read them as many as
before. What lies between must treat features alike: activations, norms, gates, pooling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from programs.check import Types
from programs.edits import with_statement
from programs.errors import Fault
from programs.genome import Function, Genome, Statement
from programs.kind import Kind
from programs.kinds.networks.features import Feature
from programs.net2net.follow import MAPS
from programs.net2net.grow import preserving, weighted

FACTOR = 2
MIXTURE = "moe"
"""A map whose hidden features are inside it."""


class Widen:
    """Double a hidden width."""

    name = "widen"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with twice the features in one place."""
        (parent,) = parents
        typed = weighted(parent, kind)
        if isinstance(typed, Fault):
            return typed
        places = [(f, i) for f in parent.functions for i, s in enumerate(f.body) if s.op in MAPS]

        def edited(place: int) -> Function | Fault:
            function, at = places[place]
            return _widened(function, at, typed.within(function), typed.kind)

        edits = (edited(place) for place in rng.permutation(len(places)))
        return preserving(parent, typed, edits, "no hidden width can be doubled here")


def _widened(function: Function, place: int, types: Types | None, kind: Kind) -> Function | Fault:
    """Double what one map gives, and with it all that must be as wide."""
    seed = function.body[place]
    if types is None:
        return Fault(f"`{function.name}` is never called")
    if seed.op == MIXTURE:
        return with_statement(function, place, _scaled(seed, "times", FACTOR, kind))
    region = _Region(function, types, {seed.target})
    fault = region.grow()
    if fault is not None:
        return fault
    body = tuple(_adapted(s, region, kind) for s in function.body)
    return replace(function, body=body)


class _Region:
    """The values that double: what `made` maps give, and what is computed from it in between."""

    def __init__(self, function: Function, types: Types, made: set[str]) -> None:
        self.function, self.types, self.made = function, types, made
        self.makers = {s.target: s for s in function.body}
        self.wide: set[str] = set()

    def grow(self) -> Fault | None:
        """Follow the values to the maps that read them; who meets them on the way must double."""
        while True:
            self.wide = set(self.made)
            more: set[str] = set()
            for statement in self.function.body:
                if not self.wide.intersection(statement.names()) or self.ends_at(statement):
                    continue
                if statement.function:
                    return Fault(f"they would reach the helper `{statement.function}`")
                self.wide.add(statement.target)
                if statement.op != "concat":
                    others = set(statement.names()) - self.wide
                    more |= {m for o in others for m in self.maps_behind(o)}
            if self.wide.intersection(map(str, self.function.returns)):
                return Fault("they would reach the result")
            if more <= self.made:
                return None
            self.made |= more

    def ends_at(self, statement: Statement) -> bool:
        """Tell whether a statement gives features of its own: a mixture gives what it gets."""
        return statement.op in MAPS and statement.op != MIXTURE

    def maps_behind(self, name: str) -> set[str]:
        """Return the maps that give a value its features; `plan` refuses where there are none."""
        maker = self.makers.get(name)
        if maker is None or maker.function:
            return set()
        if self.ends_at(maker):
            return {name}
        return {m for n in maker.names() for m in self.maps_behind(n)}

    def width(self, name: str) -> int:
        found = self.types[name]
        return found.width if isinstance(found, Feature) else 0


def _adapted(statement: Statement, region: _Region, kind: Kind) -> Statement:
    """Let a map that makes wide features double, and one that only reads them give as many."""
    if not region.ends_at(statement):
        return statement
    makes = statement.target in region.made
    reads = statement.args[0] in region.wide
    if _literal(statement, "width", kind):
        return _scaled(statement, "width", FACTOR, kind) if makes else statement
    if makes == reads:
        return statement
    if "times" in (p.name for p in kind.ops[statement.op].params):
        return _scaled(statement, "times", FACTOR if makes else 1 / FACTOR, kind)
    width = region.width(statement.target) * (FACTOR if makes else 1)
    return _literally(statement, "width", width, kind)


def _place(statement: Statement, name: str, kind: Kind) -> int:
    return [p.name for p in kind.ops[statement.op].params].index(name)


def _literal(statement: Statement, name: str, kind: Kind) -> float:
    value = statement.args[_place(statement, name, kind)]
    return value if isinstance(value, float) else 0.0


def _literally(statement: Statement, name: str, value: float, kind: Kind) -> Statement:
    args = list(statement.args)
    args[_place(statement, name, kind)] = float(value)
    return statement.reading(tuple(args))


def _scaled(statement: Statement, name: str, factor: float, kind: Kind) -> Statement:
    return _literally(statement, name, factor * _literal(statement, name, kind), kind)


OPERATOR = Widen()
