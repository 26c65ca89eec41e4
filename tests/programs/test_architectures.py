"""The library's architectures build, cost what is inferred, train, and are told apart."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from programs.canonical import structural_key
from programs.fingerprint import behaviour, fingerprint
from programs.genome import Genome
from programs.kinds.architecture import KIND, at
from programs.kinds.networks.build import Network, build
from programs.kinds.networks.plan import Recipe, recipe
from programs.load import library
from programs.parse import parse
from programs.spec import Spec

SPECS = (
    Spec("sequence", (8, 8), 3),
    Spec("image", (8, 8, 8), 3),
    Spec("vector", (8,), 3),
)
NAMES = sorted(library("architecture"))


def genome_of(name: str) -> Genome:
    genome = library("architecture")[name].genome
    assert genome is not None
    return genome


def read(source: str) -> Genome:
    genome = parse(source, KIND)
    assert isinstance(genome, Genome), genome
    return genome


def first_fit(name: str) -> tuple[Spec, Network]:
    """Build for the first input that fits; an image for those made for images."""
    specs = SPECS if name not in IMAGES else SPECS[1:]
    for spec in specs:
        torch.manual_seed(1)
        network = build(genome_of(name), spec)
        if isinstance(network, Network):
            return spec, network
    raise AssertionError(f"{name} fits no input")


IMAGES = {"convnext", "lenet", "mobilenet", "poolformer", "preact_resnet", "resnet", "unet", "vgg"}


def read_out(y: torch.Tensor) -> torch.Tensor:
    if y.dim() == 4:
        return y.mean((2, 3))
    return y.mean(1) if y.dim() == 3 else y


def test_there_are_at_least_25() -> None:
    assert len(NAMES) >= 25


@pytest.mark.parametrize("name", NAMES)
def test_it_trains(name: str) -> None:
    spec, network = first_fit(name)
    x = torch.randn(12, *spec.shape)
    labels = torch.arange(12) % spec.outputs
    width = read_out(network(x)).shape[1]
    head = nn.Linear(width, spec.outputs)
    optimizer = torch.optim.Adam([*network.parameters(), *head.parameters()], lr=5e-3)
    losses = []
    for _ in range(12):
        loss = nn.functional.cross_entropy(head(read_out(network(x))), labels)
        optimizer.zero_grad()
        loss.backward()
        grads = [p.grad for p in network.parameters()]
        assert all(g is not None and torch.isfinite(g).all() for g in grads)
        optimizer.step()
        losses.append(loss.item())
    assert min(losses[-3:]) < 0.95 * losses[0], losses


@pytest.mark.parametrize("name", NAMES)
def test_it_costs_what_is_inferred(name: str) -> None:
    spec, network = first_fit(name)
    inferred = recipe(genome_of(name), at(spec))
    assert isinstance(inferred, Recipe)
    counter = FlopCounterMode(display=False)
    with counter:
        network.eval()(torch.randn(1, *spec.shape))
    assert sum(p.numel() for p in network.parameters()) == inferred.parameters
    assert counter.get_total_flops() == inferred.flops


def test_all_are_told_apart() -> None:
    found = {name: behaviour(genome_of(name), KIND) for name in NAMES}
    assert all(b.fault is None for b in found.values())
    assert len({b.fingerprint for b in found.values()}) == len(NAMES)
    assert len({p.key for p in library("architecture").values()}) == len(NAMES)


SAME = [
    (
        "def network(x):\n    a = relu(linear(x))\n    b = tanh(linear(x))\n    return a + b\n",
        "def network(x):\n    b = tanh(linear(x))\n    a = relu(linear(x))\n    return b + a\n",
    ),
    (
        "def f(x):\n    return relu(linear(x))\n\ndef network(x):\n    return repeat(f, 2, x)\n",
        "def network(x):\n    return relu(linear(relu(linear(x))))\n",
    ),
    (
        "def f(x):\n    return relu(linear(x))\n\ndef network(x):\n    return recur(f, 1, x)\n",
        "def network(x):\n    return relu(linear(x))\n",
    ),
    (
        "def network(x):\n    h = linear(x)\n    return relu(h) * sigmoid(h)\n",
        "def network(x):\n    h = linear(x)\n    dead = gru(x)\n    return sigmoid(h) * relu(h)\n",
    ),
]

OTHER = [
    ("linear(x) + linear(x)", "2 * linear(x)"),
    ("relu(x) + tanh(x)", "relu(x) - tanh(x)"),
    ("attention(x)", "attention(x, heads=2)"),
    ("attention(x)", "attention(x, rotary=1)"),
    ("attention(x)", "attention(x, kv_heads=1)"),
    ("conv(x, dilation=2)", "conv(x)"),
    ("linear(x)", "linear(x, bias=0)"),
    ("gru(x)", "lstm(x)"),
    ("layer_norm(x)", "rms_norm(x)"),
    ("linear(x, times=2)", "concat(linear(x), linear(x))"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_network_written_otherwise_is_the_same(one: str, other: str) -> None:
    a, b = read(one), read(other)
    assert structural_key(a, KIND) == structural_key(b, KIND)
    assert fingerprint(a, KIND) == fingerprint(b, KIND)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_near_misses_are_told_apart(one: str, other: str) -> None:
    a, b = (read(f"def network(x):\n    return {text}\n") for text in (one, other))
    assert structural_key(a, KIND) != structural_key(b, KIND)
    assert fingerprint(a, KIND) != fingerprint(b, KIND)


def test_shared_and_separate_weights_are_different_networks() -> None:
    source = "def f(x):\n    return relu(linear(x))\n\ndef network(x):\n    return {}(f, 3, x)\n"
    separate, shared = (read(source.format(how)) for how in ("repeat", "recur"))
    assert structural_key(separate, KIND) != structural_key(shared, KIND)
    assert fingerprint(separate, KIND) != fingerprint(shared, KIND)
    spec = Spec("vector", (8,), 3)
    counts = [sum(p.numel() for p in first.parameters()) for first in built(spec, separate, shared)]
    assert counts == [3 * 72, 72]


@pytest.mark.parametrize(
    ("plain", "spelled"),
    [
        ("attention(x, heads=8)", "attention(x, heads=8, kv_heads=8)"),
        ("relu_attention(x)", "relu_attention(x, kv_heads=4)"),
        ("sigmoid_attention(x)", "sigmoid_attention(x, kv_heads=4)"),
        ("linear_attention(x)", "linear_attention(x, heads=4, kv_heads=4)"),
        ("conv(x, kernel=1)", "conv(x, kernel=1, dilation=2)"),
        ("depthwise_conv(x, kernel=1)", "depthwise_conv(x, kernel=1, dilation=4)"),
    ],
)
def test_an_attribute_that_says_what_its_default_says_is_it(plain: str, spelled: str) -> None:
    one, other = (read(f"def network(x):\n    return x + {it}") for it in (plain, spelled))
    assert structural_key(one, KIND) == structural_key(other, KIND)
    assert fingerprint(one, KIND) == fingerprint(other, KIND)
    task = at(SPECS[0])
    first, second = recipe(one, task), recipe(other, task)
    assert isinstance(first, Recipe)
    assert isinstance(second, Recipe)
    assert first.weights.keys() == second.weights.keys()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("attention(x, heads=8)", "attention(x, heads=8, kv_heads=4)"),
        ("conv(x, kernel=3)", "conv(x, kernel=3, dilation=2)"),
    ],
)
def test_an_attribute_that_says_more_is_kept(one: str, other: str) -> None:
    keys = {
        structural_key(read(f"def network(x):\n    return x + {it}"), KIND) for it in (one, other)
    }
    assert len(keys) == 2


def test_parameters_are_named_by_what_they_do_not_by_their_order() -> None:
    (one, other) = (read(source) for source in SAME[0])
    spec = Spec("vector", (8,), 3)
    first, second = built(spec, one, other)
    assert set(first.state_dict()) == set(second.state_dict())
    second.load_state_dict(first.state_dict())
    x = torch.randn(4, 8)
    torch.testing.assert_close(first(x), second(x))


def test_equal_programs_begin_equal_under_equal_seeds() -> None:
    networks = []
    for source in SAME[0]:
        torch.manual_seed(3)
        networks += built(Spec("vector", (8,), 3), read(source))
    x = torch.randn(4, 8)
    torch.testing.assert_close(networks[0](x), networks[1](x))


def test_a_network_too_large_to_probe_is_refused_with_a_sentence() -> None:
    source = (
        "def f(x):\n    return linear(x, 4096)\n\ndef network(x):\n    return repeat(f, 60, x)\n"
    )
    found = behaviour(read(source), KIND)
    assert found.fault is not None
    assert found.fault.startswith("too large")


def test_on_a_large_task_the_probe_is_the_usual_one() -> None:
    genome = genome_of("transformer")
    usual = fingerprint(genome, KIND)
    assert fingerprint(genome, at(Spec("sequence", (2048, 1024), 10))) == usual
    assert fingerprint(genome, at(Spec("sequence", (24, 32), 10))) != usual


def built(spec: Spec, *genomes: Genome) -> list[Network]:
    networks = [build(genome, spec) for genome in genomes]
    assert all(isinstance(n, Network) for n in networks)
    return [n for n in networks if isinstance(n, Network)]
