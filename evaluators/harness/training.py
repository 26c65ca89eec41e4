"""The training loop of every kind: one stacked run, batches in, predictions on unseen inputs out.

An optimiser is judged with a fixed schedule, a schedule with a fixed optimiser: both are this loop
under other arguments. It gets training inputs and labels, and the inputs of the split that is
judged; which of its predictions are right, only the parent knows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from evaluators.harness.capture import Course, Graphs, Recorder, Replayed, Taken, hindrance
from evaluators.harness.following import CHECK_EVERY, Curve, fell, follow
from evaluators.harness.losses import LOSSES
from evaluators.harness.models import build
from evaluators.harness.models.base import Shape
from evaluators.harness.replicas import Replicas
from evaluators.harness.rules import Interpreted, Rule
from programs.genome import Function
from sandbox.base import Payload

PROBATION = 0.1
"""Share of the steps after which a program that lowered no loss anywhere is given up."""

PROGRESS = 0.98
"""The loss, relative to the first, below which there is progress."""

SAMPLE = 8
"""Training batches on which progress is looked for."""

RECORDERS: Mapping[str, Callable[[], Recorder]] = {"cuda": Graphs}
"""What records steps, by the sort of device that can replay them."""

MakeRule = Callable[[Sequence[Shape], int, torch.device], Rule]
"""What makes a rule for tensors of these shapes and so many steps."""


def train_on(payload: Payload, update: Function | MakeRule, factors: Sequence[float]) -> Payload:
    """Train `learning_rates × seeds` replicas for `len(factors)` steps and predict on `eval_x`.

    Data in: `model` (a family's name and settings), `loss`, `batch`, `learning_rates`, `seeds`.
    Arrays in: `train_x [n, …]`, `train_y [n, …]`, `eval_x [k, …]`. Arrays out: `predictions
    [learning rates, seeds, k, …]`, not-a-number for replicas that diverged, and `losses [points,
    learning rates, seeds]`, the mean training loss of each stretch of 20 steps. Data out: `steps`
    taken; `stopped` says why there are fewer than asked for; `step_by_step` why steps were not
    replayed on a device that can.

    With `marks`, steps at which to look, and the array `curve_x [c, …]`, predictions on it at each
    come back as `curve [marks, learning rates, seeds, c, …]`; the training is the same. With
    `patient`, a program that learns nothing at first is not given up. With `capture` false,
    no step is replayed.
    """
    data = payload.data
    device = torch.device(str(data.get("device", "cpu")))
    arrays = {n: torch.from_numpy(np.array(a)).to(device) for n, a in payload.arrays.items()}
    x, y, judged = (_indexable(arrays[n]) for n in ("train_x", "train_y", "eval_x"))
    resident = device.type in RECORDERS
    language = isinstance(update, Function)
    make = partial(Interpreted, update, resident=resident) if language else update
    model = build(data["model"])
    replicas = Replicas(
        model=model,
        loss=LOSSES[data["loss"]],
        rule=make(model.shapes, len(factors), device),
        learning_rates=data["learning_rates"],
        seeds=data["seeds"],
        device=device,
    )
    curve = Curve(
        data.get("marks", ()),
        lambda: replicas.predict(_indexable(arrays["curve_x"])).cpu().numpy(),
    )
    order = batches(len(x), int(data["batch"]), len(factors), data["seeds"]).to(device)
    steps = _steps(replicas, Course(x, y, order, factors), bool(data.get("capture", True)))
    losses, count, stopped = _fit(replicas, steps, data, curve)
    found = {"losses": losses}
    if not stopped:
        found["predictions"] = replicas.predict(judged).cpu().numpy()
        if curve.points:
            found["curve"] = np.stack(curve.points)
    return Payload({"steps": count, "stopped": stopped, "step_by_step": steps.hindrance}, found)


def _steps(replicas: Replicas, course: Course, wanted: bool) -> Taken | Replayed:
    """Return the steps of a training, replayed where they can be."""
    sort = course.x.device.type
    if sort not in RECORDERS:
        return Taken(replicas, course)
    if why := hindrance(replicas.rule, len(course.factors), wanted):
        return Taken(replicas, course, why)
    return Replayed(replicas, course, RECORDERS[sort]())


def _indexable(values: Tensor) -> Tensor:
    """Return whole numbers as torch wants them for look-ups and labels."""
    return values if values.is_floating_point() else values.long()


def _fit(
    replicas: Replicas, steps: Taken | Replayed, data: Mapping[str, Any], curve: Curve
) -> tuple[np.ndarray, int, str]:
    """Train to the end, or until nothing is left that learns."""
    total = len(steps.course.factors)
    probation = max(CHECK_EVERY, math.ceil(total * PROBATION / CHECK_EVERY) * CHECK_EVERY)
    sample = slice(SAMPLE * int(data["batch"]))
    x, y = steps.course.x[sample], steps.course.y[sample]
    before = replicas.loss(x, y)

    def learnt() -> bool:
        return bool(data.get("patient")) or fell(before, replicas.loss(x, y), PROGRESS)

    return follow(replicas, steps.take, total, curve, probation, learnt)


def cosine(step: int, total: int) -> float:
    """Return the factor on the learning rate: cosine annealing from 1 towards 0."""
    return 0.5 * (1.0 + math.cos(math.pi * step / total))


def batches(count: int, batch: int, steps: int, seeds: Sequence[int]) -> Tensor:
    """Draw `[steps, seeds, batch]` indices: each seed goes through shuffled epochs."""
    rows = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed + 1_000_003)
        epochs = math.ceil(steps * batch / count)
        drawn = torch.cat([torch.randperm(count, generator=generator) for _ in range(epochs)])
        rows.append(drawn[: steps * batch].reshape(steps, batch))
    return torch.stack(rows, 1)
