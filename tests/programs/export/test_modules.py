"""Helpers of a network as modules: their sizes, their names, and no part that nothing reads."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from programs.kinds.networks.build import Network
from programs.spec import Spec
from tests.programs.export.networks import SPECS, assert_same, exported, program, twins

SHAPED = {
    "sizes that differ between copies": """
def grow(x):
    return concat(x, linear(relu(x), 4))

def widen(x):
    return linear(grow(grow(x)), times=2)

def network(x):
    return concat(widen(repeat(grow, 3, x)), linear(widen(x), 3))
""",
    "helpers with more than one input": """
def mixed(x, y):
    return linear(x) * sigmoid(linear(y)) + 0.5

def network(x):
    h = tanh(linear(x))
    h = repeat(mixed, 2, h, x)
    return recur(mixed, 3, mixed(h, x), relu(h)) - x
""",
    "motifs in motifs, each applied to two widths": """
def mlp(x):
    x = rms_norm(x)
    return x + linear(gelu(linear(x, times=4)), times=0.25)

def g(x):
    y = mlp(x)
    return mlp(concat(y, linear(x, 8)))

def network(x):
    return g(g(x))
""",
    "a motif whose copies grow, twice": """
def grow(x):
    return concat(linear(x, 3), relu(x))

def motif(x):
    y = layer_norm(repeat(grow, 2, x))
    return linear(tanh(linear(y, times=2)), times=1.5)

def network(x):
    return motif(repeat(motif, 2, linear(x, 6)))
""",
    "three levels": """
def a(x):
    return linear(concat(x, scale(x)), times=1.5)

def b(x):
    return a(concat(a(linear(x, 4)), a(x)))

def c(x):
    return linear(b(concat(b(x), linear(x, 2))), 8)

def network(x):
    return c(linear(c(x), 12)) + c(x)
""",
    "helpers with the names of modules": """
def f(x):
    return x + linear(gelu(linear(x, times=2)), times=0.5)

def F(x):
    return f(rms_norm(x))

def nn(x):
    return F(silu(linear(x)))

def torch(x):
    return nn(x) * softmax(x)

def math(x):
    return torch(x) + f(x)

def self(x):
    return math(bias(x))

def forward(x):
    return tanh(scale(repeat(self, 2, x)))

def Network(x):
    return 0.1 * forward(x) - x

def normal(x):
    return Network(linear(x))

def network(x):
    return normal(Network(x))
""",
    "values with the names of modules": """
def f(F, nn, torch):
    self = F + linear(gelu(linear(nn, times=2)), times=0.5)
    return self * sigmoid(torch)

def network(x):
    math = tanh(linear(x))
    Network = repeat(f, 2, math, x, x)
    forward = recur(f, 2, Network, math, x)
    return forward - math
""",
    "values read twice, names the file needs": """
def apply(shared):
    features = square(linear(shared)) * softmax(linear(shared))
    return maximum(features, 0.1) + minimum(bias(shared), scale(shared))

def network(x):
    torch = square(apply(x) + x)
    return glu(linear(torch, times=2)) + 2 * (1 - first_half(concat(x, torch)))
""",
}


@pytest.mark.parametrize("name", SHAPED)
@pytest.mark.parametrize("spec", SPECS[1:])
def test_what_is_hard_to_write_agrees(name: str, spec: Spec) -> None:
    built, ours = twins(program(SHAPED[name]), spec)
    assert_same(built, ours, torch.randn(3, *spec.shape))
    assert_trains_what_its_header_says(built, ours, spec)


IDLE = {
    "an argument": """
def motif(x, y):
    return layer_norm(square(x))

def network(x):
    v = attention(x)
    return linear(motif(x, v))
""",
    "the argument of an argument": """
def inner(x, y):
    return linear(y)

def outer(x, y, z):
    return inner(attention(z), x) + y

def network(x):
    return outer(linear(x), linear(x), linear(attention(x)))
""",
    "what copies hand on": """
def later(x, y):
    return tanh(linear(y))

def network(x):
    return recur(later, 2, linear(x), repeat(later, 3, linear(x), x))
""",
    "what copies are all given": """
def first(x, y):
    return tanh(linear(x))

def network(x):
    return recur(first, 2, repeat(first, 3, x, linear(x)), scale(x))
""",
    "a helper that makes nothing of it": """
def two(x):
    return 2

def network(x):
    return linear(x) * two(linear(x))
""",
}


@pytest.mark.parametrize("name", IDLE)
def test_what_no_output_reads_is_not_made(name: str) -> None:
    spec = SPECS[1]
    built, ours = twins(program(IDLE[name]), spec)
    assert_same(built, ours, torch.randn(3, *spec.shape))
    assert_trains_what_its_header_says(built, ours, spec)


def assert_trains_what_its_header_says(built: Network, ours: nn.Module, spec: Spec) -> None:
    """Compare the numbers that are trained; each has a gradient."""
    said = built.recipe.parameters
    header = sys.modules[type(ours).__module__].__doc__ or ""
    assert f" {said:,} parameters;" in " ".join(header.split())
    for network in (built, ours):
        assert sum(p.numel() for p in network.parameters()) == said
        network.zero_grad()
        network(torch.randn(3, *spec.shape)).square().sum().backward()
        assert [n for n, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("helper", [n for n in dir(nn.Module) if n[0] != "_"])
def test_a_helper_may_have_the_name_of_a_method(helper: str) -> None:
    source = f"def {helper}(x):\n    return bias(x)\n\ndef network(x):\n    return {helper}(x)\n"
    network = exported(program(source), SPECS[3]).Network()
    assert helper not in network._modules
    torch.testing.assert_close(network(torch.ones(2, 8)), torch.ones(2, 8))
