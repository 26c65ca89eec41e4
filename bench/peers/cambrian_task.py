"""The peers' problem as a task of Cambrian's; copied beside its log, which the parent writes.

A candidate is a schedule, as it is for the peers. Cambrian keeps scores from whoever returns them,
so it has no evaluator that takes a candidate's word for one: the cheapest is a training of a
single step, the other the peers' own 20 steps on a linear model.
"""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluators.data import Data
from evaluators.networks import mlp
from evaluators.schedules import Schedules
from evaluators.supervised import Supervised
from evaluators.task import Measurement, Trial
from programs.program import Program
from sandbox.base import Payload

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "settings.json").read_text())
_NOW = threading.local()  # payload and measure of one judgement are called by one thread


@dataclass(frozen=True)
class Logged(Schedules):
    """A task whose evaluations are logged as the peers' scorer logs its own."""

    def payload(self, program: Program, trial: Trial) -> Payload:
        """Log that a program is about to be judged, unless that is for the verdict at the end."""
        _NOW.key = program.key
        if trial.split == "validation":
            _note("begin", program.key)
        return super().payload(program, trial)

    def measure(self, result: Payload, trial: Trial) -> Measurement:
        """Log the score that this process gave."""
        measured = super().measure(result, trial)
        if trial.split == "validation":
            _note("end", _NOW.key, float(measured.score.mean()))
        return measured


def load() -> Data:
    """Draw a linear problem: 64 rows to train on, as many to judge."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(192, 8)).astype(np.float32)
    y = (x @ rng.normal(size=(8, 1)).astype(np.float32)).astype(np.float32)
    parts = [(x[i : i + 64], y[i : i + 64]) for i in (0, 64, 128)]
    return Data(*parts)


def _note(event: str, source: str, score: float | None = None) -> None:
    line: dict[str, Any] = {
        "event": event,
        "at": time.monotonic(),
        "pid": os.getpid(),
        "source": source,
    }
    if score is not None:
        line["score"] = score
    handle = os.open(HERE / "evaluations.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(handle, (json.dumps(line) + "\n").encode())
    os.close(handle)


TASK = Logged(
    Supervised(
        name="peers",
        goal="Fit a linear model to 64 rows in the lowest squared error.",
        data=load,
        model=mlp(8, 1),
        score="-squared error",
        steps=20 if SETTINGS["training"] else 1,
        batch=64,
        learning_rates=(0.1,),
        seeds=1,
        seconds=float(SETTINGS["seconds"]),
    ),
    baselines=("cosine",),
)
