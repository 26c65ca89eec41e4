"""What others write is answered with what the language has, and that is legal."""

from __future__ import annotations

import ast
import re
from itertools import product

import pytest

from programs.errors import Fault, misspelt
from programs.foreign import rows
from programs.genome import Genome
from programs.load import builtin_kinds, kind_named
from programs.parse import parse

HEADS = {
    "optimizer": ("update(w, g, m, lr, step)", "return {}, m"),
    "schedule": ("schedule(step, total)", "return {}"),
    "architecture": ("network(x)", "return {}"),
}

NEAREST = [
    ("optimizer", "torch.linalg.norm(g)", "norm(g)"),
    ("optimizer", "np.linalg.norm(g)", "norm(g)"),
    ("optimizer", "torch.linalg.matmul(g, m.T)", "matmul(g, transpose(m))"),
    ("architecture", "torch.nn.functional.relu(x)", "relu(x)"),
    ("architecture", "F.gelu(x)", "gelu(x)"),
    ("optimizer", "torch.nn.functional.relu(g)", "maximum(g, 0)"),
    ("optimizer", "relu(g)", "maximum(g, 0)"),
    ("optimizer", "sigmoid(m * g)", "1 / (1 + exp(-(m * g)))"),
    ("optimizer", "ema(m, g, .9)", "lerp(m, g, 0.1)"),
    ("optimizer", "ema(m, g, lr)", "lerp(m, g, 1 - lr)"),
    ("schedule", "int(step / 3)", "floor(step / 3)"),
    ("optimizer", "int(step)", "step - mod(step, 1)"),
    ("schedule", "ceil(step)", "-floor(-step)"),
    ("schedule", "np.cos(math.pi * step)", "cos(pi * step)"),
    ("optimizer", "g ^ 2", "g ** 2"),
    ("optimizer", "g & m", "g * m"),
    ("optimizer", "~(g > 0)", "1 - (g > 0)"),
    ("optimizer", "clip(g, -1, 1)", "clip(g, 1)"),
    ("optimizer", "clip(g, -0.5, 1)", "minimum(maximum(g, -0.5), 1)"),
    ("optimizer", "clip(g, min=-1, max=1)", "clip(g, 1)"),
    ("optimizer", "torch.clamp(g, min=0)", "maximum(g, 0)"),
    ("optimizer", "lerp(m, g, weight=0.1)", "lerp(m, g, 0.1)"),
    ("optimizer", "newton_schulz(g)", "orthogonalize(g)"),
    ("optimizer", "zeropower_via_newtonschulz5(g, steps=5)", "orthogonalize(g)"),
    ("optimizer", "torch.randn_like(g)", "noise(g, step)"),
    ("optimizer", "m.mul_(0.9).add_(g, alpha=0.1)", "mul(m, 0.9) + 0.1 * g"),
    ("optimizer", "g.norm(dim=-1, keepdim=True)", "row_norm(g)"),
    ("optimizer", "w.shape[1]", "column_count(w)"),
    ("optimizer", "torch.exp(g.abs())", "exp(abs(g))"),
    ("optimizer", "torch.pi", "pi"),
    ("optimizer", "torch.where(g > 0)", "where(c, a, b)"),
    ("optimizer", "torch.exp(*g.abs())", "exp(a)"),
    ("optimizer", f"torch.exp({' * '.join('g' * 50)})", "exp(…)"),
    ("architecture", "torch.cat([x, x], dim=-1)", "concat(x, x)"),
    ("architecture", "concat(x, x, x)", "concat(concat(x, x), x)"),
    ("architecture", "x / 2", "x * 0.5"),
    ("architecture", "x ** 2", "square(x)"),
    ("architecture", "x ** 3", "x * x * x"),
    ("architecture", "batchnorm(x)", "batch_norm"),
    ("architecture", "multi_head_attention(x)", "attention(x)"),
    ("architecture", "linear(x, out_features=64)", "linear(x, 64)"),
    ("optimizer", "lepr(m, g, 0.1)", "lerp"),
    ("optimizer", "orthogonalise(g)", "orthogonalize"),
]


def written(kind: str, expression: str) -> Genome | Fault:
    head, line = HEADS[kind]
    return parse(f"def {head}:\n    {line.format(expression)}\n", kind_named(kind))


@pytest.mark.parametrize(("kind", "expression", "nearest"), NEAREST)
def test_the_nearest_form(kind: str, expression: str, nearest: str) -> None:
    fault = written(kind, expression)
    assert isinstance(fault, Fault)
    assert (fault.line, fault.column) == (2, 12)
    assert fault.nearest == nearest


@pytest.mark.parametrize(("kind", "expression", "nearest"), NEAREST)
def test_the_nearest_form_is_legal(kind: str, expression: str, nearest: str) -> None:
    if "(" not in nearest and " " not in nearest and nearest != "pi":
        assert kind_named(kind).op_named(nearest)
    elif "…" not in nearest and nearest not in ("where(c, a, b)", "exp(a)"):
        assert reads(kind, nearest)


def reads(kind: str, form: str) -> bool:
    """Tell whether a form is legal somewhere: not every value can be returned as it is."""
    around = ("{}", "g * ({})", "({}) @ g") if kind == "optimizer" else ("{}",)
    return any(isinstance(written(kind, whole.format(form)), Genome) for whole in around)


@pytest.mark.parametrize(
    ("kind", "expression"),
    [
        ("optimizer", "quantile(g)"),
        ("optimizer", "torch.foo(g)"),
        ("optimizer", "is_first(step)"),
        ("schedule", "seq(step)"),
        ("architecture", "x / x"),
        ("architecture", "x > 0"),
        ("optimizer", "relu(*g)"),
        ("optimizer", f"{'9' * 5000} ^ g"),
        ("architecture", f"x / {'9' * 5000}"),
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
    for word in ("relu", "ema", "sigmoid", "int", "multi_head_attention"):
        assert misspelt(word, names) is None


ARGUMENTS = {"optimizer": ("g", "lr"), "schedule": ("step",), "architecture": ("x", "4")}


def test_every_row_is_of_use_to_some_kind() -> None:
    """A form must read for some arguments; those that a row fixes are no part of it."""
    for name, of_name in rows().items():
        for row in of_name:
            found = (
                reads(kind, filled(row.form, dict(zip(row.params, values, strict=True))))
                for kind in builtin_kinds()
                for values in product(ARGUMENTS[kind], repeat=len(row.params))
            )
            assert any(found), (name, ast.unparse(row.form))


def filled(form: ast.expr, values: dict[str, str]) -> str:
    text = ast.unparse(form)
    return re.sub(r"[a-z_]+\b(?!\()", lambda found: values.get(found[0], found[0]), text)
