"""Score a candidate's file and log it: what every peer is given as its evaluator.

It is copied beside the candidate's initial program and runs in the peer's own Python, so it
imports nothing but the standard library, and torch where it trains. `settings.json` beside it says
which. Its log is what figures are counted from: one line before a candidate runs, one after.
"""

from __future__ import annotations

import importlib.util
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
STEPS = 20
Schedule = Callable[[int, int], float]


def evaluate(program_path: str) -> dict[str, float]:
    """Run the candidate's schedule; return its score under the name that peers look for."""
    with open(program_path, encoding="utf-8") as file:
        source = file.read()
    note("begin", source)
    score = bounded(judged(loaded(program_path).schedule))
    note("end", source, score)
    return {"combined_score": score}


def judged(schedule: Schedule) -> float:
    """Return the schedule's worth: its middle, or what a training under it comes to."""
    if json.loads((HERE / "settings.json").read_text())["training"]:
        return trained(schedule)
    return float(schedule(STEPS // 2, STEPS))


def trained(schedule: Schedule) -> float:
    """Train a linear model for 20 steps of SGD at the schedule's rates; higher is better."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    x = torch.randn(64, 8)
    y = x @ torch.randn(8, 1)
    model = torch.nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = 0.1 * float(schedule(step, STEPS))
        loss = torch.nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return 1.0 / (1.0 + float(torch.nn.functional.mse_loss(model(x), y)))


def bounded(value: float) -> float:
    """Return the value if it is a possible score, else none worth having."""
    return value if 0.0 <= value <= 1.0 else 0.0


def loaded(path: str) -> Any:
    """Import a candidate's file under a name of its own."""
    spec = importlib.util.spec_from_file_location("candidate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def note(event: str, source: str, score: float | None = None) -> None:
    """Add a line to the log, whole or not at all."""
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
