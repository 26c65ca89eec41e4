"""Every layer on every sort of input: what is inferred is what the built module does."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from programs.errors import Fault
from programs.genome import Genome
from programs.kind import Op
from programs.kinds.architecture import KIND, at
from programs.kinds.networks.build import Network, build
from programs.kinds.networks.plan import Recipe, recipe
from programs.parse import parse
from programs.spec import Spec

SPECS = {
    "sequence": Spec("sequence", (9, 8), 4),
    "causal": Spec("sequence", (9, 8), 4, causal=True),
    "image": Spec("image", (8, 8, 8), 4),
    "vector": Spec("vector", (8,), 4),
}
VARIANTS = {
    "linear": ("x, 5", "x, times=2, bias=0"),
    "low_rank_linear": ("x, 3, 5",),
    "attention": ("x, heads=2", "x, kv_heads=1, rotary=1", "x, heads=2, alibi=1"),
    "linear_attention": ("x, heads=2", "x, heads=2, kv_heads=1"),
    "conv": ("x, 6, kernel=4", "x, stride=2, groups=2", "x, dilation=3, times=2"),
    "depthwise_conv": ("x, kernel=5", "x, stride=2"),
    "moe": ("x, experts=3, top=1", "x, times=2"),
    "kan": ("x, 5, knots=4",),
    "patchify": ("x, 2, 5", "x"),
    "pooling": ("x, kernel=2", "x, kernel=5"),
    "concat": ("x, x", "linear(x, 3), x"),
}


def calls(op: Op) -> tuple[str, ...]:
    """Return ways to write the arguments of an op, its other attributes at their defaults."""
    usual = ", ".join("x" if p.default is None else "" for p in op.params).strip(", ")
    return VARIANTS.get(op.name, (usual,))


CASES = [
    (f"{op.name}({args})", spec) for op in KIND.ops.values() for args in calls(op) for spec in SPECS
]


def network(call: str, spec: str) -> tuple[Genome, Recipe, Network] | None:
    """Build `call` for a spec, or return `None` where it is refused."""
    parsed = parse(f"def network(x):\n    return {call}\n", at(SPECS[spec]))
    if isinstance(parsed, Fault):
        return None
    torch.manual_seed(0)
    built = build(parsed, SPECS[spec])
    found = recipe(parsed, at(SPECS[spec]))
    assert isinstance(built, Network)
    assert isinstance(found, Recipe)
    return parsed, found, built.eval()


@pytest.mark.parametrize(("call", "spec"), CASES)
def test_shape_parameters_and_flops_are_inferred(call: str, spec: str) -> None:
    made = network(call, spec)
    if made is None:
        return
    _, inferred, module = made
    x = torch.randn(1, *SPECS[spec].shape)
    counter = FlopCounterMode(display=False)
    with counter:
        y = module(x)
    assert tuple(y.shape[1:]) == inferred.gives.shape
    assert sum(p.numel() for p in module.parameters()) == inferred.parameters
    assert counter.get_total_flops() == inferred.flops


@pytest.mark.parametrize("call", [c for c, s in CASES if s == "causal"])
def test_no_position_of_a_causal_sequence_sees_a_later_one(call: str) -> None:
    made = network(call, "causal")
    if made is None:
        return
    module = made[2].train()
    x = torch.randn(3, 9, 8)
    other = torch.cat([x[:, :5], torch.randn(3, 4, 8)], 1)
    torch.testing.assert_close(module(x)[:, :5], module(other)[:, :5], rtol=1e-4, atol=1e-5)


def test_every_layer_fits_some_input_and_each_is_known_to_torch() -> None:
    fitting = {call.split("(")[0] for call, spec in CASES if network(call, spec)}
    assert fitting == set(KIND.ops)


@pytest.mark.parametrize(
    ("call", "spec", "words"),
    [
        ("attention(x, heads=3)", "sequence", "3 heads do not divide a width of 8"),
        ("attention(x, heads=2.5)", "sequence", "`heads` must be a whole number from 1 to 64"),
        ("attention(x, heads=x)", "sequence", "written as a literal"),
        ("attention(x)", "image", "expected a sequence, found an image of 8×8×8"),
        ("fourier(x)", "causal", "not allowed on a causal sequence"),
        ("batch_norm(x)", "causal", "use layer_norm or rms_norm"),
        ("conv(x, stride=2)", "causal", "a stride changes the length"),
        ("mean_pool(x) + x", "causal", "every position would see later ones"),
        ("x + linear(x, 5)", "vector", "cannot combine a vector of 8 with a vector of 5"),
        ("linear(x, 5, times=2)", "vector", "give `width` or `times`, not both"),
        ("linear(x, 8192, times=1) * 2 + linear(linear(x, 8192), 8192)", "vector", "67,117,056"),
        ("maximum(1, 2)", "vector", "write the number itself"),
        ("low_rank_linear(x)", "vector", "`rank` is missing"),
    ],
)
def test_a_refusal_says_why(call: str, spec: str, words: str) -> None:
    fault = parse(f"def network(x):\n    return {call}\n", at(SPECS[spec]))
    assert isinstance(fault, Fault)
    assert words in str(fault)
    assert fault.line == 2


def test_a_fault_inside_a_helper_has_the_place_of_the_helper() -> None:
    source = (
        "def block(x):\n    h = linear(x, 5)\n    return x + h\n\n"
        "def network(x):\n    return repeat(block, 2, x)\n"
    )
    fault = parse(source, at(SPECS["vector"]))
    assert isinstance(fault, Fault)
    assert (fault.line, fault.column) == (3, 12)


def test_recur_demands_the_same_shape_and_repeat_does_not() -> None:
    source = "def f(x):\n    return linear(x, times=2)\n\ndef network(x):\n    return {}(f, 2, x)\n"
    assert isinstance(parse(source.format("repeat"), at(SPECS["vector"])), Genome)
    fault = parse(source.format("recur"), at(SPECS["vector"]))
    assert isinstance(fault, Fault)
    assert "give back the shape it takes" in fault.message
