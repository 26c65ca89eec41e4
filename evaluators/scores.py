"""What predictions are worth, computed in the parent from labels that the child never held.

Every score is a function of predictions `[learning rates, seeds, examples, …]` and the labels, and
higher is better. Predictions of replicas that diverged are not-a-number, and so are their scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from evaluators.task import Measurement
from programs.errors import InputError
from sandbox.base import MIB, Payload

WATCHED = 40 * MIB
"""Bytes of predictions that a learning curve may take."""

CLAIMS = frozenset({"score", "scores", "metrics", "accuracy", "examples", "seconds", "by_seed"})
"""Names that no honest training process has any business returning."""


@dataclass(frozen=True, slots=True)
class Score:
    """A score's name, the training loss that serves it, and how it is measured."""

    name: str
    loss: str
    measure: Callable[[np.ndarray, np.ndarray], Measurement]


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> Measurement:
    """Score logits by minus the cross-entropy in nats, and count the right ones."""
    with np.errstate(all="ignore"):
        logits = logits - logits.max(-1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        examples = log_p[..., np.arange(len(labels)), labels]
        right = (logits.argmax(-1) == labels).mean(-1)
    return Measurement(examples.mean(-1), examples, {"accuracy": right})


def bits(logits: np.ndarray, labels: np.ndarray) -> Measurement:
    """Score logits by minus the cross-entropy in bits."""
    found = cross_entropy(logits, labels)
    return Measurement(found.score / math.log(2), found.examples / math.log(2), found.metrics)


def squared_error(outputs: np.ndarray, targets: np.ndarray) -> Measurement:
    """Score outputs by minus the mean squared error; R² is relative to always saying the mean."""
    with np.errstate(all="ignore"):
        errors = np.square(outputs - targets).reshape(*outputs.shape[:3], -1).mean(-1)
        spread = float(np.square(targets - targets.mean(0)).mean())
        score = -errors.mean(-1)
        return Measurement(score, -errors, {"r2": 1.0 + score / spread})


def demand_known(task: str, score: str) -> None:
    """Raise `InputError` where a task names a score that there is not."""
    if score not in SCORES:
        known = ", ".join(f"`{name}`" for name in SCORES)
        raise InputError(f"The task {task} has the score `{score}`; expected one of {known}.")


def refuse_claims(result: Payload) -> None:
    """Raise `ValueError` where a child claims what only the parent computes or measures."""
    for name in sorted(CLAIMS & {*result.data, *result.arrays}):
        raise ValueError(f"the training process claims its own `{name}`, which is measured here")


SCORES: Mapping[str, Score] = {
    "-cross-entropy": Score("-cross-entropy", "cross-entropy", cross_entropy),
    "-bits per byte": Score("-bits per byte", "cross-entropy", bits),
    "-squared error": Score("-squared error", "mean squared error", squared_error),
}
