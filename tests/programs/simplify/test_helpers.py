"""Helper functions are simplified as the entry is, and go where they save nothing."""

from __future__ import annotations

import numpy as np
import pytest

from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.kinds.architecture import KIND
from programs.neat import neat
from programs.parse import parse
from programs.render import render
from programs.simplify import simplify

BLOCK = "def block(x):\n    v1 = linear(relu(linear(x)))\n    return x + v1\n\n\n"
TWICE = "def network(x):\n    return repeat(block, 2, x)\n"


def read(source: str) -> Genome:
    genome = parse(source, KIND)
    assert isinstance(genome, Genome), genome
    return genome


def simplified(source: str) -> str:
    given = read(source)
    found = simplify(given, KIND, np.random.default_rng(0))
    assert fingerprint(found.genome, KIND) == fingerprint(given, KIND)
    assert found.removed == given.size - found.genome.size
    return render(found.genome, KIND)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        # Statements inside a helper are taken out, be they superfluous, dead or constant; what is
        # left of `h` keeps its name.
        (
            "def block(x):\n    h = relu(relu(linear(x)))\n    d = gelu(x)\n"
            "    return x + linear(maximum(h, 0))\n\n\n" + TWICE,
            "def block(x):\n    h = relu(linear(x))\n    return x + linear(h)\n\n\n" + TWICE,
        ),
        # A helper in a helper is reached as well.
        (
            "def half(x):\n    y = x * 1\n    return abs(abs(gelu(linear(y))))\n\n\n"
            "def block(x):\n    return half(half(x))\n\n\n" + TWICE,
            "def half(x):\n    return abs(gelu(linear(x)))\n\n\n"
            "def block(x):\n    return half(half(x))\n\n\n" + TWICE,
        ),
        # What is called once is shorter written out, and so is one statement however often.
        (
            BLOCK + "def network(x):\n    return layer_norm(block(x))\n",
            "def network(x):\n    v1 = linear(relu(linear(x)))\n    return layer_norm(x + v1)\n",
        ),
        (
            "def act(x):\n    return relu(x)\n\n\n"
            "def network(x):\n    return linear(act(linear(act(linear(x)))))\n",
            "def network(x):\n    return linear(relu(linear(relu(linear(x)))))\n",
        ),
        # A parameter that is always the other one is not needed.
        (
            "def join(x, y):\n    h = relu(linear(x))\n    return y + linear(h)\n\n\n"
            "def network(x):\n    h = join(x, x)\n    return join(h, h)\n",
            "def join(x):\n    h = relu(linear(x))\n    return x + linear(h)\n\n\n"
            "def network(x):\n    h = join(x)\n    return join(h)\n",
        ),
        # Nothing can be saved here.
        (BLOCK + TWICE, BLOCK + TWICE),
    ],
)
def test_helpers_are_simplified(source: str, wanted: str) -> None:
    assert simplified(source) == wanted


def test_neat_sees_what_helpers_do_not_need() -> None:
    given = read(
        "def spare(x):\n    return relu(x)\n\n\n"
        "def block(x, y, z):\n    a = relu(x)\n    b = relu(x)\n    c = gelu(y)\n"
        "    return linear(a * b) + z\n\n\n"
        "def network(x):\n    d = spare(x)\n    e = gelu(x)\n"
        "    h = block(x, e, x)\n    return repeat(block, 1, h, e, x)\n"
    )
    assert render(neat(given, KIND), KIND) == (
        "def block(x, z):\n    a = relu(x)\n    return linear(a * a) + z\n\n\n"
        "def network(x):\n    h = block(x, x)\n    return block(h, x)\n"
    )


def test_a_score_may_cut_inside_helpers() -> None:
    given = read(BLOCK + TWICE)

    def score(genome: Genome) -> float:
        return -float(sum(s.op == "linear" for f in genome.functions for s in f.body) == 0)

    found = simplify(given, KIND, np.random.default_rng(0), score=score)
    assert render(found.genome, KIND).count("linear") == 1
    assert any(s.what.startswith("block: ") and s.score is not None for s in found.steps)
