"""Measure what a data card says: the training examples, and the model before its first step.

    measure    the child's function: figures of the data, and of a model that the payload describes
    examined   features and labels: how many, how spread, how correlated

It is given the training split alone, so that nothing held out can reach a prompt.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from evaluators.harness.labels import UNASKED
from evaluators.harness.landscape import Problem, body_problem, landscape, network_problem
from sandbox.base import Payload

MOST = 4096
"""Examples that are looked at, evenly spread over the split."""

WIDEST = 1024
"""Features up to which correlations are counted."""

STRONG = 0.5
"""The correlation from which LLAMBO's data card counts a pair."""

VARIANCE = 0.9
"""The share of the variance that principal components are counted for."""

FEW = 50
"""Classes up to which their shares are told."""


def measure(payload: Payload) -> Payload:
    """Return the figures of `train_x` and `train_y` and, where one is described, of the model.

    Data in: `model`, `loss`, `batch` and `seeds` as an optimiser's harness takes them, or what an
    architecture's takes. Data out: `data` and, if there is a model, `model`, as JSON.
    """
    x, y = payload.arrays["train_x"], payload.arrays["train_y"]
    found: dict[str, Any] = {"data": examined(x, y)}
    problem = _problem(payload)
    if problem is not None:
        found["model"] = landscape(problem)
    return Payload(found)


def _problem(payload: Payload) -> Problem | None:
    if "model" in payload.data:
        return network_problem(payload)
    return body_problem(payload) if "stem" in payload.data else None


def examined(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Return figures of examples `[n, …]` and their labels."""
    rows = np.linspace(0, len(x) - 1, min(len(x), MOST)).round().astype(int)
    found = {"examples": len(x), "shape": list(x.shape[1:])}
    if x.dtype.kind != "f":
        return found | {"tokens": _tokens(x), "labels": _labels(y)}
    flat = x[rows].reshape(len(rows), -1).astype(np.float64)
    features = _features(flat)
    if flat.shape[1] <= WIDEST:
        features |= _correlations(flat, _targets(y[rows]))
    same = y.shape == x.shape and bool(np.array_equal(x, y))
    return found | {"features": features, "labels": {"inputs": True} if same else _labels(y)}


def _tokens(x: np.ndarray) -> dict[str, Any]:
    """Describe whole numbers: how many kinds there are, and how evenly they come."""
    shares = _shares(x)
    return {"kinds": len(shares), "commonest": float(shares.max()), "bits": _entropy(shares)}


def _features(flat: np.ndarray) -> dict[str, Any]:
    """Describe the marginals of features `[n, d]`: ranges over the features that vary."""
    mean, spread = flat.mean(0), flat.std(0)
    varies = spread > 1e-9
    scaled = (flat[:, varies] - mean[varies]) / spread[varies]
    skew, tails = (scaled**3).mean(0), (scaled**4).mean(0) - 3
    return {
        "count": flat.shape[1],
        "constant": int((~varies).sum()),
        "range": [float(flat.min()), float(flat.max())],
        "mean": _range(mean),
        "spread": _range(spread[varies]),
        "skewness": _range(skew),
        "kurtosis": _range(tails),
    }


def _range(values: np.ndarray) -> list[float]:
    """Return the least, the middle and the largest value."""
    if not len(values):
        return [0.0, 0.0, 0.0]
    return [float(values.min()), float(np.median(values)), float(values.max())]


def _correlations(flat: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
    """Count strong correlations among features and with targets, and principal components."""
    scaled = _scaled(flat)
    among = scaled.T @ scaled / len(flat)
    pairs = np.abs(among[np.triu_indices(len(among), 1)])
    variances = np.linalg.eigvalsh(np.cov(flat.T).reshape(flat.shape[1], -1))[::-1].clip(0)
    covered = np.cumsum(variances) / max(float(variances.sum()), 1e-12)
    found = {
        "pairs": len(pairs),
        "strong_pairs": int((pairs > STRONG).sum()),
        "components": int(np.searchsorted(covered, VARIANCE) + 1),
    }
    if targets.size:
        across = np.abs(scaled.T @ _scaled(targets) / len(flat)).max(1)
        found |= {"strong_features": int((across > STRONG).sum()), "strongest": float(across.max())}
    return found


def _scaled(values: np.ndarray) -> np.ndarray:
    """Return columns of mean 0 and spread 1; what is constant becomes 0."""
    spread = values.std(0)
    return (values - values.mean(0)) / np.where(spread > 1e-9, spread, np.inf)


def _targets(y: np.ndarray) -> np.ndarray:
    """Return what features are correlated with: real targets, or one column for each class."""
    if y.dtype.kind == "f":
        return y.reshape(len(y), -1).astype(np.float64)
    classes = np.unique(y)
    few = y.ndim == 1 and len(classes) <= FEW
    return (y[:, None] == classes).astype(np.float64) if few else np.zeros((len(y), 0))


def _labels(y: np.ndarray) -> dict[str, Any]:
    """Describe labels: the shares of classes, or the spread of real targets."""
    if y.dtype.kind == "f":
        flat = y.reshape(len(y), -1).astype(np.float64)
        spread = np.sqrt(np.square(flat - flat.mean(0)).mean())
        return {"targets": flat.shape[1], "mean": float(flat.mean()), "spread": float(spread)}
    shares = _shares(y[y != UNASKED])
    found = {"classes": len(shares), "least": float(shares.min()), "most": float(shares.max())}
    return found | {"nats": _entropy(shares) * float(np.log(2)), "places": int(y[0].size)}


def _shares(values: np.ndarray) -> np.ndarray:
    counts = np.unique(values, return_counts=True)[1]
    return counts / counts.sum()


def _entropy(shares: np.ndarray) -> float:
    """Return the entropy in bits."""
    return float(-(shares * np.log2(shares)).sum())
