"""Arithmetic on numbers is worked out where a network is read, and only there."""

from __future__ import annotations

import pytest

from programs.errors import Fault
from programs.genome import Genome
from programs.kinds.architecture import KIND
from programs.kinds.optimizer import KIND as OPTIMIZER
from programs.parse import parse
from programs.render import render


def network(*lines: str) -> Genome | Fault:
    body = "".join(f"    {line}\n" for line in lines)
    return parse(f"def block(x):\n    return linear(x)\n\ndef network(x):\n{body}", KIND)


def same(*lines: str, as_: tuple[str, ...]) -> None:
    found, wanted = network(*lines), network(*as_)
    assert isinstance(found, Genome), found
    assert found == wanted
    assert parse(render(found, KIND), KIND) == found


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("linear(x, times=8 / 3)", "linear(x, times=2.6666666666666665)"),
        ("linear(x, times=0.5 ** 2)", "linear(x, times=0.25)"),
        ("linear(x, times=1 / 4)", "linear(x, times=0.25)"),
        ("linear(x, 4 * 32)", "linear(x, 128)"),
        ("linear(x, 100 // 3)", "linear(x, 33)"),
        ("attention(x, heads=8 / 2)", "attention(x, heads=4)"),
        ("repeat(block, 2 * 3, x)", "repeat(block, 6, x)"),
        ("1 / 3 * x", "0.3333333333333333 * x"),
        ("x * (1 - 2 ** -3)", "x * 0.875"),
        ("x * -(2 + 1)", "x * -3"),
        ("x * (7 % 4)", "x * 3"),
        ("linear(x, 0.29 * 100)", "linear(x, 29)"),
        ("repeat(block, 0.07 * 100, x)", "repeat(block, 7, x)"),
        ("x * -(0.29 * 100)", "x * -29"),
        ("x * (0.5 + 1e-9)", "x * 0.500000001"),
        ("x * (1 + 1e-9)", "x * 1.000000001"),
        ("x * (1e-9 * 1e-9)", "x * 1e-18"),
        ("linear(x, 0.29 * 100 // 1)", "linear(x, 28)"),
    ],
)
def test_arithmetic_on_literals_is_a_literal(written: str, number: str) -> None:
    same(f"return {written}", as_=(f"return {number}",))


def test_arithmetic_on_names_of_numbers_is_a_number_too() -> None:
    same(
        *("d = 64", "alpha = 0.25", "beta = 1 - alpha", "x = linear(x, d * 4)"),
        "return linear(x, d) * beta - repeat(block, d // 16, linear(x, d)) * -alpha",
        as_=(
            "x = linear(x, 256)",
            "return linear(x, 64) * 0.75 - repeat(block, 4, linear(x, 64)) * -0.25",
        ),
    )


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("linear(x, times=1 / 0)", "expected a number, but `1 / 0` is none"),
        ("x * (-8) ** 0.5", "expected a number, but `(-8) ** 0.5` is none"),
        ("x * 10 ** 99", "within ±1e+30"),
        ("x * 9.0 ** 999", "within ±1e+30"),
        ("x * (5 % 0)", "is none"),
        ("linear(x, 28.9999 * 1)", "`width` must be a whole number"),
        ("linear(x, 3 / 2)", "`width` must be a whole number"),
        ("1 + 2", "the result must be a sequence, an image or a vector, found a number"),
        ("repeat(block, 3 / 2, x)", "expected a literal number of copies"),
    ],
)
def test_what_is_no_number_of_the_language_is_refused(written: str, words: str) -> None:
    fault = network(f"return {written}")
    assert isinstance(fault, Fault)
    assert words in fault.message
    assert fault.line == 5


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("linear(x, int(64 * 8 / 3))", "170"),
        ("linear(x, max(8, 16))", "16"),
        ("x * math.sqrt(3)", "1.7320508075688772"),
        ("linear(x, round(d * 2.5))", "40"),
    ],
)
def test_a_function_of_numbers_is_answered_with_the_number(written: str, number: str) -> None:
    fault = network("d = 16", f"return {written}")
    assert isinstance(fault, Fault)
    assert fault.nearest == number


def test_programs_of_numbers_keep_their_arithmetic() -> None:
    text = "def update(w, g, lr):\n    return lr * (2 * 3) * g\n"
    program = parse(text, OPTIMIZER)
    assert isinstance(program, Genome)
    assert render(program, OPTIMIZER) == text
