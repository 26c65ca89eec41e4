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
from programs.kinds.networks.backwards.arrays import _period, by_rows
from programs.kinds.networks.backwards.passes import applied, by_torch
from programs.kinds.networks.layer import Layer
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
    "selective_ssm": ("states=4",),
    "ssm": ("states=4",),
}
SPELLINGS |= dict.fromkeys(("sigmoid_attention", "relu_attention"), SPELLINGS["attention"])
BY_RULE = [op for op in KIND.ops.values() if isinstance(op, Layer) and op.expression in RULES]


def calls(layer: Layer) -> Iterator[tuple[Call, list[Any], dict[str, np.ndarray]]]:
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


def _ready(
    call: Call, found: Recipe, values: dict[str, np.ndarray]
) -> tuple[Call, list[Any], dict[str, np.ndarray]]:
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


def test_every_rule_is_of_a_layer() -> None:
    assert {layer.expression for layer in BY_RULE} == set(RULES)


@pytest.mark.parametrize("rows", [2048, 1536, 1000, 264])
@pytest.mark.parametrize("again", [1, 4])
def test_a_wide_matrix_gives_what_its_rows_give_one_by_one(rows: int, again: int) -> None:
    rng = np.random.default_rng(0)
    matrix = np.tile(rng.normal(size=(rows // again, 512)), (again, 1))
    few = rng.normal(size=(2, 512))
    expected = np.stack([matrix.dot(row) for row in few])
    np.testing.assert_array_equal(by_rows(matrix)(few), expected)


def test_a_matrix_that_nearly_begins_again_is_read_whole() -> None:
    rng = np.random.default_rng(0)
    matrix = np.tile(rng.normal(size=(256, 512)), (4, 1))
    assert _period(matrix) == 256
    matrix[900, 7] += 1e-3
    assert _period(matrix) == len(matrix)
    row = rng.normal(size=(1, 512))
    assert by_rows(matrix)(row)[0, 900] != by_rows(matrix)(row)[0, 900 - 256]


def test_probing_writes_to_no_table_of_weights() -> None:
    before = {factor: _times(factor).copy() for factor in (0.1, 1.0)}
    for program in in_language("architecture").values():
        assert program.genome is not None
        KIND.probe(program.genome, KIND)
    for factor, table in before.items():
        np.testing.assert_array_equal(_times(factor), table)
