"""What a network is said to cost is what torch counts."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from evaluators.harness.models import build
from evaluators.networks import Network, conv, gru, mlp, multiply_adds, transformer

CASES = {
    "mlp": (mlp(7, 11, 3), (7,)),
    "signal": (conv((1, 40), channels=(5, 6), kernels=(5, 3), outputs=4), (1, 40)),
    "image": (conv((2, 9, 8), channels=(5, 6), outputs=4), (2, 9, 8)),
    "gru": (gru(length=6, inputs=2, hidden=5, outputs=4), (6, 2)),
}


@pytest.mark.parametrize("name", CASES)
def test_multiply_adds_are_those_that_torch_counts(name: str) -> None:
    network, shape = CASES[name]
    assert multiply_adds(network) == counted(network, torch.zeros(1, 3, *shape)) / 3


def test_a_transformer_costs_what_torch_counts_and_its_attention() -> None:
    network = transformer(vocabulary=50, context=8, width=12, depth=2, heads=3)
    attention = 2 * 8 * 8 * 12 * 2  # the fused kernel is not counted everywhere
    found = counted(network, torch.zeros(1, 3, 8, dtype=torch.long)) / 3
    assert multiply_adds(network) in (found, found + attention)


def counted(network: Network, x: torch.Tensor) -> float:
    model = build(network)
    params = [p[None] for p in model.initial(0)]
    with FlopCounterMode(display=False) as counter:
        model.forward(params, x)
    return counter.get_total_flops() / 2
