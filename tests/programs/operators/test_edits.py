"""What each operator does, on programs small enough to see it."""

from __future__ import annotations

import numpy as np
import pytest

from programs.check import live
from programs.errors import Fault
from programs.genome import Genome
from programs.load import kind_named, library
from programs.operator import OPERATORS
from programs.parse import parse
from programs.render import render

KIND = kind_named("optimizer")


def genome(source: str) -> Genome:
    found = parse(source, KIND)
    assert isinstance(found, Genome), found
    return found


def children(name: str, *parents: Genome, count: int = 40) -> list[Genome]:
    rng = np.random.default_rng(0)
    operator = OPERATORS.find(name)
    found = [operator(parents, KIND, rng) for _ in range(count)]
    return [c for c in found if isinstance(c, Genome)]


def reason(name: str, *parents: Genome) -> str:
    found = OPERATORS.find(name)(parents, KIND, np.random.default_rng(0))
    assert isinstance(found, Fault)
    return found.message


EMPTY = genome("def update(w, g):\n    return g\n")
SGD = genome("def update(w, g, lr):\n    return lr * g\n")
LION = genome(
    "def update(w, g, m, lr):\n"
    "    direction = sign(lerp(m, g, 0.1))\n"
    "    m = lerp(m, g, 0.01)\n"
    "    return lr * direction, m\n"
)


def test_a_nudge_changes_one_constant_and_nothing_else() -> None:
    for child in children("nudge-constant", LION):
        ops = [s.op for s in child.main.body]
        assert ops == [s.op for s in LION.main.body]
        pairs = zip(child.main.body, LION.main.body, strict=True)
        changed = [(a, b) for a, b in pairs if a != b]
        assert len(changed) == 1
        new, old = (next(x for x in s.args if isinstance(x, float)) for s in changed[0])
        assert 1 / 32 < new / old < 32


def test_a_replaced_op_reads_the_same_arguments() -> None:
    for child in children("replace-op", SGD):
        (statement,) = child.main.body
        assert statement.op != "mul"
        assert set(statement.names()) <= {"lr", "g"}


def test_swapped_lines_mean_what_their_text_means() -> None:
    wanted = genome(
        "def update(w, g, m, lr):\n"
        "    m = lerp(m, g, 0.01)\n"
        "    direction = sign(lerp(m, g, 0.1))\n"
        "    return lr * direction, m\n"
    )
    assert wanted in children("swap", LION)


def test_swapped_arguments() -> None:
    wanted = genome("def update(w, g, lr):\n    return g / lr\n")
    parent = genome("def update(w, g, lr):\n    return lr / g\n")
    assert wanted in children("swap", parent)


def test_a_duplicate_is_stacked_where_one_place_reads_the_original() -> None:
    wanted = genome("def update(w, g, lr):\n    return lr * (lr * g)\n")
    assert wanted in children("duplicate-and-edit", SGD)


def test_a_duplicate_takes_over_some_of_several_readers() -> None:
    one_average = genome(
        "def update(w, g, m, lr):\n    m = lerp(m, g, 0.1)\n    return lr * m, m\n"
    )
    two = [
        c
        for c in children("duplicate-and-edit", one_average, count=100)
        if [s.op for s in c.main.body].count("lerp") == 2
    ]
    assert any(c.main.returns[1] != c.main.body[-1].args[1] for c in two)


def test_a_splice_brings_states_with_what_renews_them() -> None:
    brought = [c for c in children("splice", SGD, LION) if KIND.entry.states(c.main)]
    assert brought
    for child in brought:
        assert live(child.main, KIND) == child.main
        assert len(child.main.returns) == 2


def test_a_splice_may_need_inputs_that_the_first_parent_lacks() -> None:
    late = genome("def update(w, g, step):\n    return g / (1 + step)\n")
    assert any("step" in c.main.params for c in children("splice", SGD, late))


def test_a_splice_of_two_programs_with_states_shares_or_adds_them() -> None:
    adam, lion = (library("optimizer")[n].genome for n in ("adam", "lion"))
    assert adam is not None
    assert lion is not None
    counts = {len(KIND.entry.states(c.main)) for c in children("splice", adam, lion, count=100)}
    assert {2, 3} <= counts


def test_a_resampled_value_has_the_type_of_the_old() -> None:
    found = children("resample-subtree", SGD, count=100)
    assert len({render(c, KIND) for c in found}) > 50


@pytest.mark.parametrize(
    ("name", "parents", "words"),
    [
        ("nudge-constant", (SGD,), "no constant"),
        ("replace-op", (EMPTY,), "no statement"),
        ("swap", (EMPTY,), "neither two arguments nor two lines"),
        ("duplicate-and-edit", (EMPTY,), "no statement"),
        ("splice", (EMPTY, LION), "both parents"),
        ("resample-subtree", (EMPTY,), "no value"),
    ],
)
def test_an_operator_says_why_it_did_nothing(
    name: str, parents: tuple[Genome, ...], words: str
) -> None:
    assert words in reason(name, *parents)
