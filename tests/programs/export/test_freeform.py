"""An exported free-form program does what it did, in a file that imports nothing of ours."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from programs.errors import Fault, InputError
from programs.export import export
from programs.export.freeform import export_freeform
from programs.load import kind_named, library, read_program
from programs.program import Program
from programs.spec import Spec
from tests.programs.freeform.corpus import FREE

STEPS = 8


def program(case: str, kind: str = "optimizer") -> Program:
    found = read_program(FREE[case][1], kind_named(kind))
    assert not isinstance(found, Fault)
    assert found.genome is None
    return found


def exported(case: str, kind: str = "optimizer") -> Any:
    text = export_freeform(program(case, kind), {"lr": "0.01"}, name="Mine")
    assert not {"import programs", "from programs", "evaluators"} & set(text.splitlines())
    names: dict[str, Any] = {"__name__": "mine"}
    exec(compile(text, "mine.py", "exec"), names)
    return names["Mine"]


def trained(make: Any) -> list[torch.Tensor]:
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)
    ).double()
    x, y = torch.randn(16, 5).double(), torch.randn(16, 2).double()
    optimizer = make(net.parameters())
    for _ in range(STEPS):
        optimizer.zero_grad()
        (net(x) - y).square().mean().backward()
        optimizer.step()
    return [p.detach() for p in net.parameters()]


@pytest.mark.parametrize(
    ("case", "reference"),
    [
        ("adamw, model", lambda p: torch.optim.AdamW(p, lr=0.01)),
        ("adam, helper", lambda p: torch.optim.Adam(p, lr=0.01)),
        ("momentum, model", lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9)),
    ],
)
def test_an_exported_optimiser_trains_as_torchs_own(case: str, reference: Any):
    for ours, theirs in zip(trained(exported(case)), trained(reference), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-9)


HIDING = {
    "a helper named inspect": """
import torch

def inspect(x):
    return x.sin_()

def update(w, g, m, lr):
    m = 0.9 * m + inspect(g.clone())
    return lr * m, m
""",
    "torch under another's name": """
import torch as inspect

class torch:
    scale = 2.0

def update(w, g, lr):
    return lr * torch.scale * inspect.sin(g).clone().mul_(1.0)
""",
    "a function of torch named copy": """
from torch import clone as copy

def init(params):
    return [copy(p) * 0 for p in params]

def update(params, grads, state, lr, step, total):
    state = [0.9 * m + g for m, g in zip(state, grads)]
    return [lr * m.sin_() for m in state], state
""",
    "a state with names": """
from collections import namedtuple
import torch

State = namedtuple("State", "first rest count")

def init(params):
    return State([p * 0 for p in params], {"second": tuple(p * 0 for p in params)}, 0)

def update(params, grads, state, lr, step, total):
    first = [0.9 * m + g for m, g in zip(state.first, grads)]
    second = tuple(v + g.square_() for v, g in zip(state.rest["second"], grads))
    deltas = [lr * m / (v.sqrt() + 1e-8) for m, v in zip(first, second)]
    return deltas, State(first, {"second": second}, state.count + 1)
""",
}


def hiding(name: str) -> Any:
    made = read_program(HIDING[name], kind_named("optimizer"))
    assert isinstance(made, Program), made
    assert made.genome is None
    names: dict[str, Any] = {"__name__": "mine"}
    exec(compile(export_freeform(made, {"lr": "0.01"}, name="Mine"), "mine.py", "exec"), names)
    return names["Mine"]


@pytest.mark.parametrize("name", HIDING)
def test_a_checkpoint_of_a_program_with_names_of_its_own_goes_on(name: str) -> None:
    param = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    first = hiding(name)([param])

    def moved(optimizer: Any, p: torch.nn.Parameter) -> torch.Tensor:
        for step in range(3):
            p.grad = torch.tensor([0.5, 1.0 + step])
            optimizer.step()
        return p.detach().clone()

    moved(first, param)
    twin = torch.nn.Parameter(param.detach().clone())
    second = hiding(name)([twin])
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    torch.testing.assert_close(moved(second, twin), moved(first, param), rtol=0, atol=0)


@pytest.mark.parametrize("name", ["soap", "shampoo"])
def test_decompositions_do_with_bfloat16(name: str) -> None:
    names: dict[str, Any] = {"__name__": "mine"}
    text = export_freeform(library("optimizer")[name], {"lr": "0.01"}, name="Mine")
    exec(compile(text, "mine.py", "exec"), names)
    torch.manual_seed(0)
    param = torch.nn.Parameter(torch.randn(4, 3).bfloat16())
    before = float(param.detach().float().norm())
    optimizer = names["Mine"]([param])
    for _ in range(25):
        param.grad = param.detach().clone()
        optimizer.step()
    assert float(param.detach().float().norm()) < before


def test_an_exported_schedule_sets_the_rates():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=2.0)
    scheduler = exported("triangular", "schedule")(optimizer, 40)
    rates = []
    for _ in range(40):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    place = [8 * step / 40 % 2 for step in range(40)]
    assert rates == pytest.approx([2 * (0.1 + 0.9 * (1 - abs(p - 1))) for p in place])


def test_there_are_no_equations_of_it():
    with pytest.raises(InputError, match="no equations"):
        export(program("sgd, branch"), "latex")


BODY = """from __future__ import annotations

import torch
from torch import nn


class Body(nn.Module):
    def __init__(self, spec):
        super().__init__()
        width = spec.shape[0] if spec.input == "image" else spec.shape[-1]
        if spec.input == "image":
            self.one = nn.Conv2d(width, width, 3, padding=1)
            self.norm = nn.BatchNorm2d(width)
        else:
            self.one = nn.Linear(width, width)
            self.norm = nn.LayerNorm(width)
        self.past = spec.causal

    def forward(self, x):
        h = torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], 1) if self.past else x
        return x + nn.functional.gelu(self.one(self.norm(h)))


def build(spec):
    return Body(spec)
"""

ALONE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("programs", "agent", "evaluators", "sandbox", "runs"):
            raise ImportError(f"{name} must not be needed")

sys.meta_path.insert(0, Refuse())
sys.path.insert(0, ".")
import numpy, torch
import exported

given = numpy.load("given.npz")
net = exported.network()
net.load_state_dict({k: torch.from_numpy(given[k]) for k in net.state_dict()})
numpy.save("found.npy", net.eval()(torch.from_numpy(given["x"])).detach().numpy())
"""


def module(docstring: str = "") -> Program:
    found = read_program(docstring + BODY, kind_named("architecture"))
    assert not isinstance(found, Fault)
    assert found.form == "module"
    return found


@pytest.mark.parametrize(
    "spec",
    [
        Spec("vector", (6,), 3),
        Spec("sequence", (5, 8), 4, causal=True),
        Spec("image", (4, 6, 6), 10),
    ],
    ids=lambda s: s.input,
)
def test_an_exported_network_does_alone_what_it_did(spec: Spec, tmp_path: Path) -> None:
    text = export(module('"""Shifted \\\\ words."""\n'), "py", {"score": "0.9"}, spec)
    (tmp_path / "exported.py").write_text(text, "utf-8")
    (tmp_path / "alone.py").write_text(ALONE, "utf-8")
    torch.manual_seed(0)
    names: dict[str, Any] = {}
    exec(compile(BODY, "body.py", "exec"), names)
    net, x = names["build"](spec), torch.randn(3, *spec.shape)
    net.train()(torch.randn(16, *spec.shape))
    state = {k: v.numpy() for k, v in net.state_dict().items()}
    np.savez(tmp_path / "given.npz", x=x.numpy(), **state)
    done = subprocess.run(
        [sys.executable, "-I", "alone.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    wanted = net.eval()(x).detach().numpy()
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), wanted, rtol=1e-5, atol=1e-5)


def network(text: str, name: str = "network") -> Any:
    names: dict[str, Any] = {"__name__": "mine"}
    exec(compile(text, "mine.py", "exec"), names)
    return names[name]


def test_an_exported_network_can_be_made_for_another_task() -> None:
    made = network(export(module(), spec=Spec("vector", (6,), 3)))
    assert made(shape=(9,))(torch.zeros(2, 9)).shape == (2, 9)
    anywhere = network(export(module()))
    assert anywhere("image", (4, 6, 6), 10, False)(torch.zeros(2, 4, 6, 6)).shape == (2, 4, 6, 6)
    with pytest.raises(TypeError, match="shape"):
        anywhere()


def test_an_exported_network_keeps_out_of_its_programs_way() -> None:
    taken = (
        BODY.replace("Body(spec)", "network(spec)")
        + "\n\ndef network(spec):\n    return Body(spec)\n"
    )
    found = read_program(taken, kind_named("architecture"))
    assert isinstance(found, Program)
    text = export(found, spec=Spec("vector", (6,), 3))
    given = SimpleNamespace(input="vector", shape=(6,), outputs=3, causal=False)
    assert "`network_for()` returns the module" in text
    torch.manual_seed(0)
    one = network(text, "network_for")()
    torch.manual_seed(0)
    torch.testing.assert_close(
        one(torch.ones(1, 6)), network(text, "build")(given)(torch.ones(1, 6))
    )
