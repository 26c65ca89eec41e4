"""A value that was given a name keeps it through simplification, for as long as it is there."""

from __future__ import annotations

import numpy as np
import pytest

from programs.genome import Genome
from programs.load import kind_named
from programs.neat import neat
from programs.parse import parse
from programs.render import render
from programs.simplify import simplify

OPTIMIZER = kind_named("optimizer")

KEPT = [
    # A rule, a shortcut and a repetition leave the value without the statement that named it.
    (
        "m, lr",
        "m = (0.9 * m + g) * 1; return lr * m, m",
        "m = 0.9 * m + g; return lr * m, m",
    ),
    (
        "m, lr, step",
        "m = where(step < 0, 0, 0.9 * m + g); return lr * m, m",
        "m = 0.9 * m + g; return lr * m, m",
    ),
    (
        "lr",
        "part = sign(-(-g)) + sign(g); shown = sign(g); return lr * (part * shown)",
        "shown = sign(g); return lr * (2 * square(shown))",
    ),
    (
        "lr",
        "pull = tanh(g) * 2; push = (tanh(g) * 2) / 1; return lr * (pull + square(push))",
        "pull = tanh(g) * 2; return lr * (pull + square(pull))",
    ),
]


def read(source: str) -> Genome:
    genome = parse(source, OPTIMIZER)
    assert isinstance(genome, Genome), genome
    return genome


def written(params: str, text: str) -> str:
    return "\n    ".join([f"def update(w, g, {params}):", *text.split("; ")]) + "\n"


def body_of(source: str) -> str:
    return source.partition("\n")[2]


@pytest.mark.parametrize(("params", "given", "wanted"), KEPT)
def test_it_is_kept(params: str, given: str, wanted: str) -> None:
    found = simplify(read(written(params, given)), OPTIMIZER, np.random.default_rng(0)).genome
    assert body_of(render(found, OPTIMIZER)) == body_of(written(params, wanted))


def test_a_repetition_without_a_name_takes_that_of_the_second() -> None:
    source = "def update(w, g, lr):\n    u = exp(sign(g))\n    s = sign(g)\n    return lr * u * s\n"
    wanted = "def update(w, g, lr):\n    s = sign(g)\n    u = exp(s)\n    return lr * u * s\n"
    assert render(neat(read(source), OPTIMIZER), OPTIMIZER) == wanted
