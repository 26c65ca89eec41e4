"""Where nothing of the language means what is written, nothing is suggested."""

from __future__ import annotations

import pytest

from programs.errors import Fault, misspelt
from tests.programs.test_forms import written


@pytest.mark.parametrize(
    ("kind", "expression"),
    [
        ("optimizer", "quantile(g)"),
        ("optimizer", "step & 1"),
        ("optimizer", "step % 2 | 1"),
        ("optimizer", "(g > 0) & step"),
        ("optimizer", "(g > 0) | 1"),
        ("optimizer", "~step"),
        ("schedule", "step | total"),
        ("optimizer", "wd * g"),
        ("optimizer", "mu * m"),
        ("optimizer", "vt * g"),
        ("architecture", "xs"),
        ("optimizer", "torch.foo(g)"),
        ("optimizer", "is_first(step)"),
        ("schedule", "seq(step)"),
        ("architecture", "x / x"),
        ("architecture", "Attention(64, 4)(x)"),
        ("architecture", "nn.Conv2d(16, 32, (3, 5))(x)"),
        ("architecture", "nn.Conv2d(16, 16, 3, 2, 1, 1, 16)(x)"),
        ("architecture", "nn.Conv2d(16, 16, 3, 2, 2, dilation=2, groups=16)(x)"),
        ("architecture", "conv2d(x, 32, 32, 3, padding=1)"),
        ("architecture", "conv1d(x, 16, 16, 3, 1)"),
        ("architecture", "F.conv2d(x, 16, 16, 3, 1)"),
        ("architecture", "torch.cat([x, x], dim=0)"),
        ("architecture", "torch.cat((x, x), 1)"),
        ("architecture", "F.normalize(x, dim=-1)"),
        ("architecture", "F.linear(x, w, b)"),
        ("architecture", "linear(x, width=1.5)"),
        ("architecture", "torch.max(x, 0)"),
        ("architecture", "unpatchify(x, 4)"),
        ("architecture", "hswish(x)"),
        ("architecture", "hsigmoid(x)"),
        ("architecture", "bilinear_attention(x)"),
        ("architecture", "x @ x.T / 4"),
        ("optimizer", "np.linalg.norm(g, 2)"),
        ("optimizer", "torch.linalg.norm(g, ord=2)"),
        ("optimizer", "torch.linalg.norm(g, ord=1)"),
        ("optimizer", "torch.norm(g, 0)"),
        ("optimizer", "torch.max(g, 1)"),
        ("optimizer", "g.min(0)"),
        ("optimizer", "torch.inverse(g)"),
        ("optimizer", "rms_norm(g)"),
        ("optimizer", "F.cosine_similarity(torch.flatten(), g.flatten(), dim=0)"),
        ("optimizer", "torch.dot(g.flatten(1), m.view(3, -1))"),
        ("optimizer", "log_norm(g)"),
        ("optimizer", "expm(g)"),
        ("optimizer", "interp1d(g, m, lr)"),
        ("schedule", "np.interp(step, 0, total)"),
        ("optimizer", "torch.where(g > 0 & m > 0, g, m)"),
        ("optimizer", "g > 0 & m"),
        ("optimizer", "w.grad^2"),
        ("architecture", "x > 0"),
        ("optimizer", "relu(*g)"),
        ("optimizer", f"{'9' * 5000} ^ g"),
        ("architecture", f"x / {'9' * 5000}"),
        ("optimizer", "torch.linalg.norm(g, ord='nuc')"),
        ("optimizer", "torch.max(g)"),
        ("optimizer", "median(g)"),
        ("optimizer", "kan(g)"),
        ("optimizer", "moe(g)"),
        ("optimizer", "split(g, 2)"),
        ("architecture", "sum(x)"),
        ("architecture", "len(x)"),
        ("architecture", "relu6(x)"),
        ("architecture", "prelu(x)"),
        ("architecture", "torch.norm(x)"),
        ("architecture", "x > 0 & x < 1"),
        ("architecture", "~x"),
        ("architecture", "linear(x) ** 3"),
        ("architecture", "nn.MultiheadAttention(64, 4)(x, y, y)"),
        ("architecture", "nn.Sequential(nn.Linear(64, 128), Mine())(x)"),
        ("architecture", "x[0]"),
    ],
)
def test_rather_none_than_a_wrong_one(kind: str, expression: str) -> None:
    fault = written(kind, expression)
    assert isinstance(fault, Fault)
    assert fault.nearest is None, fault


def test_a_slip_of_the_pen_is_told_from_another_word() -> None:
    names = ("lerp", "sign", "recur", "max", "mod", "sin", "orthogonalize", "linear_attention")
    for slip, meant in (("lepr", "lerp"), ("sgn", "sign"), ("orthogonalise", "orthogonalize")):
        assert misspelt(slip, names) == meant
    names += ("sub", "le", "mean", "tan", "softmax")
    words = ("relu", "ema", "sigmoid", "int", "multi_head_attention")
    for word in (*words, "sum", "len", "median", "kan", "moe", "softmin"):
        assert misspelt(word, names) is None


@pytest.mark.parametrize(
    "expression",
    ["x / 2 / x", "x @ x.T / 4", "q @ transpose(k) / 8", "linear(x) ** 3", "linear(x) / 0"],
)
def test_the_signs_are_named_where_no_form_comes_near(expression: str) -> None:
    fault = written("architecture", expression)
    assert isinstance(fault, Fault)
    assert fault.nearest is None
    assert fault.message.endswith("whose signs are `+`, `-` and `*`")


def test_parts_of_a_name_are_slips_by_themselves() -> None:
    names = ("row_norm", "column_norm", "max_over", "patchify", "linear_attention", "expm1")
    for slip, meant in (("row_nrom", "row_norm"), ("patchyfy", "patchify"), ("expm1", "expm1")):
        assert misspelt(slip, names) == meant
    words = ("rms_norm", "frob_norm", "mean_over", "unpatchify", "bilinear_attention", "expm")
    for word in words:
        assert misspelt(word, names) is None
