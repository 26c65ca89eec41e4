"""The winner of a search, written shorter."""

from __future__ import annotations

from programs.load import kind_named, library, read_program
from programs.program import Program
from runs.shorter import shorter

MESSY = """
def update(w, g, m, lr):
    m = lerp(m, g, 1 - 0.9)
    v1 = m / 1
    return lr * (2 * 3 * v1 + 0), m
"""


def test_what_evolution_leaves_behind_is_gone() -> None:
    kind = kind_named("optimizer")
    program = read_program(MESSY, kind)
    assert isinstance(program, Program)
    found = shorter(program, kind)
    assert "/ 1" not in found
    assert "1 - 0.9" not in found
    assert "+ 0" not in found


def test_what_is_short_already_is_not_written_again() -> None:
    assert shorter(library("optimizer")["sgd"], kind_named("optimizer")) == ""


def test_networks_are_left_alone() -> None:
    (network, *_) = library("architecture").values()
    assert shorter(network, kind_named("architecture")) == ""
