"""Catch networks that see what they must not: later positions, or other examples of the batch.

Each audit takes any module or function of a batch `[examples, …]` and returns a sentence about what
it found, or nothing. Inputs are altered where the network must not look and its outputs compared,
in double precision, so that rounding is no excuse.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

TOLERANCE = 1e-6
"""How far an output may move, relative to the largest output."""

EXAMPLES = 6
"""How many examples are watched for looks ahead, and answered alone."""

PLACES = 64
"""How many positions at most are tried as the last one that may be seen."""

Function = Callable[[Tensor], Tensor]


def audit(network: nn.Module, inputs: Tensor, causal: bool, at_once: int) -> str:
    """Audit a trained network on its judged inputs; return a sentence where it fails.

    A look ahead is forbidden in training too; in judgement, each example must stand for itself.
    `at_once` examples are judged in a batch, and what is left over in a smaller one.
    """
    double = copy.deepcopy(network).double()
    x = inputs.double() if inputs.is_floating_point() else inputs
    with torch.no_grad():
        for training in (True, False) if causal else ():
            double.train(training)
            if found := looks_ahead(double, x[:EXAMPLES]):
                return found
        double.eval()
        for batch in {min(at_once, len(x)), len(x) % at_once} - {0}:
            if found := mixes_examples(double, x[:batch]):
                return found
    return ""


def looks_ahead(network: Function, x: Tensor) -> str:
    """Alter what comes after a position; no output up to that position may move."""
    before = _same_luck(network, x)
    for last in _places(x.shape[1] - 1):
        altered = torch.cat([x[:, : last + 1], _shuffled(x)[:, last + 1 :]], 1)
        after = _same_luck(network, altered)
        moved = _moved(before[:, : last + 1], after[:, : last + 1])
        if moved > TOLERANCE:
            return (
                f"looks ahead: changing the positions after {last} moved outputs up to there "
                f"by {moved:.2g} of the largest"
            )
    return ""


def _places(count: int) -> Sequence[int]:
    """Return all positions that have one after them, or of many some that nobody can foresee."""
    if count <= PLACES:
        return range(count)
    drawn = random.SystemRandom().sample(range(1, count - 1), PLACES - 2)
    return [0, *sorted(drawn), count - 1]


def mixes_examples(network: Function, x: Tensor) -> str:
    """Change an example's company, its place or the batch's size; its answer may not move."""
    together = network(x)
    few = range(min(EXAMPLES, len(x)))
    alone = torch.cat([network(x[i : i + 1]) for i in few])
    moved = _moved(together[: len(few)], alone)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0)).to(x.device)
    moved = max(moved, _moved(together[order], network(x[order])))
    for kept in (order[: len(x) // 2], order[len(x) // 2 :]):
        company = _shuffled(x)
        company[kept] = x[kept]
        moved = max(moved, _moved(together[kept], network(company)[kept]))
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
    if not before.numel():
        return 0.0
    scale = before.abs().max().clamp(min=1e-12)
    moved = ((before - after).abs().max() / scale).item()
    return moved if moved == moved else float("inf")
