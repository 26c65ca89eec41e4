"""Judge an architecture: train it in a task's place at every learning rate and seed, then predict.

The child side of every architecture's evaluation. It gets training examples with labels and the
judged inputs without; which of its predictions are right, only the parent knows. The program is
built by our own interpreter, or has come as a graph of known operations (`evaluators.graph`), so
no text of a candidate is executed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from evaluators.harness.audit import audit
from evaluators.harness.bodies.cost import counted, latency, step_memory
from evaluators.harness.bodies.graph import bodies
from evaluators.harness.bodies.stack import AT_ONCE, Recipe, Stack
from evaluators.harness.bodies.whole import whole
from evaluators.harness.following import CHECK_EVERY, Curve, fell, follow
from evaluators.harness.training import batches, cosine
from sandbox.base import Payload

PROBATION = 0.25
"""Share of the steps after which a network that learnt nothing anywhere is given up."""

PROGRESS = 0.99
"""The loss, relative to the first, below which something was learnt."""

SAMPLE = 64
"""Training examples on which progress is looked for."""

ROOM = 8.0
"""MiB of a copy's training step above which copies run one by one: together they would crowd each
other out of the processor's cache."""


def train(payload: Payload) -> Payload:
    """Train `learning_rates × seeds` copies and predict on `eval_x`.

    Data in: `source`, `spec`, `stem`, `pooled`, `recipe`, `sizes`, `batch`, `steps`,
    `learning_rates`, `seeds`, `device`, and for a free-form program `graph` instead of `source`,
    with its weights `w0`, … among the arrays. Arrays in: `train_x`, `train_y`, `eval_x`, and
    `asked`, a mask of positions, unless pooled. Arrays out: `predictions [learning rates, seeds,
    examples or asked positions, outputs]`, not-a-number for copies that diverged, and `losses
    [points, learning rates, seeds]`, the mean loss of each stretch of 20 steps. Data out: `stopped`
    says why
    there are no predictions, `fault` what the audits found, `costs` what the network takes.

    With `marks`, steps at which to look, and the array `curve_x` (and `curve_asked` unless pooled),
    predictions on it at each come back as `curve [marks, learning rates, seeds, …]`; the training
    is the same. With `patient`, a network that learns nothing at first is not given up.
    """
    return trained(payload, _bodies(payload))


def trained(payload: Payload, made: Sequence[nn.Module | None], mapped: bool = True) -> Payload:
    """Do what `train` says with bodies that are there; unless `mapped`, one copy by one."""
    data = payload.data
    device = torch.device(str(data.get("device", "cpu")))
    x, y, judged = (_tensor(payload, n, device) for n in ("train_x", "train_y", "eval_x"))
    batch = int(data["batch"])
    networks = [
        whole(data, x[:2].cpu(), seed, body).to(device)
        for seed, body in zip(data["seeds"], made, strict=True)
    ]
    memory = step_memory(networks[0], x[:batch], y[:batch])
    stack = Stack(
        networks, data["learning_rates"], Recipe(**data["recipe"]), mapped and memory < ROOM
    )
    curve = Curve(
        data.get("marks", ()),
        lambda: stack.predict(
            _tensor(payload, "curve_x", device), _mask(payload, "curve_asked", device)
        ),
    )
    losses, _, stopped = _fit(stack, x, y, data, curve)
    if stopped:
        return Payload({"stopped": stopped}, {"losses": losses})
    first = stack.one()
    predictions = stack.predict(judged, _mask(payload, "asked", device))
    costs = {
        **(data["sizes"] or counted(first, x)),
        "memory_mib": memory,
        "latency_ms": latency(first, x[:batch]),
    }
    fault = audit(first, judged, bool(data["spec"]["causal"]), AT_ONCE)
    found = {"predictions": predictions, "losses": losses}
    if curve.points:
        found["curve"] = np.stack(curve.points)
    return Payload({"stopped": "", "fault": fault, "costs": costs}, found)


def _bodies(payload: Payload) -> Sequence[nn.Module | None]:
    """Return the bodies that came as a graph, one a seed, or none."""
    seeds = len(payload.data["seeds"])
    if "graph" not in payload.data:
        return [None] * seeds
    return bodies(payload.data["graph"], payload.arrays, seeds)


def warm_up() -> None:
    """Run a few steps so that everything torch imports late is there before the first fork."""
    rng = np.random.default_rng(0)
    x = rng.integers(4, size=(8, 6))
    arrays = {"train_x": x, "train_y": x, "eval_x": x, "asked": np.ones_like(x)}
    spec = {"input": "sequence", "shape": [6, 4], "outputs": 4, "causal": True}
    stem = {"sort": "embedding", "num_embeddings": 4, "embedding_dim": 4}
    source = "def network(x):\n    return x + attention(layer_norm(x), heads=1)\n"
    data = {"source": source, "spec": spec, "stem": stem, "pooled": False, "recipe": {}}
    train(
        Payload(
            {**data, "sizes": None, "batch": 4, "steps": 2, "learning_rates": [0.1], "seeds": [0]},
            arrays,
        )
    )


def _tensor(payload: Payload, name: str, device: torch.device) -> Tensor:
    """Return an array with whole numbers as torch wants them for look-ups and labels."""
    values = torch.from_numpy(np.array(payload.arrays[name])).to(device)
    return values if values.is_floating_point() else values.long()


def _mask(payload: Payload, name: str, device: torch.device) -> Tensor | None:
    """Return an array that marks positions, or `None` where every example is judged whole."""
    return _tensor(payload, name, device).bool() if name in payload.arrays else None


def _fit(
    stack: Stack, x: Tensor, y: Tensor, data: Mapping[str, Any], curve: Curve
) -> tuple[np.ndarray, int, str]:
    """Train to the end, or until nothing is left that learns."""
    steps = int(data["steps"])
    order = batches(len(x), int(data["batch"]), steps, data["seeds"]).to(x.device)
    probation = max(CHECK_EVERY, round(steps * PROBATION / CHECK_EVERY) * CHECK_EVERY)
    sample = x[:SAMPLE], y[:SAMPLE]
    before = stack.loss(*sample)

    def take(step: int) -> Tensor:
        picked = order[step - 1]
        return stack.step(x[picked], y[picked], step, factor(step, steps, stack.recipe.warmup))

    def learnt() -> bool:
        return bool(data.get("patient")) or fell(before, stack.loss(*sample), PROGRESS)

    return follow(stack, take, steps, curve, probation, learnt)


def factor(step: int, total: int, warmup: float) -> float:
    """Return the factor on the rate at step 1, 2, …: up in a line, then down by a cosine."""
    rise = max(1, math.floor(warmup * total))
    return step / rise if step <= rise else cosine(step - rise, total - rise + 1)
