"""How alike two optimisers are in use: do they take models to the same places?

Both train the same small models from the same start on the same batches. At every tenth step we ask
how far apart their weights are, as a share of the way that the reference has come. 1 is perfect
agreement; a program that stands still gets 0. Small lasting effects such as weight decay add up on
the way, while single steps that differ at random do not, so this tells what matters from what does
not, though no one asks whether the reference is any good.

The models are a logistic regression and a two-layer tanh network on noisy labels; the learning
rates are the reference's best of a wide sweep on each of them, a third and a hundredth of that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from programs.check import live
from programs.genome import Genome
from programs.interpret import plan
from programs.kind import Kind

STEPS = 150
EVERY = 10
BATCH = 8
EXAMPLES = 64
SHARES = np.array([1.0, 1 / 3, 1 / 100])
SWEEP = 10.0 ** np.arange(-5.0, 4.0, 0.5)

Weights = list[np.ndarray]
"""One array `[learning rates, rows, columns]` for each parameter tensor."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A start, and the loss per learning rate with its gradients on a batch of examples."""

    start: Weights
    loss: Callable[[Weights, np.ndarray], tuple[np.ndarray, Weights]]
    batches: np.ndarray


def agreement(reference: Genome, kind: Kind, rng: np.random.Generator) -> Callable[[Genome], float]:
    """Return a score for `simplify`: how much a checked program agrees with `reference`."""
    courses = []
    for problem in (_logistic(rng), _network(rng)):
        _, losses = _trained(reference, kind, problem, SWEEP)
        best = SWEEP[np.nanargmin(np.where(np.isfinite(losses), losses, np.inf))]
        rates = best * SHARES
        courses.append((problem, rates, _trained(reference, kind, problem, rates)[0]))

    def score(candidate: Genome) -> float:
        shares = []
        for problem, rates, expected in courses:
            found, _ = _trained(candidate, kind, problem, rates)
            start = np.concatenate([w.ravel() for w in problem.start])
            with np.errstate(all="ignore"):
                gap = np.linalg.norm(found - expected, axis=-1)
                shares.append(gap / np.linalg.norm(expected - start, axis=-1))
        return 1.0 - float(np.mean(shares))

    return score


def _trained(
    genome: Genome, kind: Kind, problem: Problem, rates: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights at every tenth step, `[points, rates, n]`, and the final losses."""
    function = live(genome.main, kind)
    program, states = plan(function, kind, np), kind.entry.states(function)
    w = [np.repeat(x[None], len(rates), axis=0) for x in problem.start]
    inputs = {s: [np.zeros_like(x) for x in w] for s in states}
    shared = {"lr": rates.reshape(-1, 1, 1), "total": np.float64(STEPS)}
    points = []
    with np.errstate(all="ignore"):
        for step in range(1, STEPS + 1):
            _, g = problem.loss(w, problem.batches[step - 1])
            given = {"w": w, "g": g, "step": np.float64(step), **shared, **inputs}
            update, *new = program(given, len(w))
            inputs = dict(zip(states, new, strict=True))
            w = [x - u for x, u in zip(w, update, strict=True)]
            if step % EVERY == 0:
                points.append(np.concatenate([x.reshape(len(rates), -1) for x in w], axis=1))
        losses, _ = problem.loss(w, np.arange(EXAMPLES))
    return np.array(points), losses


def _batches(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(EXAMPLES, size=(STEPS, BATCH))


def _logistic(rng: np.random.Generator) -> Problem:
    """Three binary labels of ten features, a tenth of them flipped."""
    x = rng.normal(size=(EXAMPLES, 10))
    labels = x @ rng.normal(size=(10, 3)) + rng.normal(size=3) > 0
    y = (labels ^ (rng.random(labels.shape) < 0.1)).astype(float)

    def loss(weights: Weights, batch: np.ndarray) -> tuple[np.ndarray, Weights]:
        matrix, bias = weights
        z = x[batch] @ matrix.swapaxes(1, 2) + bias.swapaxes(1, 2)
        error = (0.5 * (1 + np.tanh(0.5 * z)) - y[batch]) / len(batch)
        value = (np.logaddexp(0, z) - y[batch] * z).sum(axis=(1, 2)) / len(batch)
        return value, [error.swapaxes(1, 2) @ x[batch], error.sum(1)[..., None]]

    start = [rng.normal(size=(3, 10)) / np.sqrt(10), np.zeros((3, 1))]
    return Problem(start, loss, _batches(rng))


def _network(rng: np.random.Generator) -> Problem:
    """A noisy sine of a projection, learned by eight hidden units."""
    x = rng.normal(size=(EXAMPLES, 5))
    y = np.sin(x @ rng.normal(size=(5, 1))) + 0.3 * rng.normal(size=(EXAMPLES, 1))

    def loss(weights: Weights, batch: np.ndarray) -> tuple[np.ndarray, Weights]:
        into, bias, out = weights
        hidden = np.tanh(x[batch] @ into.swapaxes(1, 2) + bias.swapaxes(1, 2))
        error = (hidden @ out.swapaxes(1, 2) - y[batch]) / len(batch)
        back = (error @ out) * (1 - hidden**2)
        value = 0.5 * (error**2).sum(axis=(1, 2)) * len(batch)
        gradients = [back.swapaxes(1, 2) @ x[batch], back.sum(1)[..., None]]
        return value, [*gradients, error.swapaxes(1, 2) @ hidden]

    start = [rng.normal(size=(8, 5)) / np.sqrt(5), np.zeros((8, 1))]
    return Problem([*start, rng.normal(size=(1, 8)) / np.sqrt(8)], loss, _batches(rng))
