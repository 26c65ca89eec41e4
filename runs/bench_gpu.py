"""Measure a card: its start-up and what hides it, stacking and replaying, candidates a minute."""

from __future__ import annotations

import time
from typing import Any

from runs import bench_evaluate
from runs.utilization import Utilization
from sandbox.base import Job, Limits, Payload
from sandbox.cuda import missing
from sandbox.forkserver import CardUnavailableError
from sandbox.process import ProcessSandbox

TASK = "digits"
"""A cheap task that judges every kind."""

_STEPS, _ROUNDS = 100, 9


def measure(device: str = "cuda", workers: int = 2, candidates: int = 8) -> dict[str, Any]:
    """Return the figures, or under "missing" why there is no card to measure.

    So many `workers` share the card while they train `candidates` of each kind.
    """
    if device != "cpu" and (why := missing()):
        return {"missing": why}
    preload = ("torch", bench_evaluate.HARNESS, "sandbox.drill")
    with ProcessSandbox(1, preload, device=device) as sandbox:
        sandbox.start()
        try:
            cold = _answered(sandbox, device)
        except CardUnavailableError as error:
            return {"missing": str(error)}
        time.sleep(cold)  # as a training would take: the next spare gets warm meanwhile
        warm = _answered(sandbox, device)
        rows = bench_evaluate.stacked_in(sandbox, device, _STEPS, _ROUNDS)
    judged = _judged(device, workers, candidates)
    return {"cold_s": cold, "warm_s": warm, "stacked": rows, "kinds": judged}


def _judged(device: str, workers: int, candidates: int) -> list[dict[str, Any]]:
    """Train candidates of each kind, and see meanwhile how busy the card is."""
    rows = []
    for task in bench_evaluate.tasks_named([TASK], None):
        use = Utilization(device)
        row = bench_evaluate.throughput(task, workers, candidates, device, beside=use)
        rows.append({**row, **use.as_json()})
    return rows


def _answered(sandbox: ProcessSandbox, device: str) -> float:
    """Return the seconds from asking to the answer of an empty job."""
    began = time.perf_counter()
    job = Job("sandbox.drill:nothing", Payload({}), Limits(seconds=600.0), device, trusted=True)
    sandbox.run(job)
    return time.perf_counter() - began
