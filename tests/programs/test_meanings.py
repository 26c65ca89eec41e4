"""A suggestion computes what was written, as torch, numpy and Python compute it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from programs.errors import Fault
from programs.genome import Genome
from programs.interpret import plan
from programs.kinds.architecture import at
from programs.kinds.networks.build import Network, build
from programs.kinds.optimizer import KIND as OPTIMIZER
from programs.kinds.schedule import KIND as SCHEDULE
from programs.parse import parse
from programs.spec import Spec

TENSORWISE = [
    *("v.clamp(1e-8)", "torch.clamp(v, 1e-8)", "torch.clamp(g, 0)", "np.clip(g, 0.1, None)"),
    *("torch.clamp(g, -1, 1)", "torch.clamp(g, -0.5, 1)", "torch.clamp(g, max=1)"),
    *("torch.clamp(g, None, 0.5)", "torch.clamp_min(g, 0)", "g.clamp_(min=-v, max=v)"),
    *("np.linalg.norm(g)", "np.linalg.norm(g, axis=1, keepdims=True)", "torch.norm(g, 2)"),
    *("torch.norm(g, p=1)", "torch.linalg.vector_norm(g, ord=1)", "torch.norm(g, p='fro')"),
    *("torch.norm(g, 2, dim=-1, keepdim=True)", "torch.norm(g, dim=0, keepdim=True)"),
    *("torch.linalg.vector_norm(g, dim=1, keepdim=True)", "torch.linalg.matrix_norm(g)"),
    *("torch.trunc(g)", "g.trunc()", "torch.fix(g)", "int(lr * 37)", "torch.floor(g)"),
    *("torch.fmod(g, 3)", "torch.fmod(g, m)", "torch.remainder(g, -3)", "math.fmod(lr, 3)"),
    *("F.normalize(g)", "F.normalize(g, dim=-1)", "F.normalize(g, p=2, dim=0)"),
    *("F.cosine_similarity(m, g)[:, None]", "F.cosine_similarity(m, g, dim=-1)[:, None]"),
    *("F.cosine_similarity(m.flatten(), g.flatten(), dim=0)", "torch.dot(m.view(-1), g.view(-1))"),
    *("torch.std(g)", "g.std()", "g.std(unbiased=False)", "np.std(g)", "torch.var(g)"),
    *("g.var(correction=0)", "np.var(g)", "torch.atan2(m, g)", "torch.atan2(m, v)"),
    *("torch.atan2(m, g.abs())", "torch.hypot(m, g)", "torch.dist(g, m)", "torch.max(g, m)"),
    *("torch.min(g, m)", "F.relu(g)", "F.elu(g)", "F.softplus(g)", "F.silu(g)", "F.hardtanh(g)"),
    *("F.gelu(g, approximate='tanh')", "F.leaky_relu(g)", "F.softsign(g)", "torch.sigmoid(g)"),
    *("torch.lerp(m, g, 0.3)", "torch.addcmul(m, g, v, value=0.5)", "torch.addcdiv(m, g, v)"),
    *("torch.add(m, g, alpha=0.5)", "torch.sub(m, g, alpha=0.5)", "torch.rsqrt(v)"),
    *("torch.float_power(v, 2)", "torch.full_like(g, 2)", "torch.sgn(g)", "torch.ceil(g)"),
    *("g.mean(dim=0, keepdim=True)", "g.sum(dim=-1, keepdim=True)", "g.pow(2).sum()"),
    *("torch.eq(g, m)", "torch.ne(g, m)", "torch.floor_divide(g, 2)", "torch.logical_not(g > 0)"),
]
ORDINARY = [
    *(
        "jnp.clip(1 - step / total, 0)",
        "int(step / 3)",
        "int(step - total)",
        "math.trunc(3 - step)",
    ),
    *("math.fmod(step, 3)", "math.fmod(step - total, 3)", "math.ceil(step / 7)", "max(step, 3, 5)"),
]


def suggested(source: str, kind: Any) -> str:
    """Return what is suggested for the whole of the expression that a program returns."""
    fault = parse(source, kind)
    assert isinstance(fault, Fault)
    assert (fault.line, fault.column) == (2, 12)
    assert fault.nearest is not None, fault
    return fault.nearest


def whole(expression: str) -> str:
    return expression.removesuffix("[:, None]")


@pytest.mark.parametrize("expression", TENSORWISE)
def test_what_is_suggested_for_tensors_is_the_same(expression: str) -> None:
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {n: rng.normal(size=(4, 3)) * 2 for n in "wgmv"}
    arrays["v"], arrays["lr"] = abs(arrays["v"]), np.float64(0.3)
    tensors = {n: torch.tensor(x) for n, x in arrays.items()}
    given = arrays if "np." in expression else tensors
    truth = eval(expression, {"torch": torch, "np": np, "F": F, "math": math, **given})
    truth = truth.numpy() if isinstance(truth, torch.Tensor) else truth
    source = "def update(w, g, m, v, lr):\n    return {}, m, v\n"
    form = suggested(source.format(whole(expression)), OPTIMIZER)
    program = parse(source.format(f"0 * g + ({form})"), OPTIMIZER)
    assert isinstance(program, Genome), program
    inputs = {p: [arrays[p]] if arrays[p].ndim else arrays[p] for p in program.main.params}
    found = plan(program.main, OPTIMIZER, np)(inputs, 1)[0][0]
    np.testing.assert_allclose(found, np.broadcast_to(truth, (4, 3)), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("expression", ORDINARY)
def test_what_is_suggested_for_numbers_is_the_same(expression: str) -> None:
    source = "def schedule(step, total):\n    return {}\n"
    program = parse(source.format(suggested(source.format(expression), SCHEDULE)), SCHEDULE)
    assert isinstance(program, Genome), program
    for step, total in ((0, 7), (3, 7), (6, 7), (50, 120), (119, 120)):
        names = {"step": step, "total": total, "math": math, "jnp": np}
        numbers = {"step": np.float64(step), "total": np.float64(total)}
        truth = eval(expression.replace("total, 0)", "total, 0, None)"), names)
        found = plan(program.main, SCHEDULE, np)(numbers, 1)[0][0]
        assert found == pytest.approx(truth), (step, total)


SEQUENCE, IMAGE = Spec("sequence", (9, 8), 4), Spec("image", (8, 8, 8), 4)
PLAIN = [
    *("x / 3", "x / 7", "x / 2 / 2", "x / 0.3", "x / 8 ** 0.5", "F.relu(x) ** 2", "x ** 2"),
    *("x.pow(2)", "torch.relu(x).pow(2)", "x.pow(3)", "F.relu(x) / 2", "nn.GLU(dim=-1)(x)"),
    *("F.glu(x, dim=-1)", "torch.max(x, 2 * x)", "torch.cat((x, x), -1)", "x.mean(dim=1)"),
    *("x.amax(dim=1)", "x[:, -1]", "x.chunk(2, -1)[1]", "x / math.sqrt(64)"),
]


@pytest.mark.parametrize("expression", PLAIN)
def test_what_is_suggested_without_weights_is_the_same(expression: str) -> None:
    x = torch.randn(2, *SEQUENCE.shape)
    truth = eval(expression, {"x": x, "F": F, "torch": torch, "nn": nn, "math": math})
    torch.testing.assert_close(network(repaired(expression, SEQUENCE), SEQUENCE)(x), truth)


LAYERS = [
    ("nn.Linear(8, 4 * 3)(x)", SEQUENCE),
    ("nn.Linear(8, 5, bias=False)(x)", SEQUENCE),
    ("nn.LayerNorm(8, eps=1e-6)(x)", SEQUENCE),
    ("nn.Conv2d(8, 6, 3, 2, 1)(x)", IMAGE),
    ("nn.Conv2d(8, 6, 3, stride=2, padding=1)(x)", IMAGE),
    ("nn.Conv2d(8, 8, 3, 1, 1, groups=8)(x)", IMAGE),
    ("nn.Conv2d(8, 8, 3, 2, 1, groups=8)(x)", IMAGE),
    ("nn.Conv2d(8, 6, 3, stride=2, padding=1, groups=2)(x)", IMAGE),
    ("nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8)(x)", IMAGE),
    ("nn.Conv2d(8, 8, kernel_size=3, stride=2, padding=1, groups=8)(x)", IMAGE),
    ("nn.Conv2d(8, 8, kernel_size=3, stride=1, padding=2, dilation=2)(x)", IMAGE),
    ("nn.Conv2d(8, 6, (3, 3), padding=1)(x)", IMAGE),
    ("nn.Conv2d(8, 6, kernel_size=5, padding=2)(x)", IMAGE),
    ("nn.Conv2d(8, 6, 3, padding=2, dilation=2)(x)", IMAGE),
    ("nn.Conv2d(in_channels=8, out_channels=6, kernel_size=3, padding=1)(x)", IMAGE),
    ("nn.BatchNorm2d(8, eps=1e-5, momentum=0.1)(x)", IMAGE),
    ("nn.MaxPool2d(2, stride=2)(x)", IMAGE),
    ("nn.MultiheadAttention(8, 4, dropout=0.1, batch_first=True)(x, x, x)[0]", SEQUENCE),
]


@pytest.mark.parametrize(("expression", "spec"), LAYERS)
def test_what_is_suggested_for_a_layer_has_its_shape_and_as_many_weights(
    expression: str, spec: Spec
) -> None:
    x = torch.randn(2, *spec.shape)
    truth = eval(expression, {"x": x, "nn": nn})
    made = eval(expression.partition("(x")[0], {"nn": nn})
    built = network(repaired(expression, spec), spec)
    assert built(x).shape == truth.shape
    assert weights(built) == weights(made)


def weights(module: nn.Module) -> int:
    """Count the weights of a layer; an attention of ours has no biases."""
    named = module.named_parameters()
    attention = isinstance(module, nn.MultiheadAttention)
    return sum(p.numel() for n, p in named if not (attention and "bias" in n))


def repaired(expression: str, spec: Spec) -> str:
    return suggested(f"def network(x):\n    return {expression}\n", at(spec))


def network(expression: str, spec: Spec) -> Network:
    program = parse(f"def network(x):\n    return {expression}\n", at(spec))
    assert isinstance(program, Genome), program
    built = build(program, spec)
    assert isinstance(built, Network)
    return built.eval()
