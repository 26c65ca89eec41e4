"""What a free-form architecture comes back as: a graph of known operations and its first weights.

    {"weights": [{"shape": [8, 3], "trained": true}, …],
     "nodes": [{"op": "aten.linear.default", "args": [{"ref": 0}, {"ref": 1}], "kwargs": {}}, …],
     "result": {"ref": 4}}

References count the input first, then the weights, then the nodes, and go backwards only: there is
no way to write a circle. The child that sends this is not believed: every field is looked at here,
and the graph is run by our own code in another process.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.operations import OPERATIONS

MOST_NODES = 4000
MOST_PARAMETERS = 1 << 23
MOST_WEIGHTS = 2000
_MOST_DIMENSIONS = 8
_LONGEST, _DEEPEST = 64, 3
_TYPES = {True: ("float32",), False: ("float32", "int64", "bool")}
DTYPES = ("float32", "float64", "int64", "int32", "bool")

OURS = frozenset(("batch_norm", "dropout"))
"""Operations that do one thing in training and another in judgement."""

_NORM_TAKES, _NORM_WRITES = 7, (3, 4)

WHOLE = frozenset(("add", "sub", "mul", "floordiv", "mod", "neg", "getitem", "truediv"))
"""Operations on sizes, and the picking of one of several results."""

_ATEN = re.compile(r"aten\.(\w+)\.(\w+)\Z")


class BadGraph(Exception):
    """Raise where what came back is no graph that may run; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph that may run: as plain data, and its weights `[seeds, …]` by number."""

    data: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]

    @property
    def parameters(self) -> int:
        """Count the trained numbers."""
        return sum(math.prod(w["shape"]) for w in self.data["weights"] if w["trained"])


def checked(data: Any, arrays: Mapping[str, np.ndarray], seeds: int) -> Graph:
    """Look at all that a child sent; `BadGraph` says what is wrong with it."""
    given = _fields(data, {"weights": list, "nodes": list, "result": dict}, "a graph")
    weights, nodes = given["weights"], given["nodes"]
    if len(nodes) > MOST_NODES or len(weights) > MOST_WEIGHTS:
        found = f"{len(nodes)} operations and {len(weights)} weights"
        raise BadGraph(f"too large: {found}, at most {MOST_NODES} and {MOST_WEIGHTS} are allowed")
    kept: dict[str, np.ndarray] = {}
    total = 0
    for number, weight in enumerate(weights):
        shape, trained = _weight(weight)
        total += math.prod(shape)
        if total > MOST_PARAMETERS:
            raise BadGraph(f"too large: over {MOST_PARAMETERS:,} numbers in its weights")
        kept[f"w{number}"] = _values(arrays.get(f"w{number}"), (seeds, *shape), trained, number)
    for number, node in enumerate(nodes):
        _node(node, 1 + len(weights) + number)
    _running(nodes, weights)
    _value(given["result"], 1 + len(weights) + len(nodes), 0)
    if "ref" not in given["result"]:
        raise BadGraph("its result is no value of the graph")
    return Graph({k: given[k] for k in ("weights", "nodes", "result")}, kept)


def _fields(value: Any, types: Mapping[str, type], what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or any(type(value.get(k)) is not t for k, t in types.items()):
        raise BadGraph(f"expected {what} with {', '.join(types)}")
    return value


def _weight(weight: Any) -> tuple[tuple[int, ...], bool]:
    given = _fields(weight, {"shape": list, "trained": bool}, "a weight")
    shape = given["shape"]
    if len(shape) > _MOST_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        raise BadGraph("a weight's shape is not a short list of sizes")
    return tuple(shape), given["trained"]


def _values(
    found: np.ndarray | None, shape: tuple[int, ...], trained: bool, number: int
) -> np.ndarray:
    if found is None or found.shape != shape or found.dtype.name not in _TYPES[trained]:
        seen = "nothing" if found is None else f"{found.dtype.name} {list(found.shape)}"
        owed = " or ".join(_TYPES[trained])
        raise BadGraph(f"expected weight {number} as {owed} {list(shape)}, found {seen}")
    if np.isnan(found).any() or (trained and not np.isfinite(found).all()):
        raise BadGraph(f"weight {number} is not finite at the start")
    return found


def _node(node: Any, place: int) -> None:
    given = _fields(node, {"op": str, "args": list, "kwargs": dict}, "an operation")
    if (name := given["op"]) not in OURS and not _whole(name):
        found = _ATEN.match(name)
        if not found or found[1] not in OPERATIONS or "out" in found[2]:
            raise BadGraph(f"the operation `{name[:80]}` is not one that may run")
    for value in (given["args"], *given["kwargs"].values()):
        _value(value, place, 0)
    if any(not k.isidentifier() or k == "out" for k in given["kwargs"]):
        raise BadGraph(f"`{name[:80]}` is given what it does not take")


def _running(nodes: list[dict[str, Any]], weights: list[dict[str, Any]]) -> None:
    """Have batch norms write their means into numbers that are for nothing else."""
    written: set[int] = set()
    read: set[int] = set()
    for node in nodes:
        norm = node["op"] == "batch_norm"
        if norm and (len(node["args"]) != _NORM_TAKES or node["kwargs"]):
            raise BadGraph(f"a batch norm takes {_NORM_TAKES} arguments")
        for place, value in enumerate([*node["args"], *node["kwargs"].values()]):
            (written if norm and place in _NORM_WRITES else read).update(references(value))
    for number in written:
        if not 0 < number <= len(weights) or weights[number - 1]["trained"] or number in read:
            raise BadGraph("a batch norm keeps its means where other numbers are")


def references(value: Any) -> list[int]:
    """Return what an argument refers to, in order."""
    if isinstance(value, list):
        return [number for each in value for number in references(each)]
    return [value["ref"]] if isinstance(value, dict) and "ref" in value else []


def _whole(name: str) -> bool:
    return name.startswith("python.") and name.removeprefix("python.") in WHOLE


def _value(value: Any, place: int, depth: int) -> None:
    if isinstance(value, list):
        if depth > _DEEPEST or len(value) > _LONGEST:
            raise BadGraph("an argument is a list that is too long or too deep")
        for each in value:
            _value(each, place, depth + 1)
    elif isinstance(value, dict):
        _marked(value, place)
    elif isinstance(value, str):
        if len(value) > _LONGEST:
            raise BadGraph("an argument is a text that is too long")
    elif not isinstance(value, int | float | None) or (
        isinstance(value, int) and abs(value) >= 2**63
    ):
        raise BadGraph("an argument is a number that is too large")


def _marked(value: dict[str, Any], place: int) -> None:
    match value:
        case {"ref": int(number)} if len(value) == 1 and type(number) is int:
            if not 0 <= number < place:
                raise BadGraph("an operation takes what is not computed before it")
        case {"dtype": str(name)} if len(value) == 1 and name in DTYPES:
            pass
        case {"float": "inf" | "-inf" | "nan"} if len(value) == 1:
            pass
        case _:
            raise BadGraph(f"no argument can be {str(value)[:80]}")
