"""Play fixed gradients to a library program, and to what it must agree with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from evaluators.harness.freeform.text import rule
from programs.interpret import plan
from programs.load import kind_named, library

SHAPES = ((5,), (4, 3), (2, 3, 4), ())
STEPS = 50

Reference = Callable[[np.ndarray, list[np.ndarray], float], np.ndarray]
"""From the first weight, the gradient of each step and the learning rate to the last weight."""


def problem(shape: tuple[int, ...]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return a weight and gradients that drift, change sign and are now and then zero."""
    rng = np.random.default_rng([7, *shape])
    drift = rng.normal(size=shape)
    gradients = [np.asarray(0.7 * drift + rng.normal(size=shape)) for _ in range(STEPS)]
    if shape == (5,):
        for g in gradients:
            g[2] = 0.0
    return np.asarray(rng.normal(size=shape)), gradients


def played(name: str, w: np.ndarray, gradients: list[np.ndarray], lr: float) -> np.ndarray:
    """Run a library program as training does: one of the language on the matrix view."""
    kind = kind_named("optimizer")
    genome = library("optimizer")[name].genome
    if genome is None:
        return _played_freely(name, w, gradients, lr)
    program = plan(genome.main, kind, np)
    states = kind.entry.states(genome.main)
    view = (w.shape[0] if w.ndim else 1, -1)
    now = w.reshape(view)
    memory = {s: [np.zeros_like(now)] for s in states}
    shared = {"lr": np.float64(lr), "total": np.float64(STEPS)}
    with np.errstate(all="ignore"):
        for step, g in enumerate(gradients, 1):
            inputs = {"w": [now], "g": [g.reshape(view)], "step": np.float64(step)}
            update, *new = program({**inputs, **shared, **memory}, 1)
            now = now - update[0]
            memory = dict(zip(states, new, strict=True))
    return now.reshape(w.shape)


def _played_freely(name: str, w: np.ndarray, gradients: list[np.ndarray], lr: float) -> np.ndarray:
    program = library("optimizer")[name]
    update = rule(program.source, program.form)
    now = torch.tensor(w)
    state = update.init([now.clone()])
    for step, g in enumerate(gradients, 1):
        given = ([now.clone()], [torch.tensor(g)], state, lr, step, STEPS)
        (delta,), state = update.update(*given)
        now = now - delta
    return now.numpy()


def with_torch(make: Callable[[list[torch.Tensor]], torch.optim.Optimizer]) -> Reference:
    """Turn one of torch's optimisers into a reference."""

    def run(w: np.ndarray, gradients: list[np.ndarray], lr: float) -> np.ndarray:
        weight = torch.tensor(w, dtype=torch.float64, requires_grad=True)
        optimizer = make([weight])
        for group in optimizer.param_groups:
            group["lr"] = lr
        for g in gradients:
            weight.grad = torch.tensor(g, dtype=torch.float64)
            optimizer.step()
        return weight.detach().numpy()

    return run
