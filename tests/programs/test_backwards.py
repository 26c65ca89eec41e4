"""Every layer that the probes compute by hand against torch and its derivatives."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from programs.errors import Fault
from programs.kinds.architecture import KIND, at
from programs.kinds.networks.backwards import RULES
from programs.kinds.networks.backwards.arrays import Repeated, there_and_home
from programs.kinds.networks.backwards.passes import Own, applied, by_torch
from programs.kinds.networks.layer import Layer, Weight
from programs.kinds.networks.plan import Call, Recipe, recipe
from programs.kinds.networks.probe import _times, filled, numbers
from programs.load import in_language
from programs.parse import parse
from programs.spec import Spec

PLACES = (
    Spec("sequence", (12, 8), 3, False),
    Spec("sequence", (12, 8), 3, True),
    Spec("image", (8, 6, 6), 3, False),
    Spec("vector", (8,), 3, False),
)
SPELLINGS = {
    "attention": ("heads=2", "heads=4, kv_heads=2, rotary=1", "heads=2, alibi=1", "kv_heads=1"),
    "linear": ("20", "times=0.5, bias=0"),
    "conv": ("kernel=3", "12, kernel=4, dilation=2", "kernel=3, stride=2, groups=2", "kernel=30"),
    "depthwise_conv": ("kernel=3", "kernel=4, dilation=2", "kernel=3, stride=2", "kernel=30"),
    "moe": ("", "experts=8, top=1, times=2", "experts=2"),
    "shift": ("steps=1", "steps=5", "steps=40"),
    "scale": ("start=0.1",),
    "low_rank_linear": ("rank=2", "rank=3, 20"),
    "spline": ("knots=8", "knots=5", "knots=2"),
    "group_norm": ("groups=2", "groups=8"),
    "avg_pool": ("size=2", "size=5"),
    "upsample": ("size=2", "size=3"),
    "linear_attention": ("heads=2", "heads=4, kv_heads=2"),
    "selective_ssm": ("states=4",),
    "ssm": ("states=4",),
}
SPELLINGS |= dict.fromkeys(("sigmoid_attention", "relu_attention"), SPELLINGS["attention"])
BY_RULE = [op for op in KIND.ops.values() if isinstance(op, Layer) and op.expression in RULES]


def calls(layer: Layer) -> Iterator[tuple[Call, list[Any], Own]]:
    """Yield calls of a layer on everything that it takes, with weights."""
    given = [p.name for p in layer.params if p.attribute is None]
    forms = [["x"]] if len(given) == 1 else [["x", "tanh(x)"], ["x", "0.5"], ["x", "bias(x)"]]
    if layer.name in ("add", "sub", "mul", "maximum", "minimum"):
        forms += [["mean_pool(x)", "x"], ["x", "linear(x, 1)"], ["x", "x"], ["0.1", "x"]]
    spelt = [[*form, how] if how else form for form in forms for how in _spellings(layer)]
    for inside, spec in itertools.product(map(", ".join, spelt), PLACES):
        genome = parse(f"def network(x):\n    return {layer.name}({inside})\n", KIND)
        found = genome if isinstance(genome, Fault) else recipe(genome, at(spec))
        if isinstance(found, Fault):
            continue
        values: dict[str, np.ndarray] = {"x": numbers("x", (2, *spec.shape)).copy()}
        yield [_ready(call, found, values) for call in found.calls][-1]


def _spellings(layer: Layer) -> tuple[str, ...]:
    return SPELLINGS.get(layer.name, ("",))


def _ready(call: Call, found: Recipe, values: dict[str, np.ndarray]) -> tuple[Call, list[Any], Own]:
    """Compute a call and return what it was given."""
    args = [values[v] if isinstance(v, str) else v for v in call.values]
    made = found.weights.get(call.path, {})
    own = {n: filled(w, f"{call.target} {n}") for n, w in made.items()}
    values[call.target], _ = by_torch(call, args, own, facts(call))
    return call, args, own


def facts(call: Call) -> dict[str, float | int | bool]:
    training = {"training": False} if "training" in call.layer.context else {}
    return {**call.facts, **training}


@pytest.mark.parametrize("layer", BY_RULE, ids=lambda layer: layer.name)
def test_a_rule_agrees_with_torch(layer: Layer) -> None:
    tried = 0
    for call, args, own in calls(layer):
        tried += 1
        y, back = applied(call, args, own)
        expected, expected_back = by_torch(call, args, own, facts(call))
        np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)
        mix = numbers("mix", y.shape).copy()
        for found, wanted in zip(back(mix), expected_back(mix), strict=True):
            if wanted is None:
                assert found is None
            else:
                assert found is not None
                np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11)
    assert tried


EDGES = [-30.0, -3.0, -1.5, -1e-9, 0.0, 1.5, 3.0, 10.0, 10.5, 20.0, 20.5, 800.0]


@pytest.mark.parametrize("name", ["spline", "elu", "leaky_relu", "softplus", "exp", "relu"])
def test_where_functions_bend_they_agree_with_torch(name: str) -> None:
    how = ", knots=5" if name == "spline" else ""
    genome = parse(f"def network(x):\n    return {name}(x{how})\n", KIND)
    assert not isinstance(genome, Fault)
    found = recipe(genome, at(Spec("vector", (len(EDGES),), 3, False)))
    assert not isinstance(found, Fault)
    x = np.array([EDGES, EDGES[::-1]])
    call, args, own = _ready(found.calls[0], found, {"x": x})
    (y, back), (wanted, wanted_back) = (
        applied(call, args, own),
        by_torch(call, args, own, facts(call)),
    )
    np.testing.assert_allclose(y, wanted, rtol=1e-10, atol=1e-12)
    d = np.ones_like(y)
    for share, expected in zip(back(d), wanted_back(d), strict=True):
        assert share is not None
        assert expected is not None
        np.testing.assert_allclose(share, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("layer", BY_RULE, ids=lambda layer: layer.name)
def test_a_rule_takes_what_is_not_finite(layer: Layer) -> None:
    for call, args, own in calls(layer):
        for bad in (np.nan, np.inf, -np.inf):
            given = [
                np.where(a == a.max(), bad, a) if isinstance(a, np.ndarray) else a for a in args
            ]
            with np.errstate(all="ignore"):
                y, back = applied(call, given, own)
                expected, _ = by_torch(call, given, own, facts(call))
                back(np.ones_like(y))
            if layer.name in ("fourier", "long_conv"):  # how far it spreads is the library's choice
                assert not np.isfinite(y).all()
            else:
                assert np.isfinite(y).tolist() == np.isfinite(expected).tolist()


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_wide_recurrences_agree_with_torch(name: str) -> None:
    genome = parse(f"def network(x):\n    return {name}(x)\n", KIND)
    assert not isinstance(genome, Fault)
    found = recipe(genome, at(Spec("sequence", (5, 512 if name == "lstm" else 1024), 3, True)))
    assert not isinstance(found, Fault)
    (call,) = found.calls[:1]
    call, args, own = _ready(call, found, {"x": numbers("x", (2, *found.given.shape)).copy()})
    assert isinstance(own["state"], Repeated)
    (y, back), (wanted, wanted_back) = (
        applied(call, args, own),
        by_torch(call, args, own, facts(call)),
    )
    np.testing.assert_allclose(y, wanted, rtol=1e-9, atol=1e-11)
    d = numbers("d", y.shape)
    for share, expected in zip(back(d), wanted_back(d), strict=True):
        assert share is not None
        assert expected is not None
        np.testing.assert_allclose(share, expected, rtol=1e-9, atol=1e-11)


def test_every_rule_is_of_a_layer() -> None:
    assert {layer.expression for layer in BY_RULE} == set(RULES)


@pytest.mark.parametrize("rows", [2048, 1536, 1000, 264])
def test_a_wide_matrix_gives_what_its_rows_give_one_by_one(rows: int) -> None:
    rng = np.random.default_rng(0)
    matrix, few = rng.normal(size=(rows, 512)), rng.normal(size=(2, 512))
    there, home = there_and_home(matrix, few=True)
    np.testing.assert_array_equal(there(few), np.stack([matrix.dot(row) for row in few]))
    np.testing.assert_allclose(home(there(few)), there(few) @ matrix, rtol=1e-12)


@pytest.mark.parametrize("lead", [(2,), (3, 2)])
def test_rows_that_come_again_give_what_the_whole_matrix_gives(lead: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    repeated = Repeated(rng.normal(size=(64, 32)), 3)
    there, home = there_and_home(repeated)
    a, d = rng.normal(size=(*lead, 32)), rng.normal(size=(*lead, 192))
    np.testing.assert_allclose(there(a), a @ repeated.whole().T, rtol=1e-12)
    np.testing.assert_allclose(home(d), d @ repeated.whole(), rtol=1e-12)


def test_a_weight_longer_than_the_table_is_the_table_again_and_again() -> None:
    wide = filled(Weight((2048, 512), 1.0), "wide")
    assert isinstance(wide, Repeated)
    assert wide.whole().shape == (2048, 512)
    np.testing.assert_array_equal(wide.whole(), numbers("wide", (2048, 512)))
    for shape in ((256, 512), (2048, 500), (2048, 512, 1)):
        assert isinstance(filled(Weight(shape, 1.0), "not so"), np.ndarray)


def test_probing_writes_to_no_table_of_weights() -> None:
    before = {factor: _times(factor).copy() for factor in (0.1, 1.0)}
    for program in in_language("architecture").values():
        assert program.genome is not None
        KIND.probe(program.genome, KIND)
    for factor, table in before.items():
        np.testing.assert_array_equal(_times(factor), table)
