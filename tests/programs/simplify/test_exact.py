"""What simplification returns does what was given: no digit of a constant is lost on the way."""

from __future__ import annotations

import numpy as np
import pytest

from programs import simplify as search
from programs.canonical import structural_key
from programs.equivalence import Equivalence
from programs.fingerprint import fingerprint
from programs.folding import cleaned
from programs.genome import Genome
from programs.kind import Kind
from programs.kinds.schedule import factors
from programs.load import kind_named
from programs.neat import neat
from programs.parse import parse
from programs.render import render
from programs.simplify import simplify

SCHEDULE, OPTIMIZER = kind_named("schedule"), kind_named("optimizer")


def read(source: str, kind: Kind = SCHEDULE) -> Genome:
    genome = parse(source, kind)
    assert isinstance(genome, Genome), genome
    return genome


def schedule(body: str) -> Genome:
    return read(f"def schedule(step, total):\n    {body}\n")


STEPPED = [
    "period = 1 / 3\n    return 0.9 ** floor(step * period)",
    "return floor(step * (1 / 49))",
    "return 0.5 ** floor(step * (1 / 7000))",
    "return mod(step * (1 / 3), 1)",
    "return where(mod(step * (1 / 7), 1) == 0, 1, 0.5)",
    "return floor(step * (1 - 0.9))",
    "return floor(step * (0.3 - 0.2)) * (1 - 0.9)",
]
"""Where a step falls hangs on the last digit of a constant."""


@pytest.mark.parametrize("body", STEPPED)
def test_a_step_stays_where_it_is(body: str) -> None:
    given = schedule(body)
    found = simplify(given, SCHEDULE, np.random.default_rng(0)).genome
    assert found.size < given.size
    assert fingerprint(found, SCHEDULE) == fingerprint(given, SCHEDULE)
    written = read(render(found, SCHEDULE))
    for genome in (found, written):
        assert (factors(genome, 30_000) == factors(given, 30_000)).all()


@pytest.mark.parametrize("body", STEPPED)
def test_neat_computes_the_same_to_the_last_digit(body: str) -> None:
    given = schedule(body)
    found = neat(given, SCHEDULE)
    assert structural_key(found, SCHEDULE) == structural_key(given, SCHEDULE)
    assert (factors(found, 1000) == factors(given, 1000)).all()


def test_constants_are_written_with_few_digits_where_that_is_the_same() -> None:
    source = "def update(w, g, m, lr):\n    m = lerp(m, g, 1 - 0.9999)\n    return lr * m, m\n"
    found = simplify(read(source, OPTIMIZER), OPTIMIZER, np.random.default_rng(0)).genome
    assert "lerp(m, g, 0.0001)" in render(found, OPTIMIZER)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1 - 0.9, 0.1),
        (1 - 0.9999, 0.0001),
        (0.1 + 0.2, 0.3),
        (-0.1 * 3, -0.3),
        (123456789.00000001, 123456789.0),
        (1 / 3, 1 / 3),
        (1e-8 / 3, 1e-8 / 3),
        (0.0, 0.0),
    ],
)
def test_only_dirt_is_cleaned_away(value: float, wanted: float) -> None:
    assert cleaned(value) == wanted


def test_the_first_step_is_compared_with_the_original_too(monkeypatch: pytest.MonkeyPatch) -> None:
    given = schedule("return step / total + 0 * 2")
    other = schedule("return 1 - step / total")
    monkeypatch.setattr(search, "neat", lambda *_: other)
    found = simplify(given, SCHEDULE, np.random.default_rng(0))
    assert found.genome == given
    assert found.steps == ()


LIVE = [
    "row_count(w) > 100",
    "column_count(w) > 300",
    "numel(w) > 1000",
    "step == 500",
    "step > 2000",
    "step > 0.999 * total",
    "step >= total",
    "total > 50000",
    "norm(g) > 1e4",
]
"""Conditions that hold on realistic tensors and steps; the fingerprint sees some of them."""


@pytest.mark.parametrize("condition", LIVE)
def test_a_branch_that_is_live_stays(condition: str) -> None:
    given = read(
        f"def update(w, g, lr, step, total):\n    return lr * where({condition}, g, sign(g))\n",
        OPTIMIZER,
    )
    assert simplify(given, OPTIMIZER, np.random.default_rng(0)).genome.size == given.size
    plain = read("def update(w, g, lr):\n    return lr * sign(g)\n", OPTIMIZER)
    for seed in range(3):
        assert not Equivalence(given, OPTIMIZER, np.random.default_rng(seed)).surely(plain)
