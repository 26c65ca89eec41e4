"""Find a graph's values among those of the language, one operation after the other.

A value of the graph is *known* once a statement of the language gives its numbers, in whatever
order of dimensions. What is not known is passed over: the next value is then looked for as a layer
of whatever known values and weights went into it. A statement may be taken apart again, so that
what it was made of and its weights go into a larger layer: `x * sigmoid(x)` becomes `silu(x)`, four
maps and what happens between them become `attention(x)`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from evaluators.graph import references
from evaluators.harness.bodies.graph import GraphBody
from evaluators.harness.bodies.lifting.numbers import same, with_number
from evaluators.harness.bodies.lifting.proposals import (
    MOST_WEIGHTS,
    Layered,
    Piece,
    Shapes,
    layered,
    uses,
)
from programs.genome import Statement
from programs.kinds.networks.build import compiled
from programs.kinds.networks.features import Feature

MOST_TRIED = 12_000
_MOST_VALUES = 2
_APART, _BEYOND = 12, 2
"""How many statements are taken apart on the way to a layer, and how many more to a larger one."""


@dataclass(frozen=True, slots=True)
class Known:
    """A value of the language: its statement (`x` has none), its type, its numbers, its weights.

    `inside` is the width of what the statement takes first.
    """

    name: str
    type: Feature
    numbers: Tensor
    statement: Statement | None = None
    layered: Layered | None = None
    pieces: Mapping[str, Piece] = field(default_factory=dict)
    inside: int = 0


Made = tuple[frozenset[str], tuple[int, ...]]
"""Known values and weights that something is made of."""

_NOTHING: Made = (frozenset(), ())


class Search:
    """One walk through a graph; `apart`: look for a larger layer where one was found already."""

    def __init__(
        self, body: GraphBody, weights: Sequence[Tensor], x: Tensor, given: Feature, apart: bool
    ) -> None:
        self.body, self.weights, self.x, self.apart = body, weights, x, apart
        self.shapes: Shapes = [(tuple(w["shape"]), w["trained"]) for w in body.graph["weights"]]
        self.known = {"x": Known("x", given, x)}
        self.alias: dict[int, str] = {0: "x"}
        self.made: dict[int, Made] = {0: (frozenset("x"), ())}
        # An image is made of an image only; what else has four dimensions are attention's heads.
        self.dimensions = (2, 3, 4) if x.dim() == 4 else (2, 3)
        self.statistics = statistics(body.graph)
        self.turns: dict[str, Known] = {}
        self.tried = 0

    def result(self) -> Known | None:
        """Return the value that the graph gives, if it was found."""
        count, graph = len(self.weights), self.body.graph
        values: dict[int, Any] = {0: self.x}
        for place, node in enumerate(graph["nodes"], 1 + count):

            def held(number: int) -> Any:
                return self.weights[number - 1] if 0 < number <= count else values[number]

            values[place] = self.body.call(node, held, self.x)
            self.look(place, node, values[place])
        last = graph["result"]["ref"]
        found = self.known.get(self.alias.get(last, ""))
        if (
            found
            and values[last].shape == found.numbers.shape
            and same(values[last], found.numbers)
        ):
            return found
        return None

    def look(self, place: int, node: Mapping[str, Any], value: Any) -> None:
        """Find out what a node's value is, or else what it is made of."""
        taken = references([node["args"], list(node["kwargs"].values())])
        # A size is only a number; that it is not one of this batch is seen at the end, on another.
        made = self.joined(taken) if isinstance(value, Tensor | list | tuple) else _NOTHING
        self.made[place] = made
        if not isinstance(value, Tensor) or not value.is_floating_point() or not made[0]:
            return
        if (
            value.dim() not in self.dimensions
            or len(value) != len(self.x)
            or not torch.isfinite(value).all()
        ):
            return
        name = self.named(value, made) or self.explained(value, made)
        if name:
            self.alias[place] = name
            self.made[place] = (frozenset([name]), ())

    def joined(self, taken: Sequence[int]) -> Made:
        """Put together what several values are made of; buffers are constants, but for norms'."""
        count = len(self.weights)
        names: set[str] = set()
        weights: dict[int, None] = {}
        for number in taken:
            if 0 < number <= count:
                weights[number - 1] = None
            else:
                names |= self.made[number][0]
                weights.update(dict.fromkeys(self.made[number][1]))
        kept = [w for w in weights if self.shapes[w][1] or w in self.statistics]
        return frozenset(names), tuple(kept)

    def named(self, value: Tensor, made: Made) -> str:
        """Return the known value that has these numbers, in some order of dimensions."""
        if made[1]:
            return ""
        for name in made[0]:
            if any(same(v, self.known[name].numbers) for v in _layouts(value)):
                return name
        return ""

    def explained(self, value: Tensor, made: Made) -> str:
        """Find a statement that gives a value; take apart what it is made of, and look again."""
        best, further = "", _APART
        layouts = list(_layouts(value))
        for parts in self.taken_apart(made):
            further -= 1
            if further < 0 or self.tried > MOST_TRIED:
                break
            if len(parts[0]) > _MOST_VALUES or len(parts[1]) > MOST_WEIGHTS:
                continue
            if found := self.statement(layouts, parts):
                best = found
                further = 0 if self.is_sum(found) else min(further, _BEYOND)
            if best and not self.apart:
                break
        return best

    def is_sum(self, name: str) -> bool:
        """Tell whether a value is a sum of two others: no larger layer ends in one."""
        statement = self.known[name].statement
        return statement is not None and statement.op in ("add", "sub")

    def taken_apart(self, made: Made) -> Iterator[Made]:
        """Yield what something is made of, each time with its latest value taken apart."""
        yield made
        order = list(self.known)
        while True:
            parts = [n for n in made[0] if self.known[n].statement]
            if not parts:
                return
            latest = self.known[max(parts, key=order.index)]
            assert latest.statement
            pieces = dict.fromkeys(p.number for p in latest.pieces.values())
            weights = dict.fromkeys([*pieces, *made[1]])
            made = ((made[0] - {latest.name}) | set(latest.statement.names()), tuple(weights))
            yield made

    def statement(self, layouts: Sequence[Tensor], made: Made) -> str:
        """Try every layer on what something is made of."""
        names = sorted(made[0], key=list(self.known).index)
        sizes = {n for number in made[1] for n in self.shapes[number][0]}
        sizes |= {n // parts for n in tuple(sizes) for parts in (2, 3) if n % parts == 0}
        sizes |= set(layouts[0].shape[1:]) if made[1] else set()
        count = math.prod(layouts[0].shape[1:])
        for values in self.inputs(names):
            types = tuple(v.type for v in values)
            for parts in range(len(made[1]), len(made[1]) + 3 if made[1] else 1):
                for found in layered(types, parts, tuple(sorted(sizes)), count):
                    for pieces in uses(found.made, made[1], self.shapes) if made[1] else [{}]:
                        if name := self.tries(layouts, found, values, pieces):
                            return name
        return self.with_number(layouts, names) if not made[1] and len(names) == 1 else ""

    def inputs(self, names: Sequence[str]) -> Iterator[list[Known]]:
        """Yield the known values in every order, sequences also turned."""
        for order in itertools.permutations(names):
            for turns in itertools.product((False, True), repeat=len(order)):
                values = [
                    self.turned(n) if t else self.known[n]
                    for n, t in zip(order, turns, strict=True)
                ]
                if all(values):
                    yield [v for v in values if v]

    def turned(self, name: str) -> Known | None:
        """Return a sequence whose positions become features."""
        held = self.known[name]
        if held.statement and held.statement.op == "transpose":
            return None
        if name in self.turns:
            return self.turns[name]
        for found in layered((held.type,), 0, (), held.numbers[0].numel()):
            if found.layer.name == "transpose":
                made = self.keep(found, [held], {}, held.numbers.transpose(1, 2))
                self.turns[name] = made
                return made
        return None

    def tries(
        self,
        layouts: Sequence[Tensor],
        found: Layered,
        values: Sequence[Known],
        pieces: Mapping[str, Piece],
    ) -> str:
        """Keep a layer as a statement if it gives one of these tensors."""
        self.tried += 1
        own = {n: p.of(self.weights[p.number]) for n, p in pieces.items()}
        facts = found.facts([v.type for v in values])
        try:
            numbers = compiled(found.layer)(*(v.numbers for v in values), **own, **facts)
        except RuntimeError:
            return ""
        if any(same(layout, numbers) for layout in layouts):
            return self.keep(found, values, pieces, numbers).name
        return ""

    def keep(
        self,
        found: Layered,
        values: Sequence[Known],
        pieces: Mapping[str, Piece],
        numbers: Tensor,
    ) -> Known:
        """Remember a statement."""
        name = f".{len(self.known)}"
        given, settings = iter(v.name for v in values), iter(found.settings)
        args = tuple(
            next(given) if p.attribute is None else next(settings) for p in found.layer.params
        )
        statement = Statement(name, found.layer.name, args)
        made = self.known[name] = Known(
            name, found.gives, numbers, statement, found, pieces, values[0].type.width
        )
        return made

    def with_number(self, layouts: Sequence[Tensor], names: Sequence[str]) -> str:
        """Try arithmetic with one number."""
        held = self.known[names[0]]
        for value in layouts:
            if found := with_number(value, held.numbers):
                op, args = found
                name = f".{len(self.known)}"
                given = tuple(held.name if a is None else a for a in args)
                self.known[name] = Known(name, held.type, value, Statement(name, op, given))
                return name
        return ""


def statistics(graph: Mapping[str, Any]) -> set[int]:
    """Return the buffers in which batch norms keep their means and variances."""
    norms = [n for n in graph["nodes"] if n["op"] == "batch_norm"]
    return {r - 1 for n in norms for r in references(n["args"][3:5])}


def _layouts(value: Tensor) -> Iterator[Tensor]:
    """Yield the tensors of the language that a graph's tensor may stand for."""
    yield value
    if value.dim() == 3:
        yield value.transpose(1, 2)
    if value.dim() == 4:
        yield value.permute(0, 3, 1, 2)
    if value.dim() > 2 and 1 in value.shape[1:]:
        bare = value.reshape(len(value), *[n for n in value.shape[1:] if n != 1])
        if bare.dim() == 2:
            yield bare
