"""What models are told of a network's parameters is what the harness makes."""

from __future__ import annotations

from math import prod

import pytest

from evaluators.harness.models import build
from evaluators.networks import Network, conv, gru, mlp, transformer
from evaluators.parameters import in_words, matrices

NETWORKS = (
    mlp(64, 32, 32, 10),
    conv((3, 9), (4, 5), 10, kernels=(5, 3)),
    conv((1, 8, 8), (4, 6), 10, strides=1),
    gru(7, 3, 6, 10),
    transformer(12, 8, 16, 2, 2),
)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n["family"])
def test_matrices_are_those_of_the_model(network: Network) -> None:
    shapes = build(network).shapes
    assert matrices(network) == [(shape[0], prod(shape[1:])) for shape in shapes]
    assert in_words(network).startswith("weights (outputs × inputs) ")


def test_first_values_of_a_perceptron_are_within_what_is_told() -> None:
    first = build(mlp(64, 32, 10)).initial(0)
    bounds = [64**-0.5, 64**-0.5, 32**-0.5, 32**-0.5]
    for tensor, bound in zip(first, bounds, strict=True):
        assert 0.8 * bound < float(tensor.abs().max()) <= bound
