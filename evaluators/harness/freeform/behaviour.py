"""What a free-form program does on the fixed probes and on random ones, in the language's layout.

The problems are those of `programs.kinds`, in double precision, so that a program gives the same
numbers whichever way it is written. They go back as they are: rounding, comparing and hashing them
is the parent's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod

import numpy as np
import torch

from evaluators.harness.freeform.draws import natural, thinned
from evaluators.harness.freeform.text import factors, rule
from programs.kinds import optimizer_fresh, optimizer_probe, schedule
from programs.kinds.optimizer_probe import Given
from sandbox.base import Payload


@torch.no_grad()
def probe(payload: Payload) -> Payload:
    """Run the program `source` of form `form`; return its `outputs`."""
    source, form = payload.data["source"], payload.data["form"]
    with _in_double():
        found = _factors(source) if form == "schedule" else _probed(source, form)
    return Payload({}, {"outputs": found})


@torch.no_grad()
def afresh(payload: Payload) -> Payload:
    """Run it on the random problems of all `seeds`; what it gives is named by the seed.

    A problem on which the program fails has no entry.
    """
    source, form = payload.data["source"], payload.data["form"]
    run: Callable[..., np.ndarray] = _drawn_factors if form == "schedule" else _drawn_updates
    found: dict[str, np.ndarray] = {}
    for seed in payload.data["seeds"]:
        try:
            with _in_double():
                found[str(seed)] = thinned(run(source, form, seed))
        except Exception:
            continue
    return Payload({}, found)


def sampled(payload: Payload) -> Payload:
    """Return the `factors` of the schedule `source` at all steps of a run of `total`."""
    total = int(payload.data["total"])
    found = factors(payload.data["source"], total, range(total))
    return Payload({}, {"factors": np.array(found, dtype=np.float64)})


def warm_up() -> None:
    """Make the problems, and what torch imports late."""
    source = "import torch\ndef update(w, g, m, lr):\n    return lr * torch.lerp(m, g, 0.1), g\n"
    probe(Payload({"source": source, "form": "tensor"}))


@contextmanager
def _in_double() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _factors(source: str) -> np.ndarray:
    courses = [factors(source, total, steps) for total, steps in schedule.COURSES]
    return np.concatenate(courses)


def _drawn_factors(source: str, form: str, seed: int) -> np.ndarray:
    steps, totals = schedule.drawn(np.random.default_rng(seed))
    runs = [
        factors(source, int(total), [int(step) for step in taken])
        for taken, total in zip(steps.T, totals[0], strict=True)
    ]
    return np.array(runs).T


def _probed(source: str, form: str) -> np.ndarray:
    shapes = [s if s[1] > 1 else s[:1] for s in optimizer_probe.SHAPES]
    return _updates(source, form, optimizer_probe.given(), shapes)


def _drawn_updates(source: str, form: str, seed: int) -> np.ndarray:
    problem = optimizer_fresh.drawn(np.random.default_rng(seed))
    given = optimizer_probe.step_by_step(problem)
    return _updates(source, form, given, natural(problem.layout.shapes, seed))


def _updates(
    source: str, form: str, problem: Given, shapes: Sequence[tuple[int, ...]]
) -> np.ndarray:
    """Return all updates, `[steps, runs, n]`, tensors side by side."""
    runs = []
    for place, total in enumerate(problem.totals):
        update = rule(source, form)
        state = update.init(_tensors(problem.weights[0, place], shapes))
        rows = []
        for time, steps in enumerate(problem.steps):
            params = _tensors(problem.weights[time, place], shapes)
            grads = _tensors(problem.gradients[time, place], shapes)
            lr = float(problem.rates[time, place])
            deltas, state = update.update(params, grads, state, lr, steps[place], total)
            rows.append(torch.cat([d.reshape(-1).double() for d in deltas]).numpy())
        runs.append(np.array(rows))
    return np.stack(runs, axis=1)


def _tensors(flat: np.ndarray, shapes: Sequence[tuple[int, ...]]) -> list[torch.Tensor]:
    """Cut `[n]` into tensors of these shapes."""
    parts = torch.from_numpy(flat.copy()).split([prod(s) for s in shapes])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
