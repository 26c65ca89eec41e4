"""What a free-form program does on the fixed probes, in the layout of the language's own.

The problems are those of `programs.kinds`, in double precision, so that a program gives the same
numbers whichever way it is written. They go back as they are: rounding and hashing them is the
parent's business.
"""

from __future__ import annotations

import numpy as np
import torch

from evaluators.harness.freeform.text import factors, rule
from programs.kinds import optimizer_probe, schedule
from sandbox.base import Payload


@torch.no_grad()
def probe(payload: Payload) -> Payload:
    """Run the program `source` of form `form`; return its `outputs`."""
    source, form = payload.data["source"], payload.data["form"]
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        found = _factors(source) if form == "schedule" else _updates(source, form)
    finally:
        torch.set_default_dtype(before)
    return Payload({}, {"outputs": found})


def sampled(payload: Payload) -> Payload:
    """Return the `factors` of the schedule `source` at all steps of a run of `total`."""
    total = int(payload.data["total"])
    found = factors(payload.data["source"], total, range(total))
    return Payload({}, {"factors": np.array(found, dtype=np.float64)})


def warm_up() -> None:
    """Make the problems, and what torch imports late."""
    source = "import torch\ndef update(w, g, m, lr):\n    return lr * torch.lerp(m, g, 0.1), g\n"
    probe(Payload({"source": source, "form": "tensor"}))


def _factors(source: str) -> np.ndarray:
    courses = [factors(source, total, steps) for total, steps in schedule.COURSES]
    return np.concatenate(courses)


def _updates(source: str, form: str) -> np.ndarray:
    """Return all updates, `[steps, runs, n]`, tensors side by side."""
    problem = optimizer_probe.given()
    runs = []
    for place, total in enumerate(problem.totals):
        update = rule(source, form)
        state = update.init(_tensors(problem.weights[0, place]))
        rows = []
        for time, steps in enumerate(problem.steps):
            params = _tensors(problem.weights[time, place])
            grads = _tensors(problem.gradients[time, place])
            lr = float(problem.rates[time, place])
            deltas, state = update.update(params, grads, state, lr, steps[place], total)
            rows.append(torch.cat([d.reshape(-1).double() for d in deltas]).numpy())
        runs.append(np.array(rows))
    return np.stack(runs, axis=1)


def _tensors(flat: np.ndarray) -> list[torch.Tensor]:
    """Cut `[n]` into tensors of their natural shapes: a column is a vector."""
    sizes = [rows * columns for rows, columns in optimizer_probe.SHAPES]
    parts = torch.from_numpy(flat.copy()).split(sizes)
    shapes = [s if s[1] > 1 else (s[0],) for s in optimizer_probe.SHAPES]
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
