"""Train one model under an optimiser program at every learning rate and seed, in one stacked run.

The child side of every optimiser evaluation: it gets training inputs and labels, and the inputs
of the split that is judged; it gives back predictions. Which of them are right, only the parent
knows. The program is run by our own interpreter, so no text of a candidate is executed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from evaluators.harness.models import Model, mlp
from evaluators.harness.replicas import Replicas
from programs.errors import Fault
from programs.load import kind_named, read_program
from sandbox.base import Payload

PROBATION = 0.1
"""Share of the steps after which a program that lowered no loss anywhere is given up."""

PROGRESS = 0.98
"""The loss, relative to the first, below which there is progress."""

SAMPLE = 256
"""Training examples on which progress is looked for."""

CHECK_EVERY = 20


def train(payload: Payload) -> Payload:
    """Train `learning_rates × seeds` replicas and predict on `eval_x`.

    Arrays in: `train_x [n, d]`, `train_y [n]`, `eval_x [k, d]`. Arrays out: `predictions
    [learning rates, seeds, k, classes]`, not-a-number for replicas that diverged, and `losses
    [points, learning rates, seeds]`, the mean training loss of each stretch of 20 steps. Data
    out: `steps` taken; `stopped` says why there are fewer than asked for.
    """
    data = payload.data
    device = torch.device(str(data.get("device", "cpu")))
    arrays = {n: torch.from_numpy(np.array(a)).to(device) for n, a in payload.arrays.items()}
    replicas = Replicas(
        model=mlp(data["widths"]),
        program=_function(data["source"]),
        learning_rates=data["learning_rates"],
        seeds=data["seeds"],
        total=data["steps"],
        device=device,
    )
    losses, steps, stopped = _fit(replicas, arrays["train_x"], arrays["train_y"], data)
    predictions = replicas.predict(arrays["eval_x"])
    return Payload(
        {"steps": steps, "stopped": stopped},
        {"predictions": predictions.cpu().numpy(), "losses": losses},
    )


def warm_up() -> None:
    """Run a few steps so that everything torch imports late is there before the first fork."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 4)).astype(np.float32)
    arrays = {"train_x": x, "train_y": np.arange(8) % 3, "eval_x": x}
    source = "def update(w, g, lr):\n    return lr * g\n"
    data = {"source": source, "widths": [4, 4, 3], "steps": 2, "batch": 4}
    train(Payload({**data, "learning_rates": [0.1], "seeds": [0]}, arrays))


def _function(source: str):
    program = read_program(source, kind_named("optimizer"))
    if isinstance(program, Fault) or program.genome is None:
        raise ValueError(f"not a program of the language: {program}")
    return program.genome.main


def _fit(
    replicas: Replicas, x: Tensor, y: Tensor, data: Mapping[str, Any]
) -> tuple[np.ndarray, int, str]:
    """Train to the end, or until nothing is left that learns."""
    steps, batch = int(data["steps"]), int(data["batch"])
    order = _batches(len(x), batch, steps, data["seeds"]).to(x.device)
    probation = max(CHECK_EVERY, math.ceil(steps * PROBATION / CHECK_EVERY) * CHECK_EVERY)
    points: list[np.ndarray] = []
    stretch: list[Tensor] = []
    before = replicas.loss(x[:SAMPLE], y[:SAMPLE])
    for step in range(1, steps + 1):
        picked = order[step - 1]
        loss = replicas.step(x[picked], y[picked], step, cosine(step - 1, steps))
        stretch.append(loss)
        if step % CHECK_EVERY and step < steps:
            continue
        points.append(replicas.unstack(torch.stack(stretch).mean(0)))
        stretch = []
        if not replicas.drop_diverged(loss):
            return np.array(points), step, f"diverged: at every learning rate by step {step}"
        if (
            step == probation
            and not (replicas.loss(x[:SAMPLE], y[:SAMPLE]) < PROGRESS * before).any()
        ):
            return (
                np.array(points),
                step,
                f"no progress: no loss fell within {step} steps at any learning rate",
            )
    return np.array(points), steps, ""


def cosine(step: int, total: int) -> float:
    """Return the factor on the learning rate: cosine annealing from 1 towards 0."""
    return 0.5 * (1.0 + math.cos(math.pi * step / total))


def _batches(count: int, batch: int, steps: int, seeds: list[int]) -> Tensor:
    """Draw `[steps, seeds, batch]` indices: each seed goes through shuffled epochs."""
    rows = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed + 1_000_003)
        epochs = math.ceil(steps * batch / count)
        drawn = torch.cat([torch.randperm(count, generator=generator) for _ in range(epochs)])
        rows.append(drawn[: steps * batch].reshape(steps, batch))
    return torch.stack(rows, 1)


__all__ = ["Model", "cosine", "train", "warm_up"]
