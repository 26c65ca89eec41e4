"""No operator hands a parent back as its child: it draws again, or says why there is none."""

from __future__ import annotations

import numpy as np
import pytest

from programs.errors import Fault
from programs.genome import Genome
from programs.load import builtin_kinds, in_language, kind_named
from programs.operator import OPERATORS, attempt
from programs.parse import parse

DRAWS = 400
CASES = [(kind, name) for kind in builtin_kinds() for name in OPERATORS.names()]


def known(kind: str) -> dict[str, Genome]:
    return {n: p.genome for n, p in in_language(kind).items() if p.genome is not None}


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_no_child_is_its_first_parent(kind: str, name: str) -> None:
    """Half of the parents are children themselves: those are less neat than what people wrote."""
    operator, language = OPERATORS.find(name), kind_named(kind)
    rng = np.random.default_rng([20261130, *name.encode()])
    seeds = list(known(kind).values())
    grown: list[Genome] = []
    for turn in range(DRAWS):
        pool = grown if turn % 2 and grown else seeds
        first, *others = (pool[rng.integers(len(pool))] for _ in range(operator.arity))
        child = operator([first, *others], language, rng)
        if isinstance(child, Fault):
            assert child.message
            continue
        assert child.functions != first.functions
        grown.append(child)


@pytest.mark.parametrize(
    ("kind", "name", "parents", "seed"),
    [
        ("optimizer", "splice", ("adamw", "cautious_adamw"), 258),
        ("architecture", "swap", ("evoprompting_cnn",), 4),
    ],
)
def test_draws_that_gave_the_parent_back(
    kind: str, name: str, parents: tuple[str, ...], seed: int
) -> None:
    given = [known(kind)[p] for p in parents]
    child = OPERATORS.find(name)(given, kind_named(kind), np.random.default_rng(seed))
    assert isinstance(child, Genome)
    assert child.functions != given[0].functions


def test_an_edit_that_never_changes_anything_is_a_fault() -> None:
    kind = kind_named("schedule")
    parent = parse("def schedule(step, total):\n    return step / total\n", kind)
    assert isinstance(parent, Genome)
    found = attempt(lambda site, _: site.function, parent, kind, np.random.default_rng(0))
    assert found == Fault("the edit leaves the program as it was")
