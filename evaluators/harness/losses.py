"""Training losses over stacked replicas: outputs `[R, …]` and targets to one number each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch.nn.functional as F
from torch import Tensor


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy in nats of logits `[R, …, classes]` and labels `[R, …]`."""
    logits = outputs.flatten(0, -2)
    loss = F.cross_entropy(logits, targets.flatten().long(), reduction="none")
    return loss.view(len(outputs), -1).mean(1)


def mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared error of outputs and targets of one shape."""
    return (outputs - targets).square().flatten(1).mean(1)


LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross-entropy": cross_entropy,
    "mean squared error": mean_squared_error,
}
