"""Every child of every operator is a program: typed, tidy, and read back from its own text."""

from __future__ import annotations

import numpy as np
import pytest

from programs.canonical import structural_key
from programs.check import check, checked
from programs.errors import Fault
from programs.genome import Genome
from programs.load import kind_named, library
from programs.operator import MAX_STATEMENTS, OPERATORS, Operator
from programs.parse import parse
from programs.render import render
from programs.tidy import tidy

KIND = kind_named("optimizer")
SEEDS = [p.genome for p in library("optimizer").values() if p.genome is not None]
ALL = list(OPERATORS.names())
STRUCTURAL = ["deepen", "extract-motif", "inline-motif", "unroll", "widen"]
"""Operators for kinds with helper functions or weights; an optimiser has neither."""

NAMES = [n for n in ALL if n not in STRUCTURAL]
FOUND: dict[str, Operator] = {n: OPERATORS.find(n) for n in ALL}


def test_all_operators_are_found() -> None:
    expected = (
        "delete duplicate-and-edit insert modify nudge-constant replace-op resample-subtree splice "
        "swap"
    )
    assert " ".join(NAMES) == expected
    assert [o.name for o in FOUND.values()] == ALL


@pytest.mark.parametrize("name", STRUCTURAL)
def test_operators_for_other_kinds_say_so(name: str) -> None:
    found = FOUND[name]([SEEDS[0]], KIND, np.random.default_rng(0))
    assert isinstance(found, Fault)
    assert found.message


def child_of(name: str, pool: list[Genome], rng: np.random.Generator) -> Genome | Fault:
    operator = FOUND[name]
    parents = [pool[rng.integers(len(pool))] for _ in range(operator.arity)]
    return operator(parents, KIND, rng)


@pytest.mark.parametrize("name", NAMES)
def test_every_child_is_a_program(name: str) -> None:
    """Grow a pool by all operators, so that parents are not only neat library programs."""
    rng = np.random.default_rng([NAMES.index(name), 20230213])
    pool = list(SEEDS)
    made = 0
    for turn in range(60):
        child = child_of(name if turn % 2 else NAMES[rng.integers(len(NAMES))], pool, rng)
        if isinstance(child, Fault):
            assert child.message
            continue
        made += 1
        found, known = check(child, KIND), checked(child, KIND)
        assert not isinstance(found, Fault), (render(child, KIND), found)
        # What an operator found of a child's types before it was tidied holds of it as it is.
        assert not isinstance(known, Fault)
        assert known.types == found.types
        assert tidy(child, KIND) == child
        assert parse(render(child, KIND), KIND) == child
        assert child.size <= MAX_STATEMENTS
        pool.append(child)
    assert made > 35


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_child(name: str) -> None:
    children = [child_of(name, SEEDS, np.random.default_rng(5)) for _ in range(2)]
    assert children[0] == children[1]


@pytest.mark.parametrize("name", NAMES)
def test_most_children_are_new(name: str) -> None:
    rng = np.random.default_rng(1)
    keys = {structural_key(g, KIND) for g in SEEDS}
    children = [child_of(name, SEEDS, rng) for _ in range(30)]
    new = [c for c in children if not isinstance(c, Fault) and structural_key(c, KIND) not in keys]
    assert len(new) > 15
