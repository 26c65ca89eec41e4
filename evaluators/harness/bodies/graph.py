"""A graph of known operations as a module: what a free-form architecture is trained as.

The graph has been looked at by `evaluators.graph`; here each operation is looked up, and refused
where it could write into what it is given. Sizes come from the values themselves, so batches may
have any; numbers with a point are in the precision that the module is in, whatever was asked for.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evaluators.graph import references

_ATTENTION = "aten.scaled_dot_product_attention.default"
_RESHAPE = "aten.reshape.default"
_WHOLE: Mapping[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "floordiv": operator.floordiv,
    "truediv": operator.truediv,
    "mod": operator.mod,
    "neg": operator.neg,
    "getitem": operator.getitem,
}


class GraphBody(nn.Module):
    """The nodes of a graph, one after the other, on weights of its own."""

    def __init__(self, graph: Mapping[str, Any], weights: Sequence[Tensor]) -> None:
        super().__init__()
        self.graph = graph
        for number, (made, value) in enumerate(zip(graph["weights"], weights, strict=True)):
            if made["trained"]:
                self.register_parameter(f"w{number}", nn.Parameter(value.clone()))
            else:
                self.register_buffer(f"w{number}", value.clone())
        self.last = _last_uses(graph)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the graph to a batch."""
        return self.run(x, lambda number, _: getattr(self, f"w{number}"))

    def run(self, x: Tensor, weight: Callable[[int, int], Any]) -> Tensor:
        """Apply the graph; `weight(number, node)` gives what a node takes for a weight."""
        count = len(self.graph["weights"])
        values: dict[int, Any] = {0: x}
        for place, node in enumerate(self.graph["nodes"], 1 + count):

            def known(number: int, node_place: int = place) -> Any:
                is_weight = 0 < number <= count
                return weight(number - 1, node_place) if is_weight else values[number]

            values[place] = self.call(node, known, x)
            for number in self.last.get(place, ()):
                values.pop(number, None)
        result = self.graph["result"]["ref"]
        return weight(result - 1, result) if 0 < result <= count else values[result]

    def call(self, node: Mapping[str, Any], known: Callable[[int], Any], x: Tensor) -> Any:
        """Compute one node."""
        args = [_given(a, known, x) for a in node["args"]]
        kwargs = {k: _given(a, known, x) for k, a in node["kwargs"].items()}
        name = node["op"]
        if name == "batch_norm":
            value, weight, bias, mean, variance, momentum, epsilon = args
            return F.batch_norm(
                value, mean, variance, weight, bias, self.training, momentum, epsilon
            )
        if name == "dropout":
            return F.dropout(args[0], args[1], self.training)
        if name.startswith("python."):
            return _WHOLE[name.removeprefix("python.")](*args)
        if name == _ATTENTION and not self.training:
            args, kwargs = _without_dropout(args, kwargs)
        function, placed = _operation(name)
        return function(*args, **kwargs, **({"device": x.device} if placed else {}))


def mixed(y: Tensor) -> Tensor:
    """Return one number that every output has a share of its own in."""
    shares = torch.cos(torch.arange(y.numel(), dtype=torch.float64)).to(y.dtype)
    return (y.reshape(-1) * shares).sum()


def bodies(
    graph: Mapping[str, Any], arrays: Mapping[str, np.ndarray], seeds: int
) -> list[GraphBody]:
    """Return a module for each seed, with the first weights that the program gave it."""
    count = len(graph["weights"])
    held = [torch.from_numpy(np.array(arrays[f"w{n}"])) for n in range(count)]
    return [GraphBody(graph, [w[seed] for w in held]) for seed in range(seeds)]


def _given(value: Any, known: Callable[[int], Any], x: Tensor) -> Any:
    if isinstance(value, list):
        return [_given(v, known, x) for v in value]
    if not isinstance(value, dict):
        return value
    if "ref" in value:
        return known(value["ref"])
    if "float" in value:
        return float(value["float"])
    found = getattr(torch, value["dtype"])
    return x.dtype if found.is_floating_point else found


def _without_dropout(args: list[Any], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    args = [0.0 if place == 4 else a for place, a in enumerate(args)]
    return args, {k: 0.0 if k == "dropout_p" else a for k, a in kwargs.items()}


@cache
def _operation(name: str) -> tuple[Callable[..., Any], bool]:
    """Look an operation up; say whether it must be told where to put what it makes."""
    # Values may lie otherwise in memory than they did when the graph was drawn.
    name = _RESHAPE if name in ("aten.view.default", "aten._unsafe_view.default") else name
    _, base, overload = name.split(".")
    if overload == "dtype" and base == "view":
        raise ValueError("numbers cannot be read as numbers of another type")
    found = getattr(getattr(torch.ops.aten, base), overload)
    schema = found._schema
    if schema.is_mutable:
        raise ValueError(f"the operation `{name}` writes into what it is given")
    takes = {a.name for a in schema.arguments}
    given = any("Tensor" in str(a.type) for a in schema.arguments)
    return found, "device" in takes and not given


def _last_uses(graph: Mapping[str, Any]) -> dict[int, list[int]]:
    """Map each node to the nodes whose values nothing after it needs."""
    first = 1 + len(graph["weights"])
    last: dict[int, int] = {}
    for place, node in enumerate(graph["nodes"], first):
        last.setdefault(place, place)
        for number in references([node["args"], list(node["kwargs"].values())]):
            last[number] = place
    last.pop(graph["result"]["ref"], None)
    found: dict[int, list[int]] = {}
    for number, place in last.items():
        if number >= first:
            found.setdefault(place, []).append(number)
    return found
