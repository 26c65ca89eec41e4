"""Conditions as Python writes them mean in the language what they mean in Python."""

from __future__ import annotations

import numpy as np
import pytest

from programs.errors import Fault
from programs.genome import Genome
from programs.kinds.schedule import factors
from programs.load import kind_named, read_program
from programs.parse import parse
from programs.program import Program
from programs.render import render

SCHEDULE, OPTIMIZER = kind_named("schedule"), kind_named("optimizer")
TOTAL = 40
CONDITIONS = {
    "step == 7": "(step >= 7) * (step <= 7)",
    "step != 7": "1 - (step >= 7) * (step <= 7)",
    "3 < step <= 9": "(3 < step) * (step <= 9)",
    "3 < step < 30 > total": "(3 < step) * (step < 30) * (30 > total)",
    "step >= 3 and step < 9": "(step >= 3) * (step < 9)",
    "step < 3 or step > 9": "maximum(step < 3, step > 9)",
    "step < 3 or step > 9 or total < 5": "maximum(maximum(step < 3, step > 9), total < 5)",
    "(step > 3) & (step < 9)": "(step > 3) * (step < 9)",
    "(step < 3) | (step > 9)": "maximum(step < 3, step > 9)",
    "not step > 5": "1 - (step > 5)",
    "not (step > 5 and step < 9)": "1 - (step > 5) * (step < 9)",
    "step // 10": "floor(step / 10)",
    "-step // 10": "floor(-step / 10)",
}


def body(expression: str) -> str:
    return f"def schedule(step, total):\n    return {expression}\n"


def read(source: str) -> Genome:
    genome = parse(source, SCHEDULE)
    assert isinstance(genome, Genome), genome
    return genome


@pytest.mark.parametrize("expression", CONDITIONS)
def test_it_comes_out_as_what_the_language_has(expression: str) -> None:
    genome = read(body(expression))
    text = render(genome, SCHEDULE)
    assert genome == read(body(CONDITIONS[expression]))
    assert read(text) == genome
    if len(genome.main.body) <= 4:
        assert text == body(CONDITIONS[expression])


@pytest.mark.parametrize(
    "expression",
    [
        *CONDITIONS,
        "step % 5 == 0",
        "2 * step != total - 2 * step",
        "0 < step * 2 - 30 < total == 40",
        "1.0 if step > 3 and not step == 7 else 0.5",
        "(step // 3 == 2 or 10 < step < 20) * 0.5 + (not step // 7 == 1)",
    ],
)
def test_it_means_what_it_means_in_python(expression: str) -> None:
    genome = read(body(expression))
    assert parse(render(genome, SCHEDULE), SCHEDULE) == genome
    expected = [float(eval(expression, {"step": s, "total": TOTAL})) for s in range(TOTAL)]
    np.testing.assert_allclose(factors(genome, TOTAL), expected)


def test_an_operand_is_computed_once() -> None:
    genome = read(body("exp(step / total) == 1"))
    assert [s.op for s in genome.main.body] == ["div", "exp", "ge", "le", "mul"]


def test_a_condition_may_have_a_name() -> None:
    lines = "    early = step < 5\n    late = not early\n    return early and late or late\n"
    text = render(read("def schedule(step, total):\n" + lines), SCHEDULE)
    assert text.endswith("return maximum(early * late, late)\n")


def test_without_floor_the_remainder_is_taken_off() -> None:
    genome = parse("def update(w, g, lr, step):\n    return lr * g * (step // 10)\n", OPTIMIZER)
    assert isinstance(genome, Genome)
    assert "((step - mod(step, 10)) / 10)" in render(genome, OPTIMIZER)


@pytest.mark.parametrize(
    ("expression", "column", "words", "nearest"),
    [
        ("step and 1 < total", 12, "expected a comparison in `step and 1 < total`", None),
        ("1 < total or step", 25, "found `step`", None),
        ("step & 3", 12, "found `step`", None),
        ("not step", 16, "found `step`", "step == 0"),
        ("step in total", 12, "the operator in `step in total` is not part of", None),
        ("step is total", 12, "the operator in `step is total` is not part of", None),
    ],
)
def test_only_conditions_are_joined(
    expression: str, column: int, words: str, nearest: str | None
) -> None:
    fault = parse(body(expression), SCHEDULE)
    assert isinstance(fault, Fault)
    assert (fault.line, fault.column, fault.nearest) == (2, column, nearest)
    assert words in fault.message


@pytest.mark.parametrize("expression", ["x == 1", "0 < x < 1", "x and x", "not x", "x // 2"])
def test_a_kind_without_comparisons_has_no_conditions(expression: str) -> None:
    fault = parse(f"def network(x):\n    return {expression}\n", kind_named("architecture"))
    assert isinstance(fault, Fault)
    assert "is not part of the language, whose signs are `+`, `-` and `*`" in fault.message
    assert fault.line == 2


def test_a_whole_quotient_in_free_form_python_stays_python() -> None:
    """In floats 1 // 0.1 is 9, where 1 / 0.1 is 10."""
    source = "RATE = 0.1\n\ndef schedule(step, total):\n    return (1 + step) // RATE\n"
    program = read_program(source, SCHEDULE)
    assert isinstance(program, Program)
    assert program.genome is None
