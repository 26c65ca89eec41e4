"""A wider or deeper network with inherited weights computes what the old one does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from programs.errors import Fault
from programs.genome import Genome
from programs.kinds.architecture import KIND, at
from programs.kinds.networks.build import Network, build
from programs.load import library
from programs.net2net import Plan, inherited, plan
from programs.operator import OPERATORS
from programs.parse import parse
from programs.render import render
from programs.spec import Spec

SPECS = (
    Spec("sequence", (16, 16), 1, causal=True),
    Spec("sequence", (9, 16), 1),
    Spec("image", (8, 8, 8), 1),
    Spec("vector", (16,), 1),
)


def read(source: str) -> Genome:
    genome = parse(source, KIND)
    assert isinstance(genome, Genome), genome
    return genome


def trained(genome: Genome, spec: Spec, dtype: torch.dtype = torch.float64) -> Network | None:
    """Build a network with weights far from where they start."""
    torch.manual_seed(0)
    network = build(genome, spec)
    if isinstance(network, Fault):
        return None
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.1 * torch.randn_like(weight)
    return network.to(dtype)


def grown(network: Network, old: Genome, new: Genome, spec: Spec) -> Network:
    state = inherited(network, old, new)
    assert not isinstance(state, Fault), (render(new, KIND), state)
    made = build(new, spec)
    assert isinstance(made, Network)
    made = made.to(next(iter(state.values())).dtype)
    made.load_state_dict(state)
    return made


def demand_same(old: Genome, new: Genome, spec: Spec, network: Network) -> None:
    made = grown(network, old, new, spec)
    x = torch.randn(3, *spec.shape, dtype=torch.float64)
    for training in (False, True):
        one, other = (n.train(training)(x) for n in (network, made))
        torch.testing.assert_close(other, one, atol=1e-6, rtol=1e-6, msg=render(new, KIND))


@pytest.mark.parametrize("operator", ["widen", "deepen"])
@pytest.mark.parametrize("name", sorted(library("architecture")))
def test_children_begin_as_their_parent(name: str, operator: str) -> None:
    """On the first two inputs that the parent takes, in evaluation and in training."""
    old = library("architecture")[name].genome
    assert old is not None
    rng = np.random.default_rng(1)
    fitting = [(s, n) for s in SPECS if (n := trained(old, s)) is not None][:2]
    for spec, network in fitting:
        new = OPERATORS.find(operator)([old], at(spec), rng)
        if isinstance(new, Genome):
            demand_same(old, new, spec, network)
            sizes = [
                sum(p.numel() for p in build_or_fail(g, spec).parameters()) for g in (old, new)
            ]
            assert sizes[0] < sizes[1]


def build_or_fail(genome: Genome, spec: Spec) -> Network:
    network = build(genome, spec)
    assert isinstance(network, Network)
    return network


PAIRS = {
    "mlp": (
        "vector",
        "def network(x):\n    return linear(relu(linear(x, 24)), 5)\n",
        "def network(x):\n    return linear(relu(linear(x, 72)), 5)\n",
    ),
    "uneven": (
        "vector",
        "def network(x):\n    return linear(relu(linear(x, 24)), 5)\n",
        "def network(x):\n    return linear(relu(linear(x, 37)), 5)\n",
    ),
    "deeper mlp": (
        "vector",
        "def network(x):\n    return linear(relu(linear(x, 24)), 5)\n",
        "def network(x):\n    return linear(relu(linear(relu(linear(x, 24)))), 5)\n",
    ),
    "cnn": (
        "image",
        "def network(x):\n    x = max_pool(relu(batch_norm(conv(x, 8))))\n"
        "    return linear(flatten(relu(conv(x, 8))), 7)\n",
        "def network(x):\n    x = max_pool(relu(batch_norm(conv(x, 16))))\n"
        "    return linear(flatten(relu(conv(relu(conv(x, 24))))), 7)\n",
    ),
    "gated": (
        "sequence",
        "def network(x):\n    h = glu(layer_norm(linear(x, 32)))\n    return x + linear(h, 16)\n",
        "def network(x):\n    h = glu(layer_norm(linear(x, 64)))\n    return x + linear(h, 16)\n",
    ),
    "joined": (
        "sequence",
        "def network(x):\n    return x + linear(concat(x, silu(kan(x, 8))), 16)\n",
        "def network(x):\n    return x + linear(concat(x, silu(kan(x, 24))), 16)\n",
    ),
    "cells": (
        "sequence",
        "def network(x):\n    return linear(lstm(gru(linear(x, 8))), 16)\n",
        "def network(x):\n    return linear(lstm(gru(linear(x, 16))), 16)\n",
    ),
    "inside": (
        "sequence",
        "def network(x):\n    return moe(low_rank_linear(x, 4), times=2)\n",
        "def network(x):\n    return moe(low_rank_linear(x, 8), times=4)\n",
    ),
    "idle layers": (
        "sequence",
        "def network(x):\n    return attention(x)\n",
        "def network(x):\n    x = bias(scale(token_linear(depthwise_conv(x))))\n"
        "    return attention(learned_positions(x)) + rms_norm(gru(x))\n",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_any_pair_that_can_be_aligned(name: str) -> None:
    sort, *sources = PAIRS[name]
    old, new = map(read, sources)
    for spec in SPECS:
        if spec.input == sort:
            network = trained(old, spec)
            assert network is not None
            demand_same(old, new, spec, network)


def test_in_single_precision() -> None:
    spec = Spec("sequence", (9, 16), 1)
    old = library("architecture")["transformer"].genome
    assert old is not None
    new = read(render(old, KIND).replace("times=4", "times=8").replace("0.25", "0.125"))
    network = trained(old, spec, torch.float32)
    assert network is not None
    x = torch.randn(3, *spec.shape)
    torch.testing.assert_close(grown(network, old, new, spec)(x), network(x), atol=1e-5, rtol=1e-5)


def test_a_wider_network_learns_something_new_in_every_copy() -> None:
    """Copies get equal gradients; fresh layers beside them do not stand still."""
    spec = Spec("vector", (16,), 1)
    old = read("def network(x):\n    return x + linear(relu(linear(x)))\n")
    new = read(
        "def f(x):\n    return x + linear(relu(linear(x)))\n\ndef network(x):\n    return f(f(x))\n"
    )
    network = trained(old, spec)
    assert network is not None
    made = grown(network, old, new, spec)
    made(torch.randn(4, 16, dtype=torch.float64)).square().sum().backward()
    moving = sum(bool(p.grad is not None and p.grad.any()) for p in made.parameters())
    assert moving >= 6


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("relu(x)", "tanh(x)", "no part"),
        ("linear(x, 8)", "linear(x, 16)", "result"),
        ("softmax(linear(x, 8)) * 1", "softmax(linear(x, 16)) * 1", "softmax"),
        ("linear(x) + x", "linear(x, bias=0) + x", "linear"),
        ("relu(linear(x, 16))", "relu(linear(x, 8))", "shrink from 16×16 to 8×16"),
        ("gelu(linear(x, times=8))", "gelu(linear(x, times=4))", "shrink from 128×16 to 64×16"),
        ("low_rank_linear(x, 8, 8)", "low_rank_linear(x, 4, 8)", "shrink from 8×16 to 4×16"),
        ("moe(x, times=2)", "moe(x, times=1)", "shrink from 4×16×32 to 4×16×16"),
    ],
)
def test_what_cannot_be_inherited_is_said(old: str, new: str, words: str) -> None:
    genomes = [read(f"def network(x):\n    return linear({text}, 8)\n") for text in (old, new)]
    if words == "result":
        genomes = [read(f"def network(x):\n    return {text}\n") for text in (old, new)]
    found = plan(genomes[0], genomes[1], at(SPECS[1]))
    assert isinstance(found, Fault)
    assert words in found.message


NARROW_AFTER_WIDE = """
def block(x):
    return x + linear(gelu(linear(rms_norm(x), times=4)), times=0.25)

def network(x):
    x = x + linear(gelu(linear(rms_norm(x), times=8)), times=0.125)
    return rms_norm({})
"""


def test_a_wide_layer_never_goes_on_as_a_narrower_one() -> None:
    """The copy of the block may not take the place of the wider branch before it."""
    spec = SPECS[3]
    old, new = (read(NARROW_AFTER_WIDE.format(c)) for c in ("block(x)", "repeat(block, 2, x)"))
    network = trained(old, spec)
    assert network is not None
    demand_same(old, new, spec, network)
    for seed in range(4):
        child = OPERATORS.find("deepen")([old], at(spec), np.random.default_rng(seed))
        assert isinstance(child, Genome)
        demand_same(old, child, spec, network)


def test_shared_weights_cannot_be_an_identity_here_and_zero_there() -> None:
    old = read("def network(x):\n    return tanh(x)\n")
    new = read(
        "def f(a, b):\n    return linear(b) + tanh(a)\n\n"
        "def network(x):\n    return recur(f, 2, scale(x), x)\n"
    )
    found = plan(old, new, at(SPECS[3]))
    assert isinstance(found, Fault)
    assert "share" in found.message


def test_one_copy_more_of_shared_weights_cannot_be_idle() -> None:
    source = "def f(x):\n    return x + linear(x)\n\ndef network(x):\n    return recur(f, {}, x)\n"
    old, new = (read(source.format(n)) for n in (2, 3))
    assert isinstance(plan(old, new, at(SPECS[1])), Fault)
    old, new = (read(source.replace("recur", "repeat").format(n)) for n in (2, 3))
    assert isinstance(plan(old, new, at(SPECS[1])), Plan)


@pytest.mark.timeout(20)
def test_deep_residual_networks_are_aligned_at_once() -> None:
    block = "def f(x):\n    return x + linear(relu(x))\n"
    source = block + "\ndef network(x):\n    return repeat(f, {}, x)\n"
    old, new = (read(source.format(n)) for n in (63, 64))
    assert isinstance(plan(old, new, at(SPECS[3])), Plan)
    other = read(source.replace("relu(x)", "relu(tanh(x))").format(40))
    assert isinstance(plan(old, other, at(SPECS[3])), Fault)
