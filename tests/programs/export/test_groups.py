"""Parameter groups of exported optimisers: which there may be, and what they may set."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
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


NAMES = ("weight_decay", "betas", "eps", "momentum", "dampening", "nesterov", "alpha", "maximize")


@pytest.mark.parametrize("setting", NAMES)
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
        made([{"params": weights(torch.float32), setting: 0.0}])
    opt = made(weights(torch.float32))
    with pytest.raises(ValueError, match=re.escape(whole)):
        opt.add_param_group({"params": weights(torch.float32), setting: 0.0})
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
