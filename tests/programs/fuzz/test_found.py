"""What fuzzing found, each kept as a case of its own."""

from __future__ import annotations

import time

import pytest

from programs.errors import Fault, closest
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.load import kind_named, kind_of
from programs.parse import parse
from programs.render import render

OPTIMIZER, SCHEDULE = kind_named("optimizer"), kind_named("schedule")
NUMBER = "0x" + "f" * 5_000
"""A whole number that Python reads but refuses to print."""


def update(body: str, params: str = "w, g") -> str:
    return f"def update({params}):\n    {body}\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (update(f"return ({NUMBER}).mean()"), "expected a function of the language"),
        (update(f"return {NUMBER} << g"), "is not part of the language"),
        (update("return ..."), "expected a number, found `...`"),
        (update("return -True * g"), "expected a number, found `True`"),
        (update("return g, m, m", "w, g, m, m"), "there are two parameters `m`"),
        (update("x = g + g\n    " * 4_000 + "return x"), "4,000 statements; at most 2,000 fit"),
        ("x" * 100_000, "100,000 characters"),
    ],
)
def test_a_fault_with_a_place(source: str, words: str) -> None:
    fault = parse(source, OPTIMIZER)
    assert isinstance(fault, Fault)
    assert words in fault.message
    assert fault.line
    assert fault.column


def test_helpers_without_statements_do_not_multiply_either() -> None:
    lines = ["def f0(x):\n    return x\n"]
    lines += [f"def f{i + 1}(x):\n    return repeat(f{i}, 64, x)\n" for i in range(9)]
    source = "\n".join([*lines, "def schedule(step, total):\n    return f9(step)\n"])
    fault = parse(source, SCHEDULE)
    assert isinstance(fault, Fault)
    assert "written out" in fault.message


def test_a_text_of_ten_megabytes_is_not_read_to_tell_its_kind() -> None:
    began = time.process_time()
    assert kind_of("def update(w, g):\n    return g\n" * 300_000) is None
    assert time.process_time() - began < 0.1


def test_long_names_are_not_compared() -> None:
    assert closest("a" * 1_000, ["a" * 999]) is None
    assert closest("sgn", ["x" * 1_000, "sign"]) == "sign"


@pytest.mark.parametrize(
    "doc",
    [
        "a\\0b",
        "bell \\x07",
        "half a letter \\ud800",
        "line\\rline",
        "\\n    Title\\n\\n        indented\\n",
        "\\u2028 between lines",
    ],
)
def test_a_docstring_is_written_as_it_was_read(doc: str) -> None:
    genome = parse(f'"""{doc}"""\n' + update("return g"), OPTIMIZER)
    assert isinstance(genome, Genome)
    text = render(genome, OPTIMIZER)
    assert text.encode("utf-8").isascii()
    assert parse(text, OPTIMIZER) == genome


def test_what_python_warns_of_is_read_in_silence() -> None:
    genome = parse(update("return 1if g>0else g"), OPTIMIZER)
    assert isinstance(genome, Genome)
    assert fingerprint(genome, OPTIMIZER)
