"""An exported free-form program does what it did, in a file that imports nothing of ours."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from programs.errors import Fault, InputError
from programs.export import export
from programs.export.freeform import export_freeform
from programs.load import kind_named, read_program
from programs.program import Program
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
