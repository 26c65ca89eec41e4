"""The optimiser vocabulary holds what it should, and computes alike on numpy and on torch."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from programs.genome import Genome
from programs.interpret import compiled
from programs.kind import Op, Scope
from programs.load import kind_named
from programs.parse import parse

KIND = kind_named("optimizer")

LION = [
    "abs",
    "cos",
    "sin",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "exp",
    "log",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "sign",
    "exp2",
    "exp10",
    "expm1",
    "log10",
    "log2",
    "log1p",
    "square",
    "sqrt",
    "cube",
    "cbrt",
    "reciprocal",
    "power",
    "maximum",
    "minimum",
    "norm",
    "global_norm",
    "dot",
    "cosine_sim",
    "clip_by_global_norm",
    "interpolate",
]

SHAPES = ((2, 4, 3), (2, 5, 1), (2, 1, 1))


@pytest.mark.parametrize("name", LION)
def test_it_has_the_function_of_the_lion_paper(name: str) -> None:
    assert KIND.op_named(name) is not None


def test_pi_e_and_eps_are_constants() -> None:
    assert set(KIND.constants) == {"pi", "e", "eps"}


def test_facts_about_the_shape_are_scalars() -> None:
    source = "def update(w, g):\n    return row_count(w) / column_count(w) * g / numel(g)\n"
    assert isinstance(parse(source, KIND), Genome)
    x = np.zeros((7, 4, 3))
    functions = compiled(KIND, np)
    for name, value in (("row_count", 4), ("column_count", 3), ("numel", 12)):
        found = functions[name](x)
        assert found.shape == (7, 1, 1)
        assert (found == value).all()


def arguments(op: Op, rng: np.random.Generator) -> list[list[np.ndarray]]:
    """Draw one list of tensors per argument; a scalar where the op wants one."""
    drawn = [[rng.normal(size=s) for s in SHAPES] for _ in op.params]
    if op.name in ("noise", "clip_by_global_norm"):
        drawn[1] = [np.full((2, 1, 1), 3.0) for _ in SHAPES]
    if op.name == "matmul":
        drawn[1] = [np.swapaxes(x, -1, -2) for x in drawn[0]]
    return drawn


@pytest.mark.parametrize("op", KIND.ops.values(), ids=lambda op: op.name)
def test_numpy_and_torch_agree(op: Op) -> None:
    lists = arguments(op, np.random.default_rng(3))
    tensors = [[torch.from_numpy(x.copy()) for x in column] for column in lists]
    ours, theirs = compiled(KIND, np)[op.name], compiled(KIND, torch)[op.name]
    with np.errstate(all="ignore"):
        if op.scope is Scope.MODEL:
            found, expected = theirs(*tensors), ours(*lists)
        else:
            found = [theirs(*row) for row in zip(*tensors, strict=True)]
            expected = [ours(*row) for row in zip(*lists, strict=True)]
    if not isinstance(expected, list):
        found, expected = [found], [expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(one), other, rtol=1e-9, atol=1e-12)


_SIZES = (5e-324, 1e-310, 1e-30, 0.5, 1.0, 2.0, 3.0, 1e30, 1e308, np.inf)
NASTY = (0.0, -0.0, np.nan, *_SIZES, *(-size for size in _SIZES))
ELEMENTWISE = [op for op in KIND.ops.values() if op.scope is Scope.ELEMENT]


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_numpy_and_torch_agree_where_numbers_are_nasty(op: Op) -> None:
    """Zero and not-a-number must be so in both; the rest may differ by rounding alone."""
    columns = np.array(list(product(NASTY, repeat=len(op.params)))).T
    if op.name == "mod":
        # Torch's vectorised remainder is NaN where the quotient overflows.
        with np.errstate(all="ignore"):
            a, b = columns
            columns = columns[:, ~np.isinf(a / b) | np.isinf(a) | (b == 0)]
    ours, theirs = compiled(KIND, np)[op.name], compiled(KIND, torch)[op.name]
    with np.errstate(all="ignore"):
        expected = ours(*columns)
        alone = [ours(*(np.float64(a) for a in row)) for row in columns.T]
    found = theirs(*(torch.from_numpy(c.copy()) for c in columns)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=0)
    np.testing.assert_allclose(alone, expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("op", KIND.ops.values(), ids=lambda op: op.name)
def test_single_precision_stays_single(op: Op) -> None:
    lists = arguments(op, np.random.default_rng(3))
    tensors = [[torch.from_numpy(x).float() for x in column] for column in lists]
    function = compiled(KIND, torch)[op.name]
    found = function(*tensors) if op.scope is Scope.MODEL else function(*(c[0] for c in tensors))
    assert (found[0] if isinstance(found, list) else found).dtype == torch.float32


class TestNoise:
    def noise(self, tensors: list[np.ndarray], key: float) -> list[np.ndarray]:
        return compiled(KIND, np)["noise"](tensors, [np.float64(key)] * len(tensors))

    def test_it_is_standard_normal_and_differs_between_keys(self) -> None:
        (one,) = self.noise([np.zeros((400, 500))], 3)
        (two,) = self.noise([np.zeros((400, 500))], 4)
        moments = [float((one**k).mean()) for k in (1, 2, 3, 4)]
        np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.05)
        assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.01
        assert abs(np.corrcoef(one.ravel()[1:], one.ravel()[:-1])[0, 1]) < 0.01

    def test_the_same_key_gives_the_same_numbers(self) -> None:
        x = np.zeros((2, 4, 3))
        assert (self.noise([x], 8)[0] == self.noise([x + 1], 8.7)[0]).all()

    def test_tensors_laid_out_in_one_row_see_the_same_numbers(self) -> None:
        parts = [np.zeros((4, 3)), np.zeros((5, 1)), np.zeros((1, 1))]
        apart = np.concatenate([n.ravel() for n in self.noise(parts, 2)])
        assert (apart == self.noise([np.zeros((1, 18))], 2)[0].ravel()).all()
        assert len(set(apart)) == 18

    @pytest.mark.parametrize("shape", [(2, 4, 3), (2, 200, 100)])
    def test_numbers_that_are_remembered_are_those_that_torch_draws(
        self, shape: tuple[int, ...]
    ) -> None:
        for key in (0.0, 0.99, -0.5, 7.0, np.nan, np.inf, -np.inf, 1e12, 0.0, np.nan):
            keys = np.array([key, 1.0]).reshape(2, 1, 1)
            (ours,) = compiled(KIND, np)["noise"]([np.zeros(shape)], [keys])
            given = torch.zeros(shape, dtype=torch.float64), torch.from_numpy(keys)
            (theirs,) = compiled(KIND, torch)["noise"]([given[0]], [given[1]])
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9, atol=1e-12)

    def test_single_precision_is_the_rounded_double(self) -> None:
        key = torch.tensor(5.0, dtype=torch.float64)
        (single,) = compiled(KIND, torch)["noise"]([torch.zeros(300, 7)], [key])
        (double,) = self.noise([np.zeros((300, 7))], 5)
        assert (single.numpy() == double.astype(np.float32)).mean() > 0.999
        np.testing.assert_allclose(single.numpy(), double, rtol=1e-6, atol=1e-7)
