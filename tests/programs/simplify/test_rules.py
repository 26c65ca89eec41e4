"""Every rule can be read, applies to its own left side, and holds, save for a few."""

from __future__ import annotations

import re

import numpy as np
import pytest

from programs.canonical import structural_key
from programs.check import check
from programs.equivalence import Equivalence
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.kind import Kind, vocabulary
from programs.kinds.optimizer import ARITHMETIC
from programs.load import kind_named
from programs.neat import neat
from programs.parse import parse
from programs.render import render
from programs.rewrites import rewritten
from programs.rules import RULES
from programs.simplify import simplify

KIND = kind_named("optimizer")
NETWORKS = kind_named("architecture")

NOT_ALWAYS = {
    "x / x → 1": "0 / 0 is 0",
    "x * 0 → 0": "a number is no tensor, so the update itself cannot become one",
    "x - x → 0": "as above",
    "x ** 0.5 → sqrt(x)": "sqrt acts on |x|",
    "exp(y * log(x)) → x ** y": "log acts on |x|",
    "exp(x * s) → exp(s) ** x": "where exp clips its argument",
    "exp(x) * exp(y) → exp(x + y)": "where exp clips its argument",
    "log(exp(x)) → x": "log acts on |x|, and exp clips its argument",
    "abs(x) * sign(y) → x": "only where x and y agree in sign",
    "x ** -1 → 1 / x": "0 ** -1 is infinite",
    "minimum(maximum(x, -y), y) → clip(x, y)": "clip takes |y|",
}

NUMBERS = (
    {"s": "0.3", "t": "0.7", "p": "-0.7", "q": "0.7"},
    {"s": "0.45", "t": "0.55", "p": "-0.6", "q": "0.6"},
)
"""Two choices, since one value of thousands may lie where rounding goes either way."""


def kind_of(rule: str) -> Kind:
    """Return optimisers, or networks where only they have the functions of a rule."""
    return KIND if set(re.findall(r"\w+(?=\()", rule)) <= KIND.names.keys() else NETWORKS


def read(source: str, kind: Kind = KIND) -> Genome:
    genome = parse(source, kind)
    assert isinstance(genome, Genome), genome
    return genome


def instance(rule: str, numbers: dict[str, str]) -> Genome:
    """Return a program that computes the rule's left side, from gradients alone.

    With weights in it the training would be chaotic, and no rounding error would stay small.
    """
    left = rule.partition(" → ")[0]
    for letter, number in numbers.items():
        left = re.sub(rf"\b{letter}\b", number, left)
    if kind_of(rule) is NETWORKS:
        source = f"def network(x):\n    x = linear(x)\n    value = {left}\n    return tanh(value)\n"
        return read(source, NETWORKS)
    return read(
        "def update(w, g, lr):\n"
        "    x = sin(g)\n    y = g * cos(g)\n    z = 2 + cos(g)\n"
        "    a = tanh(g)\n    b = 3 * sin(2 * g)\n    c = g > 1\n"
        f"    value = {left}\n"
        "    return lr * g + value\n"
    )


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_applies_to_its_own_left_side(rule: str) -> None:
    held, kind = [], kind_of(rule)
    for numbers in NUMBERS:
        given = instance(rule, numbers)
        children = [given.with_main(f) for text, f in rewritten(given.main, kind) if text == rule]
        assert children
        assert not any(isinstance(check(c, kind), Fault) for c in children)
        same = Equivalence(given, kind, np.random.default_rng(0))
        held.append(any(same(c) for c in children))
    assert any(held) or rule in NOT_ALWAYS


def test_rules_are_not_repeated() -> None:
    assert len(set(RULES)) == len(RULES)
    assert set(NOT_ALWAYS) <= set(RULES)


def test_a_rule_about_a_function_that_a_kind_lacks_is_left_out() -> None:
    small = Kind(KIND.name, KIND.entry, vocabulary(ARITHMETIC), KIND.number, KIND.probe)
    given = parse("def update(w, g, lr):\n    return g * g + g * 1\n", small)
    assert isinstance(given, Genome)
    texts = {text for text, _ in rewritten(given.main, small)}
    assert "x * 1 → x" in texts
    assert not any("square" in t for t in texts)


LONGER = [
    ("architecture", "h = linear(x); square(relu(h))", "squared_relu(linear(x))"),
    ("architecture", "h = linear(x); square(maximum(0, h))", "squared_relu(linear(x))"),
    ("architecture", "h = linear(x); h * relu(h)", "squared_relu(linear(x))"),
    ("architecture", "h = relu(linear(x)); h * h", "squared_relu(linear(x))"),
    ("architecture", "h = linear(x); h * sigmoid(h)", "silu(linear(x))"),
    ("architecture", "h = linear(x); sigmoid(second_half(h)) * first_half(h)", "glu(linear(x))"),
    ("optimizer", "where(g > 0, 1, where(g < 0, -1, 0)) * lr", "sign(g) * lr"),
    ("optimizer", "where(g < 0, -1, where(g > 0, 1, 0)) * lr", "sign(g) * lr"),
    ("optimizer", "where(0 < g, 1, where(0 > g, -1, 0)) * lr", "sign(g) * lr"),
]
"""Functions of the vocabulary written as what they are made of."""


@pytest.mark.parametrize(("name", "given", "wanted"), LONGER)
def test_what_has_a_name_is_found(name: str, given: str, wanted: str) -> None:
    kind = kind_named(name)
    header = "def network(x):" if kind is NETWORKS else "def update(w, g, lr):"
    long, plain = (read(_written(header, text), kind) for text in (given, wanted))
    found = simplify(long, kind, np.random.default_rng(0)).genome
    assert found.size == plain.size < long.size
    assert structural_key(found, kind) == structural_key(plain, kind)
    assert fingerprint(found, kind) == fingerprint(long, kind)


def _written(header: str, text: str) -> str:
    *lines, result = text.split("; ")
    return "\n    ".join([header, *lines, f"return {result}\n"])


def test_folding_leaves_no_dirt() -> None:
    given = read("def update(w, g, m, lr):\n    m = lerp(g, m, 0.9)\n    return lr * m, m\n")
    texts = [render(given.with_main(f), KIND) for _, f in rewritten(given.main, KIND)]
    assert any("lerp(m, g, 0.1)" in t for t in texts)


def test_neat_drops_what_can_be_seen_to_be_superfluous() -> None:
    given = read(
        "def update(w, g, m, lr, step):\n"
        "    a = lr * g\n    b = lr * g\n    c = 2 * 3 - 5\n    d = exp(m)\n"
        "    return (a + b) * c, d\n"
    )
    wanted = "def update(w, g, lr):\n    c = 1\n    a = lr * g\n    return (a + a) * c\n"
    assert render(neat(given, KIND), KIND) == wanted
