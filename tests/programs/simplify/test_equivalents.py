"""Programs written in a roundabout way come back to the plain one, and to no other."""

from __future__ import annotations

import numpy as np
import pytest

from programs.canonical import structural_key
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.kind import Kind
from programs.kinds.optimizer_agreement import agreement
from programs.load import kind_named, library
from programs.parse import parse
from programs.render import render
from programs.simplify import simplify
from tests.programs.simplify.obfuscation import obfuscated

KIND = kind_named("optimizer")

ROUNDABOUT = {
    "adamw": """
def update(w, g, m, v, lr, step, total):
    m = m * 0.9 + g * 0.1
    v = 0.999 * v + g * g * (1 - 0.999)
    spare = exp(total)
    root = sqrt(v / (1 - 0.999**step)) + 1e-8
    a = (m / (1 - 0.9**step)) * (1 / root)
    shrink = w * lr * 0.01
    return lr * a + shrink, m, v
""",
    "nesterov": """
def update(w, g, m, n, lr):
    n = n * 0.9 + g
    m = g - m * -0.9
    first = lr * g
    second = m * lr * 0.9
    return first + second + (w - w), m, n
""",
    "signum": """
def update(w, g, m, k, lr):
    m = m - 0.1 * (m - g)
    k = lerp(g, k, 0.9)
    u = k / sqrt(square(m)) + 0 * w
    return u * lr, m, k
""",
    "lion": """
def update(w, g, m, lr):
    c = 0.9 * m + 0.1 * g
    d = c / abs(c)
    m = m + 0.01 * (g - m)
    return d * lr + lr * w * 0.1, m
""",
    "rmsprop": """
def update(w, g, v, lr):
    v = v * 0.99 + (1 - 0.99) * abs(g) * abs(g)
    return (g * lr) / (v**0.5 + 1e-8), v
""",
    "momentum": """
def update(w, g, m, lr):
    m = exp(log(2)) * m * 0.45 + g
    u = maximum(m, m) * square(lr) / lr
    return u, m
""",
    "sign_sgd": """
def update(w, g, lr):
    r = sqrt(g * g)
    n = -g
    return -(lr * (n / r))
""",
    "adam": """
def update(w, g, m, v, lr, step):
    m = lerp(g, m, 0.9)
    v = v + (square(g) - v) * 0.001
    c = 1 - exp(step * log(0.9))
    d = 1 - 0.999**step
    return lr * (m / c) / (sqrt(v) / sqrt(d) + 0.00000001), m, v
""",
    "adagrad": """
def update(w, g, s, t, lr):
    s = g * g + s
    t = square(g) + t
    return (lr * g) / (1e-10 + sqrt(t)), s, t
""",
}


def read(source: str) -> Genome:
    genome = parse(source, KIND)
    assert isinstance(genome, Genome), genome
    return genome


def body_of(genome: Genome) -> str:
    return render(genome, KIND).partition("\n    ")[2]


@pytest.mark.parametrize("name", ROUNDABOUT)
def test_it_comes_back_to_the_library_s_program(name: str) -> None:
    plain = library("optimizer")[name].genome
    assert plain is not None
    found = simplify(read(ROUNDABOUT[name]), KIND, np.random.default_rng(0))
    assert structural_key(found.genome, KIND) == structural_key(plain, KIND)
    assert found.removed == read(ROUNDABOUT[name]).size - plain.size


@pytest.mark.parametrize("name", ["adamw", "lion", "rprop", "schedule_free_sgd"])
def test_it_keeps_what_a_program_does(name: str) -> None:
    given = library("optimizer")[name].genome
    assert given is not None
    found = simplify(given, KIND, np.random.default_rng(0)).genome
    assert fingerprint(found, KIND) == fingerprint(given, KIND)
    assert found.size >= given.size - 1
    assert parse(render(found, KIND), KIND) == found


def test_two_averages_in_a_row_are_one() -> None:
    source = "def update(w, g, m, lr):\n    c = lerp(m, g, 0.2)\n    m = lerp(g, c, 0.9)\n"
    found = simplify(read(source + "    return lr * m, m\n"), KIND, np.random.default_rng(0))
    assert body_of(found.genome) == "m = lerp(m, g, 0.28)\n    return lr * m, m\n"


def test_an_input_that_is_not_read_goes() -> None:
    source = "def update(w, g, lr, step, total):\n    return lr * g * step / step\n"
    found = simplify(read(source), KIND, np.random.default_rng(0)).genome
    assert found.main.params == ("w", "g", "lr")


def test_every_step_says_what_was_done_and_what_is_left() -> None:
    found = simplify(read(ROUNDABOUT["lion"]), KIND, np.random.default_rng(0))
    assert [s.what for s in found.steps if "abs" in s.what] == ["x / abs(x) → sign(x)"]
    sizes = [s.size for s in found.steps]
    assert sizes[-1] == found.genome.size == min(sizes)


def test_a_kind_without_fresh_probes_goes_by_the_fingerprint_alone() -> None:
    bare = Kind(KIND.name, KIND.entry, KIND.ops, KIND.number, KIND.probe, helpers=KIND.helpers)
    source = "def update(w, g, lr):\n    return lr * g * g / sqrt(square(g))\n"
    found = simplify(read(source), bare, np.random.default_rng(0)).genome
    assert body_of(found) == "return lr * abs(g)\n"


@pytest.mark.parametrize("name", ["momentum", "nesterov", "signum", "lion", "rmsprop"])
def test_random_detours_are_found_out(name: str) -> None:
    plain = library("optimizer")[name].genome
    assert plain is not None
    for seed in range(2):
        longer = obfuscated(plain, KIND, np.random.default_rng(seed), detours=5)
        assert longer.size > plain.size
        found = simplify(longer, KIND, np.random.default_rng(0)).genome
        assert structural_key(found, KIND) == structural_key(plain, KIND)


PADDED = {
    "nesterov": """
def update(w, g, m, lr, step):
    m = 0.9 * m + g
    u = lr * (g + 0.9 * m)
    u = 100 * tanh(0.01 * u)
    return u + 0.0001 * lr * w / step, m
""",
    "signum": """
def update(w, g, m, lr):
    g = arcsinh(0.1 * g) * 10
    m = lerp(m, g, 0.1)
    u = m / (abs(m) + 1e-9)
    return lr * u + 1e-7 * w, m
""",
}


@pytest.mark.parametrize("name", PADDED)
def test_what_hardly_matters_goes_within_the_tolerance(name: str) -> None:
    """Taking `tanh` or `arcsinh` away is an ablation; that `10 * 0.1` is then 1, equivalence."""
    plain, given = library("optimizer")[name].genome, read(PADDED[name])
    assert plain is not None
    score = agreement(given, KIND, np.random.default_rng(0))
    found = simplify(given, KIND, np.random.default_rng(0), score=score, tolerance=0.03).genome
    assert structural_key(found, KIND) == structural_key(plain, KIND)


@pytest.mark.parametrize("name", ["nesterov", "lion"])
def test_nothing_that_matters_is_within_a_small_tolerance(name: str) -> None:
    given = library("optimizer")[name].genome
    assert given is not None
    score = agreement(given, KIND, np.random.default_rng(0))
    assert score(given) == 1.0
    found = simplify(given, KIND, np.random.default_rng(0), score=score, tolerance=0.001)
    assert given.size - 2 <= found.genome.size <= given.size


def test_a_score_that_fails_on_a_cut_keeps_it_out() -> None:
    given = library("optimizer")["lion"].genome
    assert given is not None

    def score(genome: Genome) -> float:
        return 1.0 if genome.size >= given.size else float("nan")

    found = simplify(given, KIND, np.random.default_rng(0), score=score, tolerance=100.0)
    assert found.genome.main == given.main
