"""Extracting, inlining and unrolling change how a program is written and never what it does."""

from __future__ import annotations

import numpy as np
import pytest

from programs.canonical import structural_key
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.kinds.architecture import KIND
from programs.load import library
from programs.operator import OPERATORS
from programs.parse import parse
from programs.render import render

WRITTEN_OTHERWISE = ("extract-motif", "inline-motif", "unroll")


def read(source: str) -> Genome:
    found = parse(source, KIND)
    assert isinstance(found, Genome), found
    return found


def children(name: str, parent: Genome, count: int = 40) -> list[Genome]:
    rng = np.random.default_rng(0)
    found = [OPERATORS.find(name)([parent], KIND, rng) for _ in range(count)]
    return [c for c in found if isinstance(c, Genome)]


def reason(name: str, parent: Genome) -> str:
    found = OPERATORS.find(name)([parent], KIND, np.random.default_rng(0))
    assert isinstance(found, Fault)
    return found.message


TWICE = read(
    "def network(x):\n"
    "    y = x + relu(linear(layer_norm(x)))\n"
    "    return y * relu(linear(layer_norm(y)))\n"
)


@pytest.mark.parametrize("name", sorted(library("architecture")))
def test_a_chain_of_them_keeps_the_key_and_the_fingerprint(name: str) -> None:
    program = library("architecture")[name]
    assert program.genome is not None
    rng = np.random.default_rng(3)
    genome = program.genome
    for turn in range(6):
        operator = OPERATORS.find(WRITTEN_OTHERWISE[turn % 3])
        child = operator([genome], KIND, rng)
        if isinstance(child, Genome):
            genome = child
            assert structural_key(genome, KIND) == program.key, render(genome, KIND)
    assert fingerprint(genome, KIND) == fingerprint(program.genome, KIND)


def test_a_run_that_stands_twice_becomes_two_calls() -> None:
    wanted = (
        "def motif(x):\n"
        "    return relu(linear(layer_norm(x)))\n"
        "\n\n"
        "def network(x):\n"
        "    y = x + motif(x)\n"
        "    return y * motif(y)\n"
    )
    assert wanted in {render(c, KIND) for c in children("extract-motif", TWICE)}


def test_runs_with_other_constants_are_no_copies() -> None:
    other = read(
        "def network(x):\n    y = x + relu(linear(x, 16))\n    return y * relu(linear(y, 0))\n"
    )
    for child in children("extract-motif", other):
        assert [s.function for s in child.main.body].count("motif") == 1


def test_a_motif_may_hold_another_and_stand_in_two_functions() -> None:
    parent = read(
        "def f(x):\n    return relu(linear(x))\n\n"
        "def g(x):\n    return tanh(layer_norm(f(x))) + x\n\n"
        "def network(x):\n    return g(sin(tanh(layer_norm(f(x)))))\n"
    )
    found = [c for c in children("extract-motif", parent) if c.functions[1].name == "motif"]
    shared = [c for c in found if c.functions[1].body[0].function == "f"]
    assert shared
    assert all(structural_key(c, KIND) == structural_key(parent, KIND) for c in found)


def test_a_new_motif_takes_no_name_that_is_in_use() -> None:
    parent = read(
        "def motif(x):\n    return relu(linear(x))\n\n"
        "def network(x):\n    motif2 = tanh(motif(x))\n    return motif2 * sin(x)\n"
    )
    names = {c.functions[-2].name for c in children("extract-motif", parent)}
    assert names == {"motif3"}


def test_an_inlined_helper_keeps_the_other_names_apart() -> None:
    parent = read(
        "def f(a, b):\n    h = linear(a)\n    return h * sigmoid(b)\n\n"
        "def network(x):\n    h = tanh(x)\n    y = f(h, x)\n    return y + h\n"
    )
    wanted = (
        "def network(x):\n"
        "    h = tanh(x)\n"
        "    h1 = linear(h)\n"
        "    y = h1 * sigmoid(x)\n"
        "    return y + h\n"
    )
    assert {render(c, KIND) for c in children("inline-motif", parent)} == {wanted}


def test_a_helper_that_gives_back_its_argument_can_be_inlined() -> None:
    parent = read(
        "def f(a, b):\n    return b\n\ndef network(x):\n    return linear(f(relu(x), x))\n"
    )
    assert {render(c, KIND) for c in children("inline-motif", parent)} == {
        "def network(x):\n    return linear(x)\n"
    }


def test_a_helper_stays_while_it_is_called() -> None:
    parent = read(
        "def f(x):\n    return relu(linear(x))\n\ndef network(x):\n    return f(x) + f(tanh(x))\n"
    )
    assert all(len(c.helpers) == 1 for c in children("inline-motif", parent))


def test_unrolled_copies_are_calls() -> None:
    parent = read(
        "def f(x, y):\n    return linear(x) * y\n\n"
        "def network(x):\n    return repeat(f, 3, x, tanh(x))\n"
    )
    (child,) = children("unroll", parent, 1)
    assert child.main.body[-1].op == "call"
    assert [s.op for s in child.main.body].count("call") == 3
    assert structural_key(child, KIND) == structural_key(parent, KIND)


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("extract-motif", "def network(x):\n    return gru(x)\n", "no 2 statements"),
        ("inline-motif", "def network(x):\n    return gru(x)\n", "calls no helper"),
        ("unroll", "def network(x):\n    return gru(x)\n", "no `repeat`"),
        (
            "unroll",
            "def f(x):\n    return gru(x)\n\ndef network(x):\n    return repeat(f, 9, x)\n",
            "at most 4",
        ),
    ],
)
def test_an_operator_says_why_it_did_nothing(name: str, source: str, words: str) -> None:
    assert words in reason(name, read(source))
