"""What stands around the lines of a program, and the names in them, as others write it."""

from __future__ import annotations

import pytest

from programs.errors import Fault
from programs.genome import Genome
from programs.load import kind_named
from programs.parse import parse

COSINE = "def schedule(step, total):\n    return 0.5 * (1 + math.cos(math.pi * step / total))\n"


def refused(source: str, kind: str = "optimizer") -> Fault:
    fault = parse(source, kind_named(kind))
    assert isinstance(fault, Fault)
    return fault


def test_an_import_is_refused_with_all_that_is_taken_from_it() -> None:
    fault = refused("import math\n\n" + COSINE, "schedule")
    assert (fault.line, fault.column) == (1, 1)
    assert fault.message.endswith(
        "before it only: drop the import; on line 4 write `cos(pi * step / total)` "
        "for `math.cos(math.pi * step / total)`"
    )


def test_each_use_of_an_import_is_told_once() -> None:
    fault = refused(
        "import torch\nfrom torch import sigmoid, sign\n\ndef update(w, g, m, lr):\n"
        "    m = lerp(m, torch.clamp(g, 0), 0.1) + torch.clamp(g, 0)\n"
        "    u = torch.sign(m).abs() + torch.frobnicate(g) + sign(g)\n"
        "    return lr * sigmoid(u), m\n"
    )
    told = fault.message.partition("drop the imports; ")[2].split("; ")
    assert told == [
        "on line 5 write `maximum(g, 0)` for `torch.clamp(g, 0)`",
        "on line 6 write `abs(sign(m))` for `torch.sign(m).abs()`",
        "line 6 has `torch.frobnicate(g)`, which the language has not",
        "on line 7 write `1 / (1 + exp(-u))` for `sigmoid(u)`",
    ]


@pytest.mark.parametrize("line", ["import os", "import math as m", "from torch import sign"])
def test_an_import_that_nothing_reads_is_said_to_be_one(line: str) -> None:
    fault = refused(f"{line}\ndef update(w, g, m, lr):\n    return lr * sign(g) + m, m\n")
    assert fault.message.endswith("drop the import, for nothing of it is read")


@pytest.mark.parametrize(
    ("head", "words", "nearest"),
    [
        (
            "update(w, g, m, lr=0.1, beta=0.9, *, eps=1e-8)",
            "no decorator; write `beta = 0.9`, `eps = 1e-08` in the body",
            "def update(w, g, m, lr)",
        ),
        ("update(w, g, m, *, lr)", "no defaults, no `*`, no decorator", "def update(w, g, m, lr)"),
        ("update(w, g, m, *more)", "no defaults, no `*`, no decorator", None),
        ("update(self, w, g, m, lr)", "leave out `self`", "def update(w, g, m, lr)"),
        ("update(w, g, m, lr, μ)", "`μ` has letters outside ASCII", "mu"),
    ],
)
def test_a_head_has_a_nearest_form(head: str, words: str, nearest: str | None) -> None:
    text = "def {}:\n    return m * g, m\n"
    fault = refused(text.format(head))
    assert words in fault.message
    assert fault.nearest == nearest
    if nearest is not None and nearest.startswith("def"):
        assert isinstance(parse(text.format(nearest[4:]), kind_named("optimizer")), Genome)


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("β1 = 0.9", "beta1"),
        ("u = sin(π * g)", "pi"),
        ("u = g / ε", "eps"),
        ("u = g / epsilon", "eps"),
        ("u = g × m", "*"),
        ("u = g − m", "-"),
        ("u = g² + m", "** 2"),
        ("u = g * (g ≥ m)", ">="),
        ("u = g * t", "step"),
        ("u = g * totel", "total"),
        ("u = g * mm", "m"),
        ("u = g * max_steps", "total"),
        ("u = g * num_steps", "total"),
        ("u = g * momentum", None),
        ("u = g * stepsize", None),
    ],
)
def test_a_name_or_sign_has_a_nearest_form(line: str, nearest: str | None) -> None:
    fault = refused(f"def update(w, g, m, lr, step, total):\n    {line}\n    return g, m\n")
    assert fault.line == 2
    assert fault.nearest == nearest


def test_an_input_under_another_name_is_no_other_input() -> None:
    fault = refused("def update(w, g, lr, step):\n    return lr * g * (1 - step / max_steps)\n")
    assert fault.nearest == "total"
    assert "add `total` to `def update(…)`" in fault.message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("```python\n{}```\n", 1),
        ("Here it is:\n\n```\n{}```\n", 3),
        ("{}```\n", 3),
    ],
)
def test_a_fence_is_named(text: str, line: int) -> None:
    fault = refused(text.format("def update(w, g, lr):\n    return lr * g\n"))
    assert (fault.line, fault.message) == (
        line,
        "expected a program alone, found a line of ```: leave it out",
    )


@pytest.mark.parametrize(
    ("question", "nearest"),
    [
        ("w.ndim >= 2", "column_count(w) > 1"),
        ("w.dim() > 1", "column_count(w) > 1"),
        ("len(w.shape) == 1", "column_count(w) <= 1"),
        ("w.ndim < 2", "column_count(w) <= 1"),
        ("w.ndim == 4", None),
    ],
)
def test_a_question_after_dimensions_is_one_after_columns(
    question: str, nearest: str | None
) -> None:
    text = "def update(w, g, lr):\n    return lr * where({}, orthogonalize(g), g)\n"
    fault = refused(text.format(question))
    assert "a vector has one column" in fault.message
    assert fault.nearest == nearest
    if nearest is not None:
        assert isinstance(parse(text.format(nearest), kind_named("optimizer")), Genome)


def test_a_suggestion_that_has_a_bias_says_so() -> None:
    text = "def network(x):\n    return nn.Conv2d(16, 32, 3, padding=1{})(x)\n"
    fault = refused(text.format(", bias=False"), "architecture")
    assert "a convolution always has a bias" in fault.message
    assert fault.nearest == "conv(x, 32, 3)"
    assert "bias" not in refused(text.format(""), "architecture").message
