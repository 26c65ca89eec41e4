"""Build a free-form architecture and write it down as a graph: in a child that holds no data.

Everything here happens beside a program's own text, so nothing of it is believed: who asked looks
at every field (`evaluators.graph`), and runs the graph elsewhere.
"""

from __future__ import annotations

import math
import operator
import os
import sys
import tempfile
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node

from evaluators.graph import DTYPES, MOST_NODES
from evaluators.harness.bodies.graph import mixed
from evaluators.harness.freeform.text import ProgramError, executed
from evaluators.harness.luck import seeded
from programs.spec import Spec
from sandbox.base import Payload

_WHOLE = {
    operator.add: "add",
    operator.sub: "sub",
    operator.mul: "mul",
    operator.floordiv: "floordiv",
    operator.truediv: "truediv",
    operator.mod: "mod",
    operator.neg: "neg",
    operator.getitem: "getitem",
}
_IDLE = ("device", "layout", "pin_memory", "memory_format")
_DTYPES = {getattr(torch, name): name for name in DTYPES}


def written(payload: Payload) -> Payload:
    """Return the graph of what `source` builds for `spec`, and its weights for every seed.

    Array in: `x`, a small batch. Arrays out: `w0`, `w1`, … `[seeds, …]`; `outputs` and `gradients`
    of the first seed's module on `x`, in judgement, as PyTorch itself computes them. Of a module
    that no graph can be drawn of: `opaque`, why not, its `parameters`, and the array `outputs`.
    """
    _quiet()
    data = payload.data
    spec = Spec(**{**data["spec"], "shape": tuple(data["spec"]["shape"])})
    modules = [built(data["source"], spec, seed) for seed in data["seeds"]]
    x = torch.from_numpy(np.array(payload.arrays["x"]))
    try:
        exported = _exported(modules[0], x)
    except NoGraph as reason:
        return _opaque(built(data["source"], spec, data["seeds"][0]), x, str(reason))
    writing = _Writing(exported)
    arrays = writing.arrays(
        [{**dict(m.named_parameters()), **dict(m.named_buffers())} for m in modules]
    )
    outputs, gradients = _eager(modules[0], x)
    arrays |= {"outputs": outputs, "gradients": gradients}
    return Payload({"graph": writing.graph()}, arrays)


def warm_up() -> None:
    """Export something small, so that what torch imports late is there before a fork."""
    source = "import torch\ndef build(spec):\n    return torch.nn.Linear(spec.shape[-1], 4)\n"
    spec = {"input": "sequence", "shape": [4, 4], "outputs": 2, "causal": False}
    x = np.zeros((3, 4, 4), np.float32)
    written(Payload({"source": source, "spec": spec, "seeds": [0]}, {"x": x}))


def _quiet() -> None:
    """Keep PyTorch from starting a thread for its progress bars and from looking for a folder."""
    if bars := sys.modules.get("tqdm"):
        bars.tqdm.monitor_interval = 0
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        # Nothing is written there; but looking for a place where nothing may be written fails.
        tempfile.tempdir = os.sep
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.sep)


class NoGraph(Exception):
    """Raise where PyTorch cannot export a module; the text says why."""


def _opaque(module: nn.Module, x: Tensor, why: str) -> Payload:
    """Tell of a module by what it does, after a step back through it as training will take."""
    module(x.clone()).float().square().mean().backward()
    with torch.no_grad():
        outputs = module.eval()(x).float()
    count = sum(p.numel() for p in module.parameters())
    return Payload({"opaque": why, "parameters": count}, {"outputs": outputs.numpy()})


def built(source: str, spec: Spec, seed: int) -> nn.Module:
    """Run a program's text and have it build its module under a seed."""
    with seeded(seed):
        module = executed(source)["build"](spec)
    if not isinstance(module, nn.Module):
        raise ProgramError(f"expected `build` to return a module, found {type(module).__name__}")
    return module.float().train()


def _exported(module: nn.Module, x: Tensor) -> torch.export.ExportedProgram:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            whole = torch.export.export(
                module, (x,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},), strict=False
            )
            return whole.run_decompositions({})
        except Exception as error:
            reason = str(error).strip().split("\n")[0]
            raise NoGraph(
                f"cannot be written down as a graph for batches of any size: {reason}"
            ) from None


def _eager(module: nn.Module, x: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return the outputs, and the gradients of a mix of them: of `x`, then of the parameters."""
    module.eval()
    x = x.clone().requires_grad_()
    y = module(x)
    wanted = [x, *module.parameters()]
    found = torch.autograd.grad(mixed(y), wanted, allow_unused=True, materialize_grads=True)
    flat = torch.cat([g.flatten() for g in found])
    return y.detach().float().numpy(), flat.detach().float().numpy()


class _Writing:
    """An exported program as plain data."""

    def __init__(self, exported: torch.export.ExportedProgram) -> None:
        self.module: GraphModule = exported.graph_module
        self.signature = exported.graph_signature
        self.constants: Mapping[str, Any] = {**exported.state_dict, **exported.constants}
        self.trained = set(self.signature.inputs_to_parameters.values())
        self.held = self._held()
        self.result = self._result()
        self.alive = self._alive()
        # All parameters count as weights, in the module's order, used or not: the budget is theirs.
        places = {target: name for name, target in self.held.items()}
        names = [places[t] for t in exported.state_dict if t in self.trained and t in places]
        names += [n for n in self.held if n not in names and n in self.alive]
        self.weights = names
        (given,) = self.signature.user_inputs
        self.places = {str(given): 0}
        self.places |= {name: 1 + i for i, name in enumerate(self.weights)}
        self.nodes: list[dict[str, Any]] = []

    def _held(self) -> dict[str, str]:
        """Map the graph's inputs to the names of the tensors that the module holds."""
        found = self.signature
        return {
            **found.inputs_to_parameters,
            **found.inputs_to_buffers,
            **found.inputs_to_lifted_tensor_constants,
        }

    def _result(self) -> Node:
        (last,) = [n for n in self.module.graph.nodes if n.op == "output"]
        changed = self.signature.buffers_to_mutate
        answer: Any = last.args[0]
        outputs = list(answer)
        for output, target in zip(outputs, changed.values(), strict=False):
            value = self.constants[target]
            norm = output.target is operator.getitem and "batch_norm" in str(output.args[0].target)
            if not norm and value.is_floating_point():
                raise ProgramError(f"keeps a state of its own in `{target}`")
        answers = outputs[len(changed) :]
        if len(answers) != 1 or not isinstance(answers[0], Node):
            raise ProgramError("expected the module to return one tensor")
        return answers[0]

    def _alive(self) -> set[str]:
        """Find what the result depends on."""
        alive, unseen = set(), [self.result]
        while unseen:
            node = unseen.pop()
            if node.name not in alive:
                alive.add(node.name)
                unseen += node.all_input_nodes
        return alive

    def graph(self) -> dict[str, Any]:
        """Return the graph."""
        for node in self.module.graph.nodes:
            if node.op == "call_function" and node.name in self.alive:
                if len(self.nodes) > MOST_NODES:
                    raise ProgramError(f"takes more than {MOST_NODES} operations")
                self.nodes.append(self._node(node))
                self.places[node.name] = len(self.weights) + len(self.nodes)
        weights = [self._described(name) for name in self.weights]
        result = {"ref": self.places[self.result.name]}
        return {"weights": weights, "nodes": self.nodes, "result": result}

    def _described(self, name: str) -> dict[str, Any]:
        target = self.held[name]
        shape = list(self.constants[target].shape)
        return {"shape": shape, "trained": target in self.trained}

    def arrays(self, held: list[dict[str, Tensor]]) -> dict[str, np.ndarray]:
        """Return the first values of the weights, for every seed."""
        found = {}
        for number, name in enumerate(self.weights):
            target = self.held[name]
            first: Tensor = self.constants[target]
            values = [h.get(target, first).detach() for h in held]
            if len({v.shape for v in values}) > 1:
                raise ProgramError(f"`{target}` has another shape under another seed")
            stacked = torch.stack(values)
            stacked = stacked.float() if stacked.is_floating_point() else stacked
            found[f"w{number}"] = stacked.numpy()
        return found

    def _node(self, node: Node) -> dict[str, Any]:
        target, args, kwargs = node.target, list(node.args), dict(node.kwargs)
        name = str(target)
        if "batch_norm" in name and "functional" in name:
            return self._call("batch_norm", [*args[:5], *args[6:8]], {})
        if name == "aten.native_dropout.default":
            return self._call("dropout", args[:2], {})
        if target is operator.getitem and isinstance(args[0], Node):
            source = str(args[0].target)
            if ("batch_norm" in source or "native_dropout" in source) and args[1] == 0:
                return self._call("aten.alias.default", args[:1], {})
        if target in _WHOLE:
            return self._call(f"python.{_WHOLE[target]}", args, kwargs)
        return self._call(name, args, {k: v for k, v in kwargs.items() if k not in _IDLE})

    def _call(self, op: str, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        written = {k: self._value(v) for k, v in kwargs.items()}
        return {"op": op, "args": [self._value(v) for v in args], "kwargs": written}

    def _value(self, value: Any) -> Any:
        match value:
            case Node():
                return {"ref": self.places[value.name]}
            case list() | tuple():
                return [self._value(v) for v in value]
            case torch.dtype() if value in _DTYPES:
                return {"dtype": _DTYPES[value]}
            case torch.device() | torch.layout() | torch.memory_format():
                return None
            case float() if not math.isfinite(value):
                return {"float": repr(value)}
            case bool() | int() | float() | str() | None:
                return value
        raise ProgramError(f"no graph can hold {type(value).__name__} {value}"[:200])
