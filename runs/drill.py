"""Measure the sandbox: what each tier costs, how fast a limit bites, and that results are equal."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox import Job, Limits, Outcome, Payload, ProcessSandbox, tiers

PRELOAD = ("torch", "sandbox.drill")
_WARM_UP = 5


def measure(repeats: int = 100) -> Iterator[dict[str, Any]]:
    """Yield the figures of each tier that works here, "process" last."""
    for tier in (*tiers.SAFE, "process"):
        if tier != "process" and not tiers.probe(tier).works:
            yield {"tier": tier, "why": tiers.probe(tier).why}
            continue
        yield _measure(tier, repeats)


def _measure(tier: str, repeats: int) -> dict[str, Any]:
    began = time.perf_counter()
    with ProcessSandbox(1, PRELOAD, tier=tier) as sandbox:
        sandbox.start()
        started = time.perf_counter() - began
        empty = _seconds(sandbox, _job("nothing"), repeats)
        training = _seconds(sandbox, _job("train", steps=20), repeats // 2)
        result = sandbox.run(_job("train", steps=20)).result
        late = [sandbox.run(_job("spin", 0.1)).seconds - 0.1 for _ in range(5)]
        long = sandbox.run(_job("train", steps=1500)).seconds
    assert result is not None
    return {
        "tier": tier,
        "start_s": round(started, 2),
        "empty_ms": round(1000 * statistics.median(empty), 1),
        "empty_per_minute": round(60 / statistics.mean(empty)),
        "training_ms": round(1000 * statistics.median(training), 1),
        "training_per_minute": round(60 / statistics.mean(training)),
        "gone_after_limit_ms": round(1000 * statistics.median(late)),
        "long_training_s": round(long, 3),
        "two_workers": round(_speed_up(tier, repeats // 2), 2),
        "result": hashlib.sha256(result.arrays["losses"].tobytes()).hexdigest()[:12],
    }


def _speed_up(tier: str, repeats: int) -> float:
    """Return how many times as many trainings two workers do as one."""
    job = _job("train", steps=100)
    taken = []
    for workers in (1, 2):
        with (
            ProcessSandbox(workers, PRELOAD, tier=tier) as sandbox,
            ThreadPoolExecutor(workers) as threads,
        ):
            sandbox.start()
            began = time.perf_counter()
            list(threads.map(sandbox.run, [job] * repeats))
            taken.append(time.perf_counter() - began)
    return taken[0] / taken[1]


def _seconds(sandbox: ProcessSandbox, job: Job, repeats: int) -> list[float]:
    taken = [_timed(sandbox, job) for _ in range(_WARM_UP + repeats)]
    return taken[_WARM_UP:]


def _timed(sandbox: ProcessSandbox, job: Job) -> float:
    began = time.perf_counter()
    outcome: Outcome = sandbox.run(job)
    assert outcome.result is not None, outcome.message
    return time.perf_counter() - began


def _job(name: str, seconds: float = 30.0, **data: Any) -> Job:
    return Job(f"sandbox.drill:{name}", Payload(data), Limits(seconds=seconds), trusted=True)
