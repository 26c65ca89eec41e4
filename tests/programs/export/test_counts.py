"""An exported optimiser counts for each parameter the steps that it took part in, as PyTorch."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, optim

from programs.export import export
from programs.export.analysis import analyse
from programs.kind import Scope
from programs.load import in_language, library
from programs.program import Program
from tests.programs.export.samples import (
    KIND,
    LR,
    difference,
    gradients,
    optimizer,
    program,
    weights,
)

PATHS = [{"foreach": f, "capturable": c} for f in (True, False) for c in (True, False)]
RESTS: dict[int, set[int]] = {0: set(), 1: {1, 2, 3}, 2: {4, 7}, 3: {*range(1, 9), 12, 13}}
"""The steps at which each of the parameters has no gradient."""
LAST = 16


def some(params: Sequence[Tensor], step: int) -> list[Tensor | None]:
    """Return a gradient for each parameter that has one at the step."""
    given = gradients(params, step)
    return [None if step in RESTS[i] else g for i, g in enumerate(given)]


def walked(
    opt: optim.Optimizer,
    params: Sequence[Tensor],
    steps: range,
    given: Callable[[Sequence[Tensor], int], Sequence[Tensor | None]] = some,
) -> list[Tensor]:
    """Take steps and return copies of the weights."""
    for step in steps:
        for p, g in zip(params, given(params, step), strict=True):
            p.grad = g
        opt.step()
    return [p.detach().clone() for p in params]


TORCH: dict[str, Callable[[list[Tensor]], optim.Optimizer]] = {
    "adam": lambda p: optim.Adam(p, lr=LR),
    "adamw": lambda p: optim.AdamW(p, lr=LR, weight_decay=0.01),
    "amsgrad": lambda p: optim.Adam(p, lr=LR, amsgrad=True),
    "adamax": lambda p: optim.Adamax(p, lr=LR),
    "nadam": lambda p: optim.NAdam(p, lr=LR),
    "radam": lambda p: optim.RAdam(p, lr=LR),
    "rprop": lambda p: optim.Rprop(p, lr=LR),
}


@pytest.mark.parametrize("options", PATHS)
@pytest.mark.parametrize("name", TORCH)
def test_parameters_that_come_late_or_rest_go_as_in_pytorch(
    name: str, options: dict[str, bool]
) -> None:
    params, theirs = weights(torch.float64), weights(torch.float64)
    opt = optimizer(library("optimizer")[name], params, **options)
    found = walked(opt, params, range(1, LAST))
    wanted = walked(TORCH[name](theirs), theirs, range(1, LAST))
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-6)


def for_itself(made: Program) -> bool:
    """Tell whether a program looks at one parameter alone."""
    assert made.genome is not None
    return not analyse(made.genome, KIND).ops(Scope.MODEL)


ALONE = {n: p for n, p in in_language("optimizer").items() if for_itself(p)}


@pytest.mark.parametrize("options", PATHS)
@pytest.mark.parametrize("name", ALONE)
def test_no_parameter_minds_when_the_others_come(name: str, options: dict[str, bool]) -> None:
    params, alone = weights(torch.float64), weights(torch.float64)
    found = walked(optimizer(ALONE[name], params, **options), params, range(1, LAST))
    for place, p in enumerate(alone):
        opt = optimizer(ALONE[name], [p], **options)
        for step in range(1, LAST):
            p.grad = some(alone, step)[place]
            if p.grad is not None:
                opt.step()
    assert difference(found, [p.detach() for p in alone]) < 1e-9


CLIPPED = program("""
def update(w, g, m, lr, step):
    g = clip_by_global_norm(g, 1.0)
    m = lerp(m, g, 0.1)
    return lr * m / (1 - 0.9**step), m
""")


@pytest.mark.parametrize("options", PATHS)
def test_a_norm_over_the_model_sees_parameters_at_any_step(options: dict[str, bool]) -> None:
    params, plain = weights(torch.float64), weights(torch.float64)
    groups = [{"params": params[:2]}, {"params": params[2:]}]
    found = walked(optimizer(CLIPPED, groups, **options), params, range(1, LAST))

    def clipped(params: Sequence[Tensor], step: int) -> list[Tensor | None]:
        given = some(params, step)
        norm = sum(float(g.square().sum()) for g in given if g is not None) ** 0.5
        return [g if g is None else g * min(1.0, 1 / norm) for g in given]

    free = program(
        "def update(w, g, m, lr, step):\n    m = lerp(m, g, 0.1)\n"
        "    return lr * m / (1 - 0.9**step), m\n"
    )
    wanted = walked(optimizer(free, plain, foreach=False), plain, range(1, LAST), clipped)
    assert difference(found, wanted) < 1e-9


@pytest.mark.parametrize("options", PATHS)
def test_noise_keeps_its_places_where_steps_differ(options: dict[str, bool]) -> None:
    made = program("def update(w, g, step):\n    return noise(g, 7) + step\n")
    params = [torch.zeros(3, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    opt = optimizer(made, params, **options)

    def given(params: Sequence[Tensor], step: int) -> list[Tensor | None]:
        return [None if i == 1 and step < 3 else torch.zeros_like(p) for i, p in enumerate(params)]

    before = walked(opt, params, range(1, 4), given)
    after = walked(opt, params, range(4, 5), given)
    moved = [b - a - step for a, b, step in zip(after, before, (4, 2, 4), strict=True)]
    whole = torch.zeros(9, dtype=torch.float64, requires_grad=True)
    whole.grad = torch.zeros_like(whole)
    optimizer(made, [whole], foreach=False).step()
    torch.testing.assert_close(torch.cat(moved), -whole.detach() - 1)


def through_a_file(opt: optim.Optimizer) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(opt.state_dict(), file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("after", range(1, LAST - 1, 3))
@pytest.mark.parametrize("options", PATHS)
@pytest.mark.parametrize("name", ["adamw", "lookahead", "noisy_sgd"])
def test_a_checkpoint_keeps_every_count(name: str, options: dict[str, bool], after: int) -> None:
    made, params = library("optimizer")[name], weights(torch.float32)
    opt = optimizer(made, params, **options)
    walked(opt, params, range(1, after))
    resumed = [p.detach().clone().requires_grad_() for p in params]
    second = optimizer(made, resumed, **options)
    second.load_state_dict(through_a_file(opt))
    wanted = walked(opt, params, range(after, LAST))
    assert difference(walked(second, resumed, range(after, LAST)), wanted) == 0


def test_a_checkpoint_may_move_between_capturable_and_not() -> None:
    made, params = library("optimizer")["adamw"], weights(torch.bfloat16)
    opt = optimizer(made, params, capturable=True)
    walked(opt, params, range(1, 6))
    for count in (opt.param_groups[0]["step"], *(s["step"] for s in opt.state.values())):
        if count is not None:
            count += 1000
    for capturable in (True, False):
        twin = optimizer(made, weights(torch.bfloat16), capturable=capturable)
        twin.load_state_dict(through_a_file(opt))
        counts = {key: state["step"] for key, state in twin.state_dict()["state"].items()}
        assert {c.dtype for c in counts.values()} == {torch.float64}
        assert counts == {0: 1005, 1: 1002, 2: 1004}


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_a_copy_keeps_every_count(duplicate: Callable[[Any], Any]) -> None:
    params = weights(torch.float32)
    opt = optimizer(library("optimizer")["adamw"], params)
    walked(opt, params, range(1, 10))
    twin = duplicate(opt)
    others = twin.param_groups[0]["params"]
    wanted = walked(opt, params, range(10, LAST))
    assert difference(walked(twin, others, range(10, LAST)), wanted) == 0


@pytest.mark.parametrize("name", ["adamw", "noisy_sgd"])
def test_a_checkpoint_from_before_counts_were_kept_goes_on(name: str) -> None:
    made, params = library("optimizer")[name], weights(torch.float32)
    opt = optimizer(made, params)
    walked(opt, params, range(1, 6), gradients)
    old = through_a_file(opt)
    for state in old["state"].values():
        del state["step"]
    old["state"] = {key: state for key, state in old["state"].items() if state}
    resumed = [p.detach().clone().requires_grad_() for p in params]
    second = optimizer(made, resumed)
    second.load_state_dict(old)
    wanted = walked(opt, params, range(6, 9), gradients)
    assert difference(walked(second, resumed, range(6, 9), gradients), wanted) == 0


def test_states_that_were_cleared_start_anew() -> None:
    made = library("optimizer")["lookahead"]
    params = weights(torch.float32)
    opt = optimizer(made, params)
    walked(opt, params, range(1, 9), gradients)
    opt.state.clear()
    fresh = [p.detach().clone().requires_grad_() for p in params]
    wanted = walked(optimizer(made, fresh), fresh, range(1, 9), gradients)
    assert difference(walked(opt, params, range(1, 9), gradients), wanted) == 0


def test_steps_of_nobody_are_not_counted() -> None:
    params = weights(torch.float32)
    opt = optimizer(library("optimizer")["adamw"], params)
    walked(opt, params, range(1, 4), lambda params, _: [None] * len(params))
    walked(opt, params, range(4, 6), gradients)
    assert float(opt.param_groups[0]["step"]) == 2
    assert all(state["step"] is None for state in opt.state.values())


@pytest.mark.parametrize(
    ("name", "options"),
    [("lookahead", PATHS[0]), ("lookahead", PATHS[3]), ("noisy_sgd", PATHS[1])],
)
def test_a_compiled_step_counts_as_well(name: str, options: dict[str, bool]) -> None:
    made = library("optimizer")[name]
    params, plain = weights(torch.float32), weights(torch.float32)
    wanted = walked(optimizer(made, plain, **options), plain, range(1, 6))
    opt = optimizer(made, params, **options)
    torch.compiler.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's compiler warns about torch
        opt.step = torch.compile(opt.step, fullgraph=True, backend="eager")  # type: ignore[method-assign]
        found = walked(opt, params, range(1, 6))
    assert difference(found, wanted) < 1e-6


def test_a_frozen_parameter_compiles_nothing_anew() -> None:
    params = weights(torch.float32)
    opt = optimizer(library("optimizer")["adamw"], params)
    compiled: list[int] = []

    def backend(graph: torch.fx.GraphModule, _: object) -> Callable[..., Any]:
        compiled.append(len(compiled))
        return graph.forward

    torch.compiler.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's compiler warns about torch
        opt.step = torch.compile(opt.step, fullgraph=True, backend=backend)  # type: ignore[method-assign]
        walked(opt, params, range(1, 9), lambda p, step: [None, *gradients(p, step)[1:]])
    assert len(compiled) == 2


def test_parameters_at_the_same_step_share_their_lists() -> None:
    made = library("optimizer")["adamw"]
    params = weights(torch.float32)
    opt = optimizer(made, params)
    late = {0: 1, 1: 4, 2: 4, 3: 1}
    walked(
        opt,
        params,
        range(1, 6),
        lambda p, step: [g if step >= late[i] else None for i, g in enumerate(gradients(p, step))],
    )
    for p, g in zip(params, gradients(params, 6), strict=True):
        p.grad = g
    tensors = opt._tensors(opt.param_groups[0])  # type: ignore[attr-defined]
    assert opt._steps(opt.param_groups[0], tensors) == [6, 3, 3, 6]  # type: ignore[attr-defined]


def test_programs_that_do_not_read_the_step_count_nothing() -> None:
    text = export(library("optimizer")["lion"])
    assert 'step"]' not in text
    assert "_steps" not in text
