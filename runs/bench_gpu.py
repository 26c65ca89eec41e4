"""Measure a card: how far a warm spare hides the start-up, and what stacking and replaying gain."""

from __future__ import annotations

import time
from typing import Any

from runs import bench_evaluate
from sandbox.base import Job, Limits, Payload
from sandbox.forkserver import CardUnavailableError
from sandbox.process import ProcessSandbox

REPLICAS = (8, 32)
_STEPS, _ROUNDS = 100, 9


def measure(device: str = "cuda") -> dict[str, Any]:
    """Return the figures, or under "missing" why there is no card to measure."""
    preload = ("torch", bench_evaluate.HARNESS, "sandbox.drill")
    with ProcessSandbox(1, preload, device=device) as sandbox:
        sandbox.start()
        try:
            cold = _answered(sandbox, device)
        except CardUnavailableError as error:
            return {"missing": str(error)}
        time.sleep(cold)  # as a training would take: the next spare gets warm meanwhile
        warm = _answered(sandbox, device)
        data = {"replicas": list(REPLICAS), "steps": _STEPS, "rounds": _ROUNDS, "device": "cuda"}
        job = _job(f"{bench_evaluate.HARNESS}:evaluate", device, data)
        rows = bench_evaluate.rows(sandbox.run(job))
    return {"cold_s": cold, "warm_s": warm, "stacked": rows}


def _answered(sandbox: ProcessSandbox, device: str) -> float:
    """Return the seconds from asking to the answer of an empty job."""
    began = time.perf_counter()
    sandbox.run(_job("sandbox.drill:nothing", device, {}))
    return time.perf_counter() - began


def _job(harness: str, device: str, data: dict[str, Any]) -> Job:
    return Job(harness, Payload(data), Limits(seconds=600.0), device, trusted=True)
