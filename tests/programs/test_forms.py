"""What others write is answered with what the language has, and that is legal."""

from __future__ import annotations

import ast
import re
from itertools import product

import pytest

from programs.errors import Fault
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
    ("architecture", "nn.Conv2d(16, 16, 3, groups=16)(x)", "conv(x, 16, 3, groups=16)"),
    (
        "architecture",
        "nn.Conv2d(16, 16, 3, 2, 1, groups=16)(x)",
        "conv(x, 16, 3, stride=2, groups=16)",
    ),
    (
        "architecture",
        "nn.Conv2d(32, 32, 3, padding=2, dilation=2, groups=32)(x)",
        "conv(x, 32, 3, dilation=2, groups=32)",
    ),
    ("architecture", "nn.Conv1d(64, 64, 3, dilation=2)(x)", "conv(x, 64, 3, dilation=2)"),
    ("architecture", "nn.Linear(64, 1, bias=True)(x)", "linear(x, 1)"),
    ("architecture", "-x^2", "-square(x)"),
    ("architecture", "x ** 2", "square(x)"),
    ("architecture", "x ** 3", "x * x * x"),
    ("architecture", "batch_nrom(x)", "batch_norm"),
    ("architecture", "multi_head_attention(x)", "attention(x)"),
    ("architecture", "linear(x, out_features=64)", "linear(x, 64)"),
    ("optimizer", "lr * g^2", "lr * g ** 2"),
    ("optimizer", "1 - g^2", "1 - g ** 2"),
    ("optimizer", "(1 - g)^2 + m^2", "(1 - g) ** 2 + m ** 2"),
    ("architecture", "1 - x^2", "1 - square(x)"),
    ("optimizer", "torch.exp(1 - g^2)", "exp(1 - g ** 2)"),
    ("optimizer", "norm(g, ord=1)", "sum(abs(g))"),
    ("optimizer", "torch.linalg.vector_norm(g, ord=1)", "sum(abs(g))"),
    ("optimizer", "frob_norm(g)", "norm(g)"),
    ("optimizer", "clip_by_norm(g, 1.0)", "g * minimum(1, 1.0 / norm(g))"),
    ("optimizer", "np.dot(g, g.T)", "matmul(g, transpose(g))"),
    ("optimizer", "torch.transpose(g, 0, 1)", "transpose(g)"),
    ("optimizer", "g.mean(keepdim=True)", "mean(g)"),
    ("optimizer", "len(g)", "row_count(g)"),
    ("architecture", "nn.Linear(64, 128)(x)", "linear(x, 128)"),
    ("architecture", "linear(64, 128)(x)", "linear(x, 128)"),
    ("architecture", "nn.Linear(in_features=64, out_features=128)(x)", "linear(x, 128)"),
    ("architecture", "nn.Dense(features=64)(x)", "linear(x, 64)"),
    ("architecture", "nn.Dense(64, use_bias=False)(x)", "linear(x, 64, bias=0)"),
    ("architecture", "nn.Conv(64, (3, 3))(x)", "conv(x, 64, 3)"),
    ("architecture", "nn.Conv(64, (3, 3), strides=(2, 2))(x)", "conv(x, 64, 3, stride=2)"),
    ("architecture", "nn.Conv2d(32, 64, 3, 2)(x)", "conv(x, 64, 3, stride=2)"),
    ("architecture", "nn.Conv1d(32, 32, 4, 4)(x)", "conv(x, 32, 4, stride=4)"),
    ("architecture", "nn.Conv2d(16, 32, (3, 3))(x)", "conv(x, 32, 3)"),
    ("architecture", "F.relu(x)**2", "square(relu(x))"),
    ("architecture", "F.relu(x) / 2", "relu(x) * 0.5"),
    ("architecture", "x / 3", "x * (1 / 3)"),
    ("architecture", "x / 2 / 2", "x * 0.5 * 0.5"),
    ("architecture", "max(x, 0)", "maximum(x, 0)"),
    ("architecture", "max(x, 1)", "maximum(x, 1)"),
    ("architecture", "mean_over(x)", "mean_pool(x)"),
    ("architecture", "attention(x, x, x)", "attention(x)"),
    ("architecture", "linear(x, 32, 64)", "linear(x, 64)"),
    ("architecture", "layer_norm(x, eps=1e-5)", "layer_norm(x)"),
    ("architecture", "layers.MaxPooling2D(pool_size=2)(x)", "max_pool(x, 2)"),
    ("architecture", "nn.Linear(64, 128, bias=False)(x)", "linear(x, 128, bias=0)"),
    ("architecture", "nn.Linear(64, 128)", "linear(x, 128)"),
    ("architecture", "Dense(64)(x)", "linear(x, 64)"),
    ("architecture", "nn.ReLU()(x)", "relu(x)"),
    ("optimizer", "nn.ReLU()(g)", "maximum(g, 0)"),
    ("architecture", "nn.LayerNorm(64)(x)", "layer_norm(x)"),
    ("architecture", "LayerNorm(x)", "layer_norm(x)"),
    ("architecture", "layer_norm(x, 64)", "layer_norm(x)"),
    ("architecture", "RMSNorm(64)(x)", "rms_norm(x)"),
    ("architecture", "batchnorm(x)", "batch_norm(x)"),
    ("architecture", "norm(x)", "rms_norm(x)"),
    ("architecture", "x.mean(dim=1)", "mean_pool(x)"),
    ("architecture", "mean(x, 1)", "mean_pool(x)"),
    ("architecture", "x.mean(dim=[2, 3])", "mean_pool(x)"),
    ("architecture", "F.max_pool2d(x, 2)", "max_pool(x, 2)"),
    ("architecture", "nn.MaxPool2d(2, stride=2)(x)", "max_pool(x, 2)"),
    ("architecture", "global_average_pool(x)", "mean_pool(x)"),
    ("architecture", "nn.AdaptiveAvgPool2d((1, 1))(x)", "mean_pool(x)"),
    ("architecture", "multi_head_attention(x, 8)", "attention(x, 8)"),
    ("architecture", "multi_head_attention(x, x, x, heads=8)", "attention(x, 8)"),
    ("architecture", "nn.MultiheadAttention(64, 4)(x, x, x)", "attention(x, 4)"),
    ("architecture", "nn.MultiheadAttention(64, num_heads=4)(x, x, x)[0]", "attention(x, 4)"),
    ("architecture", "nn.GRU(32, 32, batch_first=True)(x)[0]", "gru(x)"),
    ("architecture", "mlp(x)", "linear(gelu(linear(x, times=4)), times=0.25)"),
    ("architecture", "split(x, 2)", "(first_half(x), second_half(x))"),
    ("architecture", "x.chunk(2, dim=-1)[1]", "second_half(x)"),
    ("architecture", "x[:, -1]", "last(x)"),
    ("architecture", "x[:, -1, :]", "last(x)"),
    ("architecture", "nn.Conv2d(32, 64, 3, padding=1)(x)", "conv(x, 64, 3)"),
    ("architecture", "conv2d(x, 64, 5, 1, 2)", "conv(x, 64, 5, 1)"),
    ("architecture", "conv1d(x, 64, 3, 1, 1, 2, 4)", "conv(x, 64, 3, 1, 2, 4)"),
    ("architecture", "conv2d(x, 64, 5, padding=2)", "conv(x, 64, 5)"),
    ("architecture", "F.conv2d(x, 64, 5, 1, 2)", "conv(x, 64, 5, 1)"),
    ("architecture", "nn.Dropout(0.1)(linear(x))", "linear(x)"),
    ("architecture", "torch.softmax(x, dim=-1)", "softmax(x)"),
    ("architecture", "x.transpose(1, 2)", "transpose(x)"),
    ("architecture", "F.relu(nn.Linear(64, 32)(x))", "relu(linear(x, 32))"),
    (
        "architecture",
        "nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64))(x)",
        "linear(relu(linear(x, 128)), 64)",
    ),
    ("optimizer", "lepr(m, g, 0.1)", "lerp"),
    ("optimizer", "orthogonalise(g)", "orthogonalize"),
    ("optimizer", "colum_norm(g)", "column_norm"),
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


WITHIN = [
    ("optimizer", "g * (m > 0.1 & m < 0.5)", 21, "m > 0.1 and m < 0.5"),
    ("optimizer", "g * (m > 1 | m < 0)", 21, "m > 1 or m < 0"),
    ("optimizer", "g > 1 & m < 2 | g < m^2", 16, "g > 1 and m < 2 or g < m ** 2"),
    ("schedule", "step > 0.1 & step < total", 19, "step > 0.1 and step < total"),
    ("architecture", "concat([x, shift(x, 1)], dim=-1)", 19, "concat(x, shift(x, 1))"),
    ("architecture", "concat([x, x])", 19, "concat(x, x)"),
]


@pytest.mark.parametrize(("kind", "expression", "column", "nearest"), WITHIN)
def test_the_nearest_form_of_what_stands_within(
    kind: str, expression: str, column: int, nearest: str
) -> None:
    fault = written(kind, expression)
    assert isinstance(fault, Fault)
    assert (fault.line, fault.column, fault.nearest) == (2, column, nearest)
    assert reads(kind, nearest)


@pytest.mark.parametrize(
    ("line", "words", "nearest"),
    [
        ("for _ in range(4): x = block(x)", "`repeat(f, n, x)`", "x = repeat(block, 4, x)"),
        ("for _ in range(4): x = x + block(x)", "a loop (write `repeat(f, n, x)`", None),
        ("while x: x = block(x)", "a loop (write `repeat(f, n, x)`", None),
        ("if x > 0: x = x", "found an `if` statement", None),
        ("def f(x): return x", "(define it above `def network`)", None),
        ("a, b = split(x, 2)", "several for one value", "a, b = first_half(x), second_half(x)"),
        ("a, b = x.chunk(2, -1)", "for one value", "a, b = first_half(x), second_half(x)"),
        (
            "a, b = split(linear(x, times=2), 2)",
            "several for one value",
            "h = linear(x, times=2); a, b = first_half(h), second_half(h)",
        ),
        ("x, _ = nn.LSTM(9, 9)(x)", "several for one value", "x = lstm(x)"),
        ("x, _ = lstm(x)", "several for one value", "x = lstm(x)"),
        ("x, _ = attention(x, x, x)", "several for one value", "x = attention(x)"),
        ("a, b = linear(x)", "several for one value", None),
        ("q, k, v = x.split(64)", "several for one value", None),
        ("x = repeat(block, n=3, x=x)", "without their names", "repeat(block, 3, x)"),
        ("x = repeat(block, x, 3)", "a literal number of copies second", "repeat(block, 3, x)"),
        ("x = repeat(3, block, x)", "then the number of copies", "repeat(block, 3, x)"),
        ("x = repeat(lambda h: h, 3, x)", "(define it above `def network`)", None),
        ("x = repeat(gelu, 3, x)", "first in `repeat(f, n, x)`: write one that calls `gelu`", None),
        ("x = repeat(block, n, x)", "found `n`", None),
        ("x = repeat(block(x), 3)", "found `block(x)`", None),
        ("x = recur(block)", "expected `recur(f, n, x)`, found `recur(block)`", None),
    ],
)
def test_lines_of_a_network_have_a_nearest_form(line: str, words: str, nearest: str | None) -> None:
    text = "def block(x):\n    return relu(x)\n\ndef network(x):\n    {}\n    return x\n"
    kind = kind_named("architecture")
    fault = parse(text.format(line), kind)
    assert isinstance(fault, Fault)
    assert fault.line == 5
    assert words in fault.message
    assert fault.nearest == nearest
    if nearest is not None:
        whole = nearest if " = " in nearest else f"x = {nearest}"
        assert isinstance(parse(text.format(whole), kind), Genome)


@pytest.mark.parametrize(
    ("call", "nearest"),
    [
        ("repeat(block, 2, x=x, y=relu(x))", "repeat(block, 2, x, relu(x))"),
        ("repeat(block, 2, y=x, x=relu(x))", "repeat(block, 2, relu(x), x)"),
        ("recur(f=block, n=2, y=x, x=relu(x))", "recur(block, 2, relu(x), x)"),
        ("repeat(block, 2, x, y=relu(x))", "repeat(block, 2, x, relu(x))"),
        ("repeat(2, block, x, y=relu(x))", "repeat(block, 2, x, relu(x))"),
        ("repeat(block, 2, x, x=relu(x))", None),
        ("repeat(block, 2, a=x, b=relu(x))", None),
        ("repeat(block, 2, y=x)", None),
        ("repeat(block, n=2, **x)", None),
    ],
)
def test_what_copies_are_given_by_name_is_told_in_the_helpers_order(
    call: str, nearest: str | None
) -> None:
    text = "def block(x, y):\n    return x + y\n\ndef network(x):\n    return {}\n"
    kind = kind_named("architecture")
    fault = parse(text.format(call), kind)
    assert isinstance(fault, Fault)
    assert fault.nearest == nearest
    assert nearest is None or isinstance(parse(text.format(nearest), kind), Genome)


@pytest.mark.parametrize(
    ("kind", "expression", "words"),
    [
        ("optimizer", "abs(*g)", "expected `abs(a)`, found `*g`"),
        ("optimizer", "abs(**g)", "expected `abs(a)`, found `**g`"),
        ("optimizer", "sum([g, m])", "expected `sum(a)`, found several values in brackets"),
        ("optimizer", "g * (m > 1 & m < 2)", "`&` binds more tightly than a comparison"),
        ("optimizer", "[g for g in m]", "found a list"),
        ("architecture", "patchify(mean_pool(x), 4, 64)", "expected an image, found a vector"),
        ("architecture", "conv(mean_pool(x), 4)", "expected a sequence or image, found a vector"),
    ],
)
def test_what_is_wrong_is_named(kind: str, expression: str, words: str) -> None:
    fault = written(kind, expression)
    assert isinstance(fault, Fault)
    assert words in fault.message


def test_what_another_order_does_not_touch_is_read_under_another_name() -> None:
    meant = written("architecture", "conv(x, 64, kernel=5, stride=2, dilation=3)")
    assert written("architecture", "conv2d(x, 64, 5, 2, dilation=3)") == meant


@pytest.mark.parametrize(("kind", "expression", "nearest"), NEAREST)
def test_the_nearest_form_is_legal(kind: str, expression: str, nearest: str) -> None:
    if "(" not in nearest and " " not in nearest and nearest != "pi":
        assert kind_named(kind).op_named(nearest)
    elif "…" not in nearest and nearest not in ("where(c, a, b)", "exp(a)"):
        assert reads(kind, nearest)


def reads(kind: str, form: str) -> bool:
    """Tell whether a form is legal somewhere: not every value can be returned as it is."""
    tree = ast.parse(form, mode="eval").body
    if isinstance(tree, ast.Tuple):
        return all(reads(kind, ast.unparse(part)) for part in tree.elts)
    around = ("{}", "g * ({})", "({}) @ g", "transpose({})") if kind == "optimizer" else ("{}",)
    return any(isinstance(written(kind, whole.format(form)), Genome) for whole in around)


ARGUMENTS = {
    "optimizer": ("g", "lr", "transpose(g)"),
    "schedule": ("step",),
    "architecture": ("x", "4"),
}


def test_every_row_is_of_use_to_some_kind() -> None:
    """A form must read for some arguments; those that a row fixes are no part of it."""
    for name, of_name in [*rows(False).items(), *rows(True).items()]:
        for row in of_name:
            found = (
                reads(kind, filled(row.form, dict(zip(row.params, values, strict=True))))
                for kind in builtin_kinds()
                for values in product(ARGUMENTS[kind], repeat=len(row.params))
            )
            assert any(found), (name, ast.unparse(row.form))


def filled(form: ast.expr, values: dict[str, str]) -> str:
    text = ast.unparse(form)
    return re.sub(r"[a-z_]+\b(?![(=])", lambda found: values.get(found[0], found[0]), text)
