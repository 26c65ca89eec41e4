"""What models are told of the language is what the interpreter does."""

from __future__ import annotations

import numpy as np
import pytest

from agent.language import language, vocabulary
from programs.errors import Fault
from programs.interpret import compiled, plan
from programs.load import kind_named, read_program
from programs.program import Program

KIND = kind_named("optimizer")
TOLD = "\n".join(language(KIND))


def read(line: str, head: str = "w, g, s, lr, step") -> Program | Fault:
    return read_program(f"def update({head}):\n    {line}\n", KIND)


def fact(told: str) -> None:
    assert told in TOLD, "the fact that is tested is the one that is told"


def test_a_state_has_the_shape_of_w() -> None:
    fact(
        "a state has the shape of w                    "
        "new ones too: no r × 1, 1 × c, c × c or scalar"
    )
    for new in ("row_mean(g)", "column_mean(g)", "norm(g)", "transpose(g) @ g"):
        found = read(f"return lr * g * s, {new}")
        assert isinstance(found, Fault)
        assert "must be a tensor of w's shape" in found.message
    assert isinstance(read("return lr * g, lerp(s, row_mean(g), 0.1)"), Program)


def test_shapes_broadcast() -> None:
    fact("shapes broadcast                              r × 1, 1 × c and scalars meet r × c")
    assert isinstance(read("return lr * g * row_mean(g) * column_mean(g), s"), Program)
    assert isinstance(read("return lr * g + transpose(g), s"), Fault)


def test_equality_is_read_and_a_bias_can_be_told() -> None:
    fact("column_count(w) <= 1 tells it")
    equal = read("return lr * g * (column_count(w) == 1), s")
    spelt = read("n = column_count(w)\n    return lr * g * ((n >= 1) * (n <= 1)), s")
    assert isinstance(equal, Program)
    assert isinstance(spelt, Program)
    assert equal.key == spelt.key
    assert isinstance(read("return where(column_count(w) <= 1, lr, 2 * lr) * g, s"), Program)
    assert "; == and != are read, too." in vocabulary(KIND)[0]
    assert "==" not in vocabulary(kind_named("architecture"))[0]


def test_orthogonalize_scales_as_is_told() -> None:
    fact("singular values about 0.7 … 1.2; of a vector:")
    fact("about 0.7 · a / norm(a)")
    rng = np.random.default_rng(0)
    push = compiled(KIND, np)["orthogonalize"]
    for shape in ((32, 64), (64, 32), (10, 32)):
        found = np.linalg.svd(push(rng.normal(size=shape)), compute_uv=False)
        assert 0.65 < found.min() < found.max() < 1.2
    vector = rng.normal(size=(32, 1))
    np.testing.assert_allclose(push(vector), 0.7 * vector / np.linalg.norm(vector), rtol=0.01)


@pytest.mark.parametrize(
    ("told", "name", "args", "result"),
    [
        ("x / 0 is 0", "div", (1.0, 0.0), 0.0),
        ("x / 0 is 0", "div", (0.0, 0.0), 0.0),
        ("sqrt and the logarithms act on |x|", "sqrt", (-4.0,), 2.0),
        ("clip their argument into their domain", "arcsin", (5.0,), np.pi / 2),
        ("a negative number to a broken power is NaN", "pow", (-8.0, 1 / 3), np.nan),
        ("x mod 0 is 0", "mod", (3.0, 0.0), 0.0),
        ("comparisons give 1 or 0", "lt", (1.0, 2.0), 1.0),
        ("the sign of NaN is 0", "sign", (np.nan,), 0.0),
        ("clip(a, -2) is clip(a, 2)", "clip", (3.0, -2.0), 2.0),
    ],
)
def test_numbers_are_as_told(told: str, name: str, args: tuple[float, ...], result: float) -> None:
    fact(told)
    with np.errstate(all="ignore"):
        found = compiled(KIND, np)[name](*(np.float64(a) for a in args))
    np.testing.assert_allclose(float(found), result)


def test_comments_and_docstrings_are_no_statements() -> None:
    fact("Docstrings and comments are allowed and not counted.")
    found = read('"""Signed."""\n    # as it is\n    return lr * sign(g)', "w, g, lr")
    assert isinstance(found, Program)
    assert found.size == 2


@pytest.mark.parametrize("name", ["optimizer", "schedule"])
def test_helpers_may_stand_before_the_entry(name: str) -> None:
    told = "helper functions, of one result each, may stand before it and are written out"
    assert told in "\n".join(language(kind_named(name)))
    heads = {"optimizer": "update(w, g, lr)", "schedule": "schedule(step, total)"}
    lines = {"optimizer": "lr * half(g)", "schedule": "half(step / total)"}
    text = f"def half(x):\n    return 0.5 * x\n\ndef {heads[name]}:\n    return {lines[name]}\n"
    found = read_program(text, kind_named(name))
    assert isinstance(found, Program)
    assert found.genome is not None
    assert not found.genome.helpers


def test_a_state_starts_at_zero_and_where_starts_it_elsewhere() -> None:
    fact("where(step <= 1, w, s) starts it elsewhere")
    found = read("s = where(step <= 1, w, s)\n    return lr * g, s")
    assert isinstance(found, Program)
    assert found.genome is not None
    w, one = np.full((2, 3), 5.0), np.float64(1.0)
    inputs = {"w": [w], "g": [w], "s": [0 * w], "lr": one, "step": one}
    _, (state,) = plan(found.genome.main, KIND, np)(inputs, 1)
    assert (state == w).all()


def test_every_kind_is_told_its_own() -> None:
    schedule = "\n".join(language(kind_named("schedule")))
    assert "step is 0, 1, …, total - 1" in schedule
    assert "x / 0 is 0" in schedule
    assert "x / 0 is 0" not in "\n".join(language(kind_named("architecture")))
