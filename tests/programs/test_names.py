"""The names that people give to constants: kept where they are given, and nothing but names."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest

from programs.canonical import structural_key
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.genome import Argument, Function, Genome, Named, named_constants
from programs.kind import Kind
from programs.load import builtin_kinds, kind_named, make_program, read_program
from programs.operators import modify, nudge_constant
from programs.operators.widen import OPERATOR as WIDEN
from programs.parse import parse
from programs.render import render
from programs.simplify import simplify
from programs.tidy import tidy
from tests.programs.walks import FULL, walk

OPTIMIZER = kind_named("optimizer")
ARCHITECTURE = kind_named("architecture")

ADAM = """\
def update(w, g, m, v, lr, step):
    beta1 = 0.9
    beta2 = 0.999
    eps = 1e-8
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * square(g)
    m_hat = m / (1 - beta1**step)
    v_hat = v / (1 - beta2**step)
    return lr * m_hat / (sqrt(v_hat) + eps), m, v
"""
STACK = """\
def block(x):
    heads = 4
    return x + attention(x, heads=heads)


def network(x):
    depth = 3
    hidden = 128
    x = repeat(block, depth, x)
    h = relu(linear(x, hidden))
    return linear(h, 16)
"""


def read(source: str, kind: Kind) -> Genome:
    genome = parse(source, kind)
    assert isinstance(genome, Genome), genome
    return genome


def shown(source: str, kind: Kind = OPTIMIZER) -> str:
    return render(read(source, kind), kind)


@pytest.mark.parametrize(("source", "kind"), [(ADAM, OPTIMIZER), (STACK, ARCHITECTURE)])
def test_named_constants_come_out_with_their_names(source: str, kind: Kind) -> None:
    assert shown(source, kind) == source
    program = make_program(read(source, kind), kind)
    assert not isinstance(program, Fault)
    assert program.source == source


def test_a_name_is_no_part_of_what_a_program_is() -> None:
    bare = ADAM
    for name, value in {"beta1": "0.9", "beta2": "0.999", "eps": "1e-8"}.items():
        bare = bare.replace(f"    {name} = {value}\n", "").replace(name, value)
    named, plain = read(ADAM, OPTIMIZER), read(bare, OPTIMIZER)
    assert named == plain
    assert hash(named) == hash(plain)
    assert structural_key(named, OPTIMIZER) == structural_key(plain, OPTIMIZER)
    assert fingerprint(named, OPTIMIZER) == fingerprint(plain, OPTIMIZER)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        # A default that is given by name is written; the name of a copy is that of the original.
        (
            "def update(w, g, lr):\n    t = 0.5\n    same = t\n    return lr * lerp(w, g, same)\n",
            "def update(w, g, lr):\n    t = 0.5\n    return lr * lerp(w, g, t)\n",
        ),
        # A name that something else bears goes to that; two numbers of one name are told apart.
        (
            "def update(w, g):\n    x = 0.9\n    y = x * w\n    x = y * 2\n    return x + y\n",
            "def update(w, g):\n    x1 = 0.9\n    y = x1 * w\n    x = y * 2\n    return x + y\n",
        ),
        (
            "def update(w, g):\n    c = 0.5\n    d = c * w\n    c = 0.7\n    return d + g * c\n",
            "def update(w, g):\n    c = 0.5\n    c1 = 0.7\n    d = c * w\n    return d + g * c1\n",
        ),
        (
            "def update(w, g):\n    c = 0.5\n    return w * -c + g * c\n",
            "def update(w, g):\n    c = 0.5\n    return w * -c + g * c\n",
        ),
        # What is not read is not kept.
        (
            "def update(w, g):\n    c = 0.5\n    return w + g\n",
            "def update(w, g):\n    return w + g\n",
        ),
    ],
)
def test_where_names_meet(source: str, wanted: str) -> None:
    assert shown(source) == wanted
    assert shown(wanted) == wanted


def test_a_default_that_has_a_name_is_written() -> None:
    source = "def network(x):\n    heads = 4\n    return attention(x, heads=heads)\n"
    assert shown(source, ARCHITECTURE) == source


@pytest.mark.parametrize("count", ["half", "x", "0", "big", "unknown"])
def test_copies_are_a_whole_number_or_the_name_of_one(count: str) -> None:
    source = (
        "def f(x):\n    return relu(x)\n\n\ndef network(x):\n    half = 0.5\n    big = 1000\n"
        f"    return repeat(f, {count}, linear(x * half))\n"
    )
    fault = parse(source, ARCHITECTURE)
    assert isinstance(fault, Fault)
    assert fault.line == 8


def test_a_nudged_constant_keeps_its_name_wherever_it_is_read() -> None:
    rng, genome = np.random.default_rng(0), read(ADAM, OPTIMIZER)
    for _ in range(20):
        child = nudge_constant.OPERATOR([genome], OPTIMIZER, rng)
        assert isinstance(child, Genome)
        constants = named_constants(child.main)
        assert set(constants) == {"beta1", "beta2", "eps"}
        changed = [n for n, old in named_constants(genome.main).items() if constants[n] != old]
        plain = [_unnamed(child.main), _unnamed(genome.main)]
        assert len(changed) == (plain[0] == plain[1])
        genome = child


def _unnamed(function: Function) -> list[float]:
    args = (a for s in function.body for a in s.args)
    return [a for a in args if isinstance(a, float) and not isinstance(a, Named)]


def test_a_modified_constant_keeps_its_name_or_one_like_it() -> None:
    rng = np.random.default_rng(0)
    genome = read("def update(w, g):\n    rate = 0.5\n    return rate * g\n", OPTIMIZER)
    children = [modify.OPERATOR([genome], OPTIMIZER, rng) for _ in range(40)]
    texts = [render(c, OPTIMIZER) for c in children if isinstance(c, Genome)]
    assert any("rate = " in t and "rate = 0.5" not in t for t in texts)


def test_a_wider_network_keeps_the_name_of_its_width() -> None:
    child = WIDEN([read(STACK, ARCHITECTURE)], ARCHITECTURE, np.random.default_rng(0))
    assert isinstance(child, Genome)
    assert "hidden = 256" in render(child, ARCHITECTURE)


def test_simplification_keeps_the_names_of_what_it_keeps() -> None:
    found = simplify(read(ADAM, OPTIMIZER), OPTIMIZER, np.random.default_rng(0)).genome
    names = named_constants(found.main)
    assert names == {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


def test_free_form_constants_bring_their_names() -> None:
    program = read_program(
        "import torch\n\nBETA = 0.9\n\n\ndef update(w, g, m, lr, eps=1e-8):\n"
        "    m = torch.lerp(g, m, BETA)\n    return lr * m / (m.abs() + eps), m\n",
        OPTIMIZER,
    )
    assert not isinstance(program, Fault)
    assert program.genome is not None
    assert render(program.genome, OPTIMIZER) == (
        "def update(w, g, m, lr):\n    BETA = 0.9\n    eps = 1e-8\n    m = lerp(g, m, BETA)\n"
        "    return lr * m / (abs(m) + eps), m\n"
    )


def test_names_survive_copying() -> None:
    genome = read(ADAM, OPTIMIZER)
    for same in (copy.deepcopy(genome), pickle.loads(pickle.dumps(genome))):
        assert render(same, OPTIMIZER) == ADAM


@pytest.mark.parametrize("name", builtin_kinds())
@pytest.mark.timeout(7200 if FULL else 300)
def test_names_survive_rendering_and_parsing_in_every_genome(name: str) -> None:
    kind, rng = kind_named(name), np.random.default_rng(2)
    seen = 0
    for plain in walk(kind, FULL or 100, seed=5):
        functions = tuple(_with_names(f, rng) for f in plain.functions)
        genome = tidy(replace(plain, functions=functions), kind)
        text = render(genome, kind)
        again = parse(text, kind)
        assert isinstance(again, Genome), text
        assert again == genome
        assert tidy(genome, kind) == genome
        assert render(again, kind) == text
        assert structural_key(genome, kind) == structural_key(plain, kind)
        seen += sum(len(named_constants(f)) for f in genome.functions)
    assert seen > 20


def _with_names(function: Function, rng: np.random.Generator) -> Function:
    """Name half of a function's constants, often with names that are taken."""
    taken = [n for n in function.bound() if "." not in n]
    names = [*taken, "beta", "beta1", "a", "v", "relu", "sign"]

    def named(arg: Argument) -> Argument:
        if isinstance(arg, str) or rng.random() < 0.5:
            return arg
        return Named(arg, names[int(rng.integers(len(names)))])

    body = tuple(s.reading(tuple(named(a) for a in s.args)) for s in function.body)
    return replace(function, body=body, returns=tuple(named(r) for r in function.returns))
