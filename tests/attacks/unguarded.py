"""What bad graphs and modules do where nobody looks at them: the other half of the proof."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from evaluators.harness.bodies.graph import GraphBody
from evaluators.harness.freeform.module import built
from programs.spec import Spec
from sandbox.base import Payload
from tests.attacks.graphs import MODULES

SPEC = Spec("sequence", (8, 8), 4, causal=True)


def _x() -> Tensor:
    return torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(0))


def _changed(x: Tensor, where: tuple[Any, ...]) -> Tensor:
    other = x.clone()
    other[where] += 1.0
    return other


def _looks_ahead(module: torch.nn.Module) -> bool:
    x = _x()
    return not torch.allclose(module(x)[:, 0], module(_changed(x, (slice(None), 7)))[:, 0])


def _mixes(module: torch.nn.Module) -> bool:
    x = _x()
    return not torch.allclose(module(x)[0], module(_changed(x, (1,)))[0])


def _is_another_the_second_time(module: torch.nn.Module) -> bool:
    return not torch.allclose(module(_x()), module(_x()))


def _remembers(module: torch.nn.Module) -> bool:
    before = [b.clone() for b in module.buffers()]
    module(_x())
    return not all(torch.equal(b, c) for b, c in zip(before, module.buffers(), strict=True))


def _lies_about_its_gradient(module: torch.nn.Module) -> bool:
    x = _x().double().requires_grad_()
    module = module.double()
    (claimed,) = torch.autograd.grad(module(x).sum(), x)
    step = torch.zeros_like(x)
    step[0, 0, 0] = 1e-4
    slope = (module(x + step).sum() - module(x - step).sum()) / 2e-4
    return abs(float(claimed[0, 0, 0] - slope)) > 1e-3


def _is_no_number(module: torch.nn.Module) -> bool:
    return bool(module(_x()).isnan().all())


WINS: dict[str, Callable[[torch.nn.Module], bool]] = {
    "it looks ahead": _looks_ahead,
    "it looks ahead in sums": _looks_ahead,
    "it reads its neighbours": _mixes,
    "it answers for all at once": _mixes,
    "it remembers": _remembers,
    "it draws": _is_another_the_second_time,
    "its gradient is another": _lies_about_its_gradient,
    "it is not a number": _is_no_number,
}


def module(payload: Payload) -> Payload:
    """Build a module and use it as it is."""
    name = payload.data["name"]
    return Payload({"won": WINS[name](built(MODULES[name][0], SPEC, 0))})


def operation(payload: Payload) -> Payload:
    """Look an operation up by its bare name, as a runner without a list would, and call it."""
    return Payload({"won": OPERATIONS[payload.data["name"]]()})


def _bytes_of_a_file() -> bool:
    path = Path("secret")
    path.write_bytes(b"a key")
    found = torch.ops.aten.from_file.default(str(path), False, 5, dtype=torch.uint8)
    return bytes(found.tolist()) == b"a key"


def _numbers_of_another() -> bool:
    whole = torch.arange(9.0)
    return torch.ops.aten.as_strided.default(whole[:1], [9], [1], 0).tolist() == whole.tolist()


def _another_each_time() -> bool:
    first, second = (torch.ops.aten.rand.default([9]) for _ in range(2))
    return not torch.equal(first, second)


def _its_argument_is_changed() -> bool:
    x = torch.ones(2)
    torch.ops.aten.add_.Tensor(x, x)
    return x.tolist() == [2.0, 2.0]


def _another_is_written() -> bool:
    x, place = torch.ones(2), torch.zeros(2)
    torch.ops.aten.add.out(x, x, out=place)
    return place.tolist() == [2.0, 2.0]


def _a_program_runs() -> bool:
    return os.system("true") == 0


def _a_norm_writes_into_its_input() -> bool:
    node = {"op": "batch_norm", "kwargs": {}}
    ref = [{"ref": number} for number in range(3)]
    node["args"] = [ref[1], None, None, ref[0], ref[2], 0.5, 1e-5]
    described = [{"shape": [4, 4], "trained": True}, {"shape": [4], "trained": False}]
    graph = {"weights": described, "nodes": [node], "result": {"ref": 3}}
    x = torch.zeros(4)
    GraphBody(graph, [torch.ones(4, 4), torch.ones(4)]).train()(x)
    return x.tolist() == [0.5] * 4


OPERATIONS: dict[str, Callable[[], bool]] = {
    "a file": _bytes_of_a_file,
    "memory beyond": _numbers_of_another,
    "chance": _another_each_time,
    "writing": _its_argument_is_changed,
    "writing elsewhere": _another_is_written,
    "a name of Python": _a_program_runs,
    "a norm": _a_norm_writes_into_its_input,
}
