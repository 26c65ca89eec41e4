"""Training losses over stacked replicas: outputs `[R, …]` and targets to one number each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch.nn.functional as F
from torch import Tensor

FEW = 32
"""Classes up to which torch's softmax is far quicker along another axis than the last."""


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy in nats of logits `[R, …, classes]` and labels `[R, …]`."""
    logits, labels = outputs.flatten(1, -2), targets.flatten(1).long()
    if logits.shape[2] <= FEW:
        spread = logits.transpose(1, 2).contiguous()
        return F.cross_entropy(spread, labels, reduction="none").mean(1)
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return loss.view(len(outputs), -1).mean(1)


def mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared error of outputs and targets of one shape."""
    return (outputs - targets).square().flatten(1).mean(1)


LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross-entropy": cross_entropy,
    "mean squared error": mean_squared_error,
}
