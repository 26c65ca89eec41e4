"""Every operator on every known architecture: the child type-checks, is tidy and reads back."""

from __future__ import annotations

import numpy as np
import pytest

from programs.check import check
from programs.errors import Fault
from programs.genome import Genome
from programs.kinds.architecture import KIND
from programs.load import library
from programs.operator import MAX_STATEMENTS, OPERATORS
from programs.parse import parse
from programs.render import render
from programs.tidy import tidy

KNOWN = {n: p.genome for n, p in library("architecture").items() if p.genome is not None}
DRAWS = 3

SHARES = {
    "deepen": 0.9,
    "extract-motif": 0.9,
    "inline-motif": 0.05,
    "nudge-constant": 0.05,
    "splice": 0.8,
    "swap": 0.5,
    "unroll": 0.6,
    "widen": 0.5,
}
"""The least share of the library's architectures to which an operator applies; others: nearly all.

Few architectures have a constant, or call a helper other than by `repeat`.
"""


@pytest.mark.parametrize("name", list(OPERATORS.names()))
def test_every_child_is_a_program(name: str) -> None:
    operator = OPERATORS.find(name)
    rng = np.random.default_rng([20240613, len(name)])
    pool = list(KNOWN.values())
    made = 0
    for place, (known, first) in enumerate(KNOWN.items()):
        for draw in range(DRAWS):
            # In turn, so that the share tells of the operator and not of which partners it drew.
            partner = pool[(place + 1 + draw * len(pool) // DRAWS) % len(pool)]
            others = [partner] * (operator.arity - 1)
            child = operator([first, *others], KIND, rng)
            if isinstance(child, Fault):
                assert child.message
                continue
            made += 1
            demand_program(child, f"{name} of {known}")
    assert made >= SHARES.get(name, 0.9) * DRAWS * len(KNOWN)


def demand_program(child: Genome, what: str) -> None:
    text = render(child, KIND)
    assert not isinstance(found := check(child, KIND), Fault), (what, text, found)
    assert tidy(child, KIND) == child, (what, text)
    assert parse(text, KIND) == child, (what, text)
    assert child.size <= MAX_STATEMENTS, what
