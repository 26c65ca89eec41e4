"""Parameter groups of exported optimisers: which there may be, and what they may set."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch

from programs.export import export
from programs.load import in_language, library
from tests.programs.export.samples import difference, gradients, optimizer, trained, weights


@pytest.mark.parametrize("options", [{}, {"foreach": False}, {"capturable": True}])
@pytest.mark.parametrize("name", in_language("optimizer"))
def test_a_group_may_be_empty(name: str, options: dict[str, bool]) -> None:
    made = library("optimizer")[name]
    params, plain = weights(torch.float32), weights(torch.float32)
    opt = optimizer(made, [{"params": []}, {"params": params}, {"params": []}], **options)
    found = trained(opt, params, range(1, 4))
    opt.load_state_dict(opt.state_dict())
    assert difference(found, trained(optimizer(made, plain, **options), plain, range(1, 4))) == 0
    assert torch.isfinite(torch.cat([p.flatten() for p in trained(opt, params, range(4, 6))])).all()


def free(name: str) -> Callable[..., torch.optim.Optimizer]:
    names: dict[str, Any] = {"__name__": "mine"}
    exec(compile(export(library("optimizer")[name]), "mine.py", "exec"), names)
    classes = (c for c in names.values() if inspect.isclass(c))
    return next(c for c in classes if issubclass(c, torch.optim.Optimizer))


ASKED = {
    "weight_decay": 0.0,
    "betas": (0.9, 0.99),
    "eps": 1e-6,
    "momentum": 0.9,
    "nesterov": True,
    "maximize": True,
}


@pytest.mark.parametrize("setting", ASKED)
@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("adamw", "`lr`, `foreach` or `capturable`"),
        ("lion", "`lr`, `foreach` or `capturable`"),
        ("soap", "`lr` or `total_steps`"),
    ],
)
def test_a_setting_that_nothing_reads_is_refused(name: str, own: str, setting: str) -> None:
    made = free(name)
    whole = f"expected a group's own {own}, found `{setting}`: the other numbers of "
    with pytest.raises(ValueError, match=re.escape(whole)):
        made([{"params": weights(torch.float32), setting: ASKED[setting]}])
    opt = made(weights(torch.float32))
    with pytest.raises(ValueError, match=re.escape(whole)):
        opt.add_param_group({"params": weights(torch.float32), setting: ASKED[setting]})
    assert len(opt.param_groups) == 1


@pytest.mark.parametrize("name", ["adamw", "lion", "soap"])
def test_a_group_may_bear_marks(name: str) -> None:
    params = weights(torch.float32)
    opt = free(name)([{"params": params, "lr": 0.1, "initial_lr": 0.2, "name": "body"}])
    for p, g in zip(params, gradients(params, 1), strict=True):
        p.grad = g
    opt.step()
    group = opt.param_groups[0]
    assert (group["lr"], group["initial_lr"], group["name"]) == (0.1, 0.2, "body")


@pytest.mark.parametrize("name", ["adamw", "lion", "soap"])
def test_what_others_keep_in_a_group_or_what_asks_for_nothing_is_let_pass(name: str) -> None:
    """A wrapper such as SAM hands on the groups with its own settings in them."""
    group = {"params": weights(torch.float32), "rho": 0.05, "adaptive": False}
    opt = free(name)([{**group, "maximize": False, "nesterov": False}])
    assert opt.param_groups[0]["rho"] == 0.05


def one_step(opt: torch.optim.Optimizer, p: torch.Tensor, times: int = 1) -> torch.Tensor:
    """Return what the last of so many steps took off."""
    before = p.detach().clone()
    for _ in range(times):
        before, p.grad = p.detach().clone(), torch.ones_like(p)
        opt.step()
    return before - p.detach()


def test_a_state_that_was_not_copied_goes_on_as_pytorch_s_own() -> None:
    taken = []
    for make in (free("adamw"), torch.optim.AdamW):
        p = torch.nn.Parameter(torch.ones(2))
        opt = make([p], lr=1e-3)
        one_step(opt, p, 4)
        kept = opt.state_dict()
        one_step(opt, p, 300)
        opt.load_state_dict(kept)
        taken.append(one_step(opt, p))
    assert torch.allclose(*taken, rtol=1e-4)


def test_a_group_made_of_another_counts_from_its_own_beginning() -> None:
    a, b = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    opt = free("adamw")([a])
    one_step(opt, a, 10)
    opt.add_param_group({**opt.param_groups[0], "params": [b]})
    b.grad = torch.ones(2)
    one_step(opt, a, 4)
    assert [float(group["step"]) for group in opt.param_groups] == [14, 4]
    free("adamw")(opt.param_groups)
    assert [float(group["step"]) for group in opt.param_groups] == [14, 4]


def test_a_saved_group_without_a_count_has_those_of_its_parameters() -> None:
    taken = []
    for drop in (False, True):
        p = torch.nn.Parameter(torch.ones(2))
        opt = free("adamw")([p])
        one_step(opt, p, 5)
        saved = deepcopy(opt.state_dict())
        if drop:
            del saved["param_groups"][0]["step"]
        opt.load_state_dict(saved)
        taken.append(one_step(opt, p, 2))
    assert torch.allclose(*taken)
