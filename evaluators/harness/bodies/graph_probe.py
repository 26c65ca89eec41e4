"""Compare a graph with the module it was drawn from, count its cost, and probe what it does.

All in a process of ours: the graph's operations are known, its weights are numbers. On the probes
every trained weight is filled with fixed numbers. Which, is decided by the operation it goes into,
by the values that it meets there, and by how it starts, not by names or the order of definition.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from evaluators.graph import references
from evaluators.harness.bodies.graph import GraphBody, bodies, mixed
from evaluators.harness.bodies.lifting.lift import NotLifted, lifted
from programs.fingerprint import rounded
from programs.kinds.networks.probe import cut, examples
from programs.spec import Spec
from sandbox.base import Payload

TOLERANCE = 1e-3
"""How far graph and module may differ in single precision, relative to the largest number."""

_BITS = 16
_NEAR = 0.1


def judged(payload: Payload) -> Payload:
    """Return a `fault`, or what one example's pass costs, `gives` its shape, and the `outputs`."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums must not depend on how they are shared out
    try:
        return _judged(payload)
    finally:
        torch.set_num_threads(threads)


def _judged(payload: Payload) -> Payload:
    graph, spec = payload.data["graph"], payload.data["spec"]
    body = bodies(graph, payload.arrays, 1)[0].eval()
    x = torch.from_numpy(np.array(payload.arrays["x"]))
    if fault := _compared(body, x, payload.arrays, spec):
        return Payload({"fault": fault})
    with torch.no_grad(), FlopCounterMode(display=False) as flops:
        gives = list(body(x[:1]).shape[1:])
    costs = {"flops": flops.get_total_flops(), "gives": gives}
    return Payload({"fault": "", **costs}, {"outputs": probed(body, tuple(spec["shape"]))})


def sought(payload: Payload) -> Payload:
    """Return `lifted`, the text of the program that the graph is, or else `why` it is none."""
    spec = payload.data["spec"]
    place = Spec(**{**spec, "shape": tuple(spec["shape"])})
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return Payload({"lifted": lifted(payload.data["graph"], payload.arrays, place)})
    except NotLifted as why:
        return Payload({"why": str(why)})
    finally:
        torch.set_num_threads(threads)


def warm_up() -> None:
    """Compare something small, so that what torch imports late is there before a fork."""
    node = {"op": "aten.mul.Tensor", "args": [{"ref": 0}, {"ref": 1}], "kwargs": {}}
    weights = [{"shape": [4], "trained": True}]
    graph = {"weights": weights, "nodes": [node], "result": {"ref": 2}}
    ones = np.ones((1, 4), np.float32)
    arrays = {"w0": ones, "x": ones, "outputs": ones, "gradients": ones}
    judged(Payload({"graph": graph, "spec": {"shape": [4], "causal": False}}, arrays))


def _compared(
    body: GraphBody, x: Tensor, arrays: Mapping[str, np.ndarray], spec: Mapping[str, Any]
) -> str:
    x = x.clone().requires_grad_()
    y = body(x)
    if not isinstance(y, Tensor) or not 2 <= y.dim() <= 4 or len(y) != len(x):
        return f"wrong shape: expected {len(x)} answers to {len(x)} examples"
    if spec["causal"] and (y.dim() != 3 or y.shape[1] != x.shape[1]):
        return f"wrong shape: expected all {x.shape[1]} positions, found {list(y.shape[1:])}"
    if not y.is_floating_point() or not y.requires_grad:
        return "ignores its input: the result does not depend on `x`, or has no gradient"
    wanted = [x, *body.parameters()]
    found = torch.autograd.grad(mixed(y), wanted, allow_unused=True, materialize_grads=True)
    ours = {"outputs": y.detach(), "gradients": torch.cat([g.flatten() for g in found])}
    for name, values in ours.items():
        theirs = torch.from_numpy(np.array(arrays[name]))
        if theirs.shape != values.shape:
            return f"not the module: {name} of shape {list(values.shape)} and {list(theirs.shape)}"
        scale = theirs.abs().max().clamp(min=1e-6)
        apart = float((theirs - values).abs().max() / scale)
        if not apart <= TOLERANCE:
            return (
                f"not the module: as a graph its {name} differ by {apart:.2g} of the largest; an "
                "autograd function of its own, or something random, is lost in writing it down"
            )
    return ""


# -- the probes ------------------------------------------------------------------------------------


def probed(body: GraphBody, shape: tuple[int, ...]) -> np.ndarray:
    """Return outputs, and gradients of a mix of them by the input, in double precision."""
    filling = _Filling(body.double())
    x = torch.from_numpy(examples(tuple(shape))).requires_grad_()
    y = filling.run(x)
    (gradient,) = torch.autograd.grad((y * cut("mix", y.shape)).sum(), x)
    return torch.cat([y.detach().flatten(), gradient.flatten()]).numpy()


class _Filling:
    """Runs a graph with every trained weight decided where it is first met."""

    def __init__(self, body: GraphBody) -> None:
        self.body, self.nodes = body, body.graph["nodes"]
        self.count = len(body.graph["weights"])
        self.starts = [start(getattr(body, f"w{n}")) for n in range(self.count)]
        self.filled: dict[int, Tensor] = {}
        self.twins: dict[str, int] = {}

    def run(self, x: Tensor) -> Tensor:
        values: dict[int, Any] = {0: x}
        for place in self._order():
            node = self.nodes[place - 1 - self.count]
            taken = references([node["args"], list(node["kwargs"].values())])
            self._fill(node, taken, values)
            values[place] = self.body.call(node, lambda n: self._known(n, values), x)
        return self._known(self.body.graph["result"]["ref"], values)

    def _known(self, number: int, values: Mapping[int, Any]) -> Any:
        return self.filled[number] if 0 < number <= self.count else values[number]

    def _fill(self, node: Mapping[str, Any], taken: list[int], values: Mapping[int, Any]) -> None:
        weights = [n for n in taken if 0 < n <= self.count and n not in self.filled]
        if not weights:
            return
        digest = hashlib.sha256(_said(node).encode())
        for number in taken:
            known = self.filled.get(number, values.get(number))
            if isinstance(known, Tensor):
                numbers = known.detach().to(torch.float64).numpy()
                digest.update(rounded(numbers, _BITS).data)
        for number in weights:
            self.filled[number] = self._value(number, f"{digest.hexdigest()} {taken.index(number)}")

    def _value(self, number: int, place: str) -> Tensor:
        held = getattr(self.body, f"w{number - 1}").detach()
        if not self.body.graph["weights"][number - 1]["trained"]:
            return held
        mean, spread = self.starts[number - 1]
        name = f"{place} {mean} {spread} {list(held.shape)}"
        self.twins[name] = twin = self.twins.get(name, 0) + 1
        return cut(f"{name} {twin}", held.shape) * max(spread, _NEAR) + mean

    def _order(self) -> Iterator[int]:
        """Order operations by what they are made of and used for, not by how they were written."""
        first = 1 + self.count
        up = ["x", *(f"{s} {tuple(w['shape'])}" for s, w in self._weights())]
        for node in self.nodes:
            taken = references([node["args"], list(node["kwargs"].values())])
            up.append(_digest(_said(node), *(up[n] for n in taken)))
        down = [""] * len(up)
        readers: list[list[tuple[int, int]]] = [[] for _ in up]
        for place in range(len(up) - 1, first - 1, -1):
            down[place] = _digest(*sorted(f"{up[r]} {down[r]} {w}" for r, w in readers[place]))
            node = self.nodes[place - first]
            taken = references([node["args"], list(node["kwargs"].values())])
            for which, number in enumerate(taken):
                readers[number].append((place, which))
        missing = _missing(readers, first)
        ready = [(up[p], down[p], p) for p in range(first, len(up)) if not missing[p]]
        heapify(ready)
        while ready:
            place = heappop(ready)[-1]
            yield place
            for reader, _ in readers[place]:
                missing[reader] -= 1
                if not missing[reader]:
                    heappush(ready, (up[reader], down[reader], reader))

    def _weights(self) -> Iterator[tuple[tuple[float, float], Mapping[str, Any]]]:
        return zip(self.starts, self.body.graph["weights"], strict=True)


def _missing(readers: list[list[tuple[int, int]]], first: int) -> list[int]:
    """Count, for each operation, how many of what it takes are operations."""
    missing = [0] * len(readers)
    for number in range(first, len(readers)):
        for reader, _ in readers[number]:
            missing[reader] += 1
    return missing


def start(weight: Tensor) -> tuple[float, float]:
    """Return the mean and the spread of a weight's first numbers, so rough that luck is left out.

    One number throughout is known exactly; of random ones, the spread to a power of two.
    """
    values = weight.detach().double()
    if not values.numel():
        return 0.0, 0.0
    low, high = float(values.min()), float(values.max())
    if low == high:
        return low, 0.0
    spread = 2.0 ** round(math.log2(max(float(values.std(correction=0)), 1e-30)))
    return spread * round(float(values.mean()) / spread), spread


def _said(node: Mapping[str, Any]) -> str:
    """Write an operation down without saying which values it takes."""
    return json.dumps([node["op"], _bare(node["args"]), _bare(node["kwargs"])], sort_keys=True)


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [_bare(v) for v in value]
    if isinstance(value, dict):
        return "ref" if "ref" in value else {k: _bare(v) for k, v in value.items()}
    return value


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()
