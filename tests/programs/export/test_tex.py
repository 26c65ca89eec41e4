"""What is exported as LaTeX is something that TeX takes: one script of a sort for each symbol."""

from __future__ import annotations

import re

import pytest

from programs.export.latex import export_latex
from programs.load import in_language, library, read_program
from programs.named import kind_named
from programs.program import Program
from tests.programs.export.samples import mutants, program
from tests.programs.export.test_schedule import mutants as schedules

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)


def faults(text: str) -> list[str]:
    """Return what TeX stops at in a formula: doubled scripts and groups that do not close.

    Primes are a superscript, which those that follow at once belong to, as does a `^` after them.
    """
    tokens = [t for t in TOKEN.findall(text) if not t.isspace()]
    found: list[str] = []
    scripts: list[set[str]] = [set()]
    before = ""
    for place, token in enumerate(tokens):
        here = scripts[-1]
        if token in ("{", r"\left"):
            # A script's own group leaves the symbol that it belongs to open for the other.
            if token == r"\left" or before not in ("^", "_"):
                here.clear()
            scripts.append(set())
        elif token in ("}", r"\right"):
            scripts.pop()
            if not scripts:
                return [*found, f"closes nothing: {' '.join(tokens[: place + 1])}"]
        elif token in ("^", "_", "'"):
            sort = "_" if token == "_" else "^"
            if sort in here and before != "'":
                found.append(f"double {sort}: {' '.join(tokens[max(0, place - 9) : place + 2])}")
            here.add(sort)
        elif before not in ("^", "_"):
            here.clear()
        before = token
    return found + ["does not close"] * (len(scripts) > 1)


@pytest.mark.parametrize(
    ("formula", "count"),
    [
        ("x'_t^{2}", 1),
        ("v^{(1)}_{t-1}^{2}", 1),
        ("{g'_t}^{2} + {v^{(1)}_{t-1}}^{2}", 0),
        ("x''^{2}_t", 0),
        ("x^2'", 1),
        ("a_b_c", 1),
        (r"\left| x^{2} \right|^{2} \cdot 10^{-8}", 0),
        (r"\frac{a^{2}}{b^{2}}", 0),
        (r"\hat{m}'_t^{2}", 1),
        (r"e^{x^{2}}", 0),
        (r"e^{x^{2}^{3}}", 1),
        ("{a", 1),
        ("a}", 1),
    ],
)
def test_the_check_knows_what_tex_takes(formula: str, count: int) -> None:
    assert len(faults(formula)) == count


BODIES = (
    "g = clip(g, 1)\n    v = lerp(v, square(g), 0.001)\n    return lr * g / (sqrt(v) + eps), v1, v",
    "return lr * square(v1) * cube(v), v1, v",
    "g = clip(g, 1)\n    g = clip(g, 2)\n    return square(g) ** w * g ** w ** v1, g, v",
    "m_hat = g + v\n    m_hat = m_hat ** 2\n    return w @ (transpose(m_hat) @ m_hat**2), v, v1",
    "m1_hat = g + v1\n    m1_hat = m1_hat @ transpose(g) @ g\n    return cube(m1_hat), v, v1",
    "beta2 = g ** 2\n    beta2 = beta2 ** 2\n    return (beta2 ** 2) ** 2, v, -v1 ** 2",
    "a_b = g\n    a_b = square(a_b) + 1\n    return square(a_b) ** 0.5, v, exp(v1) ** 2",
    "return square(norm(g)) * square(abs(v)) * square(1 / g) * lr ** 2 * step ** 2, v, v1",
)
MADE = (
    *in_language("optimizer").values(),
    *(program(f"def update(w, g, v1, v, lr, step):\n    {body}\n") for body in BODIES),
    *mutants(300, seed=77),
    *library("schedule").values(),
)


def test_tex_takes_every_program() -> None:
    texts = {made.source: faults(export_latex(made)) for made in MADE}
    assert {source: found for source, found in texts.items() if found} == {}


def test_tex_takes_every_schedule() -> None:
    import numpy as np

    for made in schedules(200, np.random.default_rng(9)):
        assert faults(export_latex(made)) == []


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        ("123456789.123", r"1.23456789123 \cdot 10^{8}"),
        ("1.2345678912345", "1.2345678912345"),
        ("0.1", "0.1"),
        ("250", "250"),
        ("1e-8", "10^{-8}"),
        ("0.000025", r"2.5 \cdot 10^{-5}"),
        ("123456", "123456"),
        ("1e6", "10^{6}"),
        ("1234567", r"1.234567 \cdot 10^{6}"),
    ],
)
def test_a_constant_has_all_its_digits(number: str, wanted: str) -> None:
    made = read_program(
        f"def schedule(step, total):\n    return {number} * step\n", kind_named("schedule")
    )
    assert isinstance(made, Program)
    assert f"&= {wanted} \\, t" in export_latex(made)


def test_the_rest_of_a_share_is_as_people_subtract() -> None:
    made = program("def update(w, g, m):\n    m = lerp(m, g, 0.999999)\n    return m, m\n")
    assert r"m_t &= 10^{-6} \, m_{t-1} + 0.999999 \, g_t" in export_latex(made)
