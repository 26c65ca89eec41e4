"""What users of PyTorch's optimisers count on, exported optimisers do."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from programs.export import export
from programs.load import in_language, library
from tests.programs.export.samples import (
    LR,
    SHAPES,
    difference,
    exported,
    gradients,
    optimizer,
    program,
    trained,
    weights,
)

ADAMW = library("optimizer")["adamw"]
NOISY = library("optimizer")["noisy_sgd"]
CLIPPED = program("""
def update(w, g, m, lr, step, total):
    g = clip_by_global_norm(g, 1.0)
    m = lerp(m, g, 0.1)
    return lr * cos(step / total) * m / maximum(global_norm(m), 1), m
""")
TWICE = program("""
def update(w, g, m, v, lr):
    m = lerp(m, clip_by_global_norm(g, 1), 0.1)
    v = lerp(v, square(row_norm(m)), 0.01)
    return lr * orthogonalize(m) * global_norm(v) * noise(row_mean(g), norm(w)), m, v
""")
PATHS = [{"foreach": True}, {"foreach": False}, {"capturable": True}]


@pytest.mark.parametrize("options", PATHS)
def test_adamw_is_the_adamw_of_pytorch(options: dict[str, bool]) -> None:
    for dtype in (torch.float32, torch.float64):
        params, theirs = weights(dtype), weights(dtype)
        reference = torch.optim.AdamW(theirs, lr=LR, weight_decay=0.01)
        found = trained(optimizer(ADAMW, params, **options), params, range(1, 51))
        wanted = trained(reference, theirs, range(1, 51))
        torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["adamw", "lion", "muon"])
@pytest.mark.parametrize("options", PATHS)
def test_a_checkpoint_continues_where_it_was_taken(name: str, options: dict[str, bool]) -> None:
    made = library("optimizer")[name]
    params = weights(torch.float32)
    first = optimizer(made, params, **options)
    trained(first, params, range(1, 8))
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    resumed = [p.detach().clone().requires_grad_() for p in params]
    second = optimizer(made, resumed, **options)
    second.load_state_dict(torch.load(file, weights_only=True))
    wanted = trained(first, params, range(8, 15))
    assert difference(trained(second, resumed, range(8, 15)), wanted) == 0


def test_states_are_named_as_in_the_program() -> None:
    params = weights(torch.float32)
    opt = optimizer(ADAMW, params)
    trained(opt, params, range(1, 4))
    saved = opt.state_dict()
    assert set(saved["state"][0]) == {"step", "m", "v"}
    step = saved["param_groups"][0]["step"]
    assert isinstance(step, Tensor)
    assert step == 3


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_a_copy_goes_the_same_way(duplicate) -> None:  # type: ignore[no-untyped-def]
    params = weights(torch.float32)
    opt = optimizer(ADAMW, params)
    trained(opt, params, range(1, 4))
    twin = duplicate(opt)
    others = twin.param_groups[0]["params"]
    wanted = trained(opt, params, range(4, 9))
    assert difference(trained(twin, others, range(4, 9)), wanted) == 0


@pytest.mark.parametrize("made", [ADAMW, CLIPPED])
def test_groups_have_their_own_rates(made) -> None:  # type: ignore[no-untyped-def]
    frozen, moving = weights(torch.float32), weights(torch.float32)
    before = [p.detach().clone() for p in frozen]
    opt = optimizer(made, [{"params": frozen, "lr": 0.0}, {"params": moving}])
    after = trained(opt, [*frozen, *moving], range(1, 4))
    assert difference(after[: len(frozen)], before) == 0
    assert difference(after[len(frozen) :], before) > 0


def test_a_group_added_later_counts_its_own_steps() -> None:
    first, second = weights(torch.float32), weights(torch.float32)
    opt = optimizer(ADAMW, first)
    trained(opt, first, range(1, 4))
    opt.add_param_group({"params": second})
    trained(opt, [*first, *second], range(4, 6))
    assert [float(g["step"]) for g in opt.param_groups] == [5.0, 2.0]


def test_a_closure_is_called_and_its_loss_returned() -> None:
    param = torch.ones(3, requires_grad=True)
    opt = optimizer(ADAMW, [param])

    def closure() -> float:
        opt.zero_grad()
        loss = (param**2).sum()
        loss.backward()
        return loss.item()

    losses = [opt.step(closure) for _ in range(3)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == 3.0


@pytest.mark.parametrize("options", PATHS)
def test_a_weight_without_gradient_stays(options: dict[str, bool]) -> None:
    params = weights(torch.float32)
    opt = optimizer(ADAMW, params, **options)
    idle = params[0].detach().clone()
    for p, g in zip(params[1:], gradients(params[1:], 1), strict=True):
        p.grad = g
    opt.step()
    assert torch.equal(params[0], idle)
    assert params[0] not in opt.state


def test_no_gradients_at_all_are_no_trouble() -> None:
    for made in (ADAMW, CLIPPED, NOISY, library("optimizer")["muon"]):
        optimizer(made, weights(torch.float32)).step()


def test_misuse_is_told_apart() -> None:
    with pytest.raises(ValueError, match="learning rate of 0 or more, found -1"):
        optimizer(ADAMW, weights(torch.float32), lr=-1)
    with pytest.raises(ValueError, match="total_steps of at least 1, found 0"):
        optimizer(CLIPPED, weights(torch.float32), total_steps=0)
    sparse = torch.ones(3, requires_grad=True)
    sparse.grad = torch.ones(3).to_sparse()
    with pytest.raises(RuntimeError, match="needs dense, real gradients"):
        optimizer(ADAMW, [sparse]).step()


def test_schedulers_move_the_rate() -> None:
    params = weights(torch.float32)
    opt = optimizer(ADAMW, params)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=10)
    for step in range(1, 11):
        trained(opt, params, range(step, step + 1))
        scheduler.step()
    assert opt.param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("options", PATHS)
def test_strides_do_not_matter(options: dict[str, bool]) -> None:
    for made in (ADAMW, library("optimizer")["muon"], TWICE):
        plain = [torch.randn(2, 3, 4, 4).requires_grad_()]
        last = [plain[0].detach().clone(memory_format=torch.channels_last).requires_grad_()]
        wanted = trained(optimizer(made, plain, **options), plain, range(1, 4))
        found = trained(optimizer(made, last, **options), last, range(1, 4))
        assert difference(found, wanted) < 1e-5


@pytest.mark.parametrize("name", ["adamw", "muon", "muon_with_adamw", "lamb", "adafactor"])
@pytest.mark.parametrize("options", PATHS)
def test_weights_without_elements_are_no_trouble(name: str, options: dict[str, bool]) -> None:
    made, shapes = library("optimizer")[name], ((0,), (0, 3), (3, 0, 2), (4, 3))
    params, plain = weights(torch.float32, shapes), weights(torch.float32, shapes)[3:]
    found = trained(optimizer(made, params, **options), params, range(1, 4))
    alone = optimizer(made, plain, **options)
    wanted = trained(alone, plain, range(1, 4), lambda _, step: gradients(params, step)[3:])
    assert difference(found[3:], wanted) == 0


def test_types_may_be_mixed() -> None:
    params: Sequence[Tensor] = [*weights(torch.float32), *weights(torch.bfloat16)]
    for made in (ADAMW, CLIPPED):
        opt = optimizer(made, params)
        after = trained(opt, params, range(1, 4))
        assert all(p.isfinite().all() for p in after)


EVERY = {**in_language("optimizer"), "clipped": CLIPPED, "two rounds": TWICE}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *((name, {"foreach": foreach}) for name in EVERY for foreach in (True, False)),
        *((name, {"capturable": True}) for name in ("adamw", "clipped", "noisy_sgd", "muon")),
    ],
)
def test_a_step_compiles_whole(name: str, options: dict[str, bool]) -> None:
    made, shapes = EVERY[name], SHAPES[:2]
    params, plain = weights(torch.float32, shapes), weights(torch.float32, shapes)
    wanted = trained(optimizer(made, plain, **options), plain, range(1, 4))
    opt = optimizer(made, params, **options)
    torch.compiler.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's compiler warns about torch
        compiled = torch.compile(opt.step, fullgraph=True, backend="eager")
        opt.step = compiled  # type: ignore[method-assign]
        found = trained(opt, params, range(1, 4))
    assert difference(found, wanted) < 1e-6


@pytest.mark.parametrize("name", EVERY)
def test_every_optimiser_has_a_path_over_lists(name: str) -> None:
    assert inspect.signature(exported(EVERY[name])).parameters["foreach"].default is None
    text = export(EVERY[name])
    assert "update_foreach_" in text
    assert "yield" not in text


def test_lists_are_the_default_where_they_are_not_slower() -> None:
    for made, by_default in ((ADAMW, True), (library("optimizer")["lamb"], False)):
        opt = optimizer(made, weights(torch.float32))
        scope = vars(sys.modules[type(opt).__module__])
        called: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            for name in ("update", "update_foreach_"):
                patch.setitem(scope, name, _noted(name, scope[name], called))
            trained(opt, opt.param_groups[0]["params"], range(1, 2))
        assert set(called) == {"update_foreach_" if by_default else "update"}


def _noted(name: str, function: Callable[..., Any], called: list[str]) -> Callable[..., Any]:
    def noted(*args: Any) -> Any:
        called.append(name)
        return function(*args)

    return noted


def test_groups_may_take_different_paths() -> None:
    for made in (ADAMW, CLIPPED, TWICE, NOISY):
        params, plain = weights(torch.float64), weights(torch.float64)
        wanted = trained(optimizer(made, plain, foreach=False), plain, range(1, 6))
        groups = [{"params": params[:2], "foreach": True}, {"params": params[2:], "foreach": False}]
        found = trained(optimizer(made, groups), params, range(1, 6))
        assert difference(found, wanted) < 1e-6


NOISE = {
    "step": "noise(g, step)",
    "a value of the step": "noise(g, 1000 * step + 0.5) + 0.001 * step",
    "a key of each tensor's own": "noise(g, norm(g)) + noise(g, step)",
    "a key that cosines make": "noise(g, 1e6 * cos(step))",
    "one key": "noise(g, 7)",
    "nothing else that is shared": "noise(g, step)",
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", NOISE)
def test_noise_is_the_same_on_every_path(name: str, dtype: torch.dtype) -> None:
    rate = "" if name == "nothing else that is shared" else "lr * "
    made = program(f"def update(w, g, lr, step):\n    return {rate}{NOISE[name]}\n")
    found = []
    for options in ({"foreach": False}, *PATHS, {"foreach": False, "capturable": True}):
        param = torch.zeros(3, 2, dtype=dtype, requires_grad=True)
        param.grad = torch.ones_like(param)
        opt = optimizer(made, [param], lr=1.0, **options)
        opt.param_groups[0]["step"] = torch.tensor(258.0, dtype=torch.float64)
        steps = []
        for _ in range(3):
            param.detach().zero_()
            opt.step()
            steps.append(param.detach().clone())
        assert len({float(s[0, 0]) for s in steps}) == (1 if name == "one key" else 3)
        found.append(steps)
    for steps in found[1:]:
        torch.testing.assert_close(steps, found[0], rtol=0.01, atol=0.01)
