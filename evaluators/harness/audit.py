"""Catch networks that see what they must not: later positions, or other examples of the batch.

Each audit takes any module or function of a batch `[examples, …]` and returns a sentence about what
it found, or nothing. Inputs are altered where the network must not look and its outputs compared,
in double precision, so that rounding is no excuse.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

TOLERANCE = 1e-6
"""How far an output may move, relative to the largest output."""

EXAMPLES = 6
PLACES = 4
"""How many positions are tried as the last one that may be seen."""

Function = Callable[[Tensor], Tensor]


def audit(network: nn.Module, inputs: Tensor, causal: bool) -> str:
    """Audit a trained network on a few examples; return a sentence where it fails.

    A look ahead is forbidden in training too; in judgement, each example must stand for itself.
    """
    double = copy.deepcopy(network).double()
    x = inputs[:EXAMPLES]
    x = x.double() if x.is_floating_point() else x
    with torch.no_grad():
        for training in (True, False) if causal else ():
            double.train(training)
            if found := looks_ahead(double, x):
                return found
        double.eval()
        return mixes_examples(double, x)


def looks_ahead(network: Function, x: Tensor) -> str:
    """Alter what comes after a position; no output up to that position may move."""
    length = x.shape[1]
    before = _same_luck(network, x)
    for last in sorted({place * (length - 1) // PLACES for place in range(PLACES)}):
        altered = torch.cat([x[:, : last + 1], _shuffled(x)[:, last + 1 :]], 1)
        after = _same_luck(network, altered)
        moved = _moved(before[:, : last + 1], after[:, : last + 1])
        if moved > TOLERANCE:
            return (
                f"looks ahead: changing the positions after {last} moved outputs up to there "
                f"by {moved:.2g} of the largest"
            )
    return ""


def mixes_examples(network: Function, x: Tensor) -> str:
    """Exchange the other examples of a batch, or leave them out; no answer may move."""
    together = network(x)
    others = torch.cat([x[:1], _shuffled(x)[1:]])
    moved = _moved(together[:1], network(others)[:1])
    alone = torch.cat([network(x[i : i + 1]) for i in range(len(x))])
    moved = max(moved, _moved(together, alone))
    if moved > TOLERANCE:
        return (
            f"mixes examples: an answer moved by {moved:.2g} of the largest when the other "
            f"examples of its batch changed"
        )
    return ""


def _same_luck(network: Function, x: Tensor) -> Tensor:
    """Apply a network with the random numbers that every other call here gets."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return network(x)


def _shuffled(x: Tensor) -> Tensor:
    """Return the inputs' own values in another order over all examples and positions."""
    order = torch.randperm(x.numel(), generator=torch.Generator().manual_seed(0)).to(x.device)
    return x.flatten()[order].view(x.shape)


def _moved(before: Tensor, after: Tensor) -> float:
    scale = before.abs().max().clamp(min=1e-12)
    moved = ((before - after).abs().max() / scale).item()
    return moved if moved == moved else float("inf")
