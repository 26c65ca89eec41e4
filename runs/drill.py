"""Measure the sandbox: what each tier costs, how fast a limit bites, and that results are equal.

The tiers take turns, job by job, so that whatever else the machine does slows all of them alike;
so does a bare process without fork, cage or limit, against which long trainings are held.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluators import freeform, modules
from programs.errors import CambrianError
from runs.drill_jobs import architecture, job, optimizer, schedule, scheduled
from sandbox import Job, Outcome, Payload, ProcessSandbox, drill, kernel, tiers

PRELOAD = ("torch", "sandbox.drill")
FREEFORM = (*freeform.PRELOAD, "evaluators.harness.schedule")
MODULES = (*modules.PRELOAD, "evaluators.harness.architecture")
"""What is imported before the forks: a fork costs more the more there is."""

_LIMIT = 0.1
_FEW = 9  # rounds of what takes a second
_LONG = 4000  # steps, of a second or more in all
_REST = 0.5  # seconds


def measure(rounds: int = 100) -> list[dict[str, Any]]:
    """Return the figures of each tier that works here, "process" last for comparison."""
    names = [finding.tier for finding in tiers.survey() if finding.works] + ["process"]
    with _warm(names, PRELOAD) as warm:
        starts = {name: _started(sandbox) for name, sandbox in warm.items()}
        empty = _in_turns(warm, job("nothing"), rounds)
        short = _in_turns(warm, job("train", steps=20), rounds)
        long, overhead, bare = _against_bare(warm)
        late = {name: [_overrun(sandbox) for _ in range(_FEW)] for name, sandbox in warm.items()}
        own = {name: _own_memory(sandbox) for name, sandbox in warm.items()}
        results = {name: _digest(_train(sandbox, 20)) for name, sandbox in warm.items()}
    with _warm(names, FREEFORM) as warm:
        asked = _in_turns(warm, optimizer(), rounds)
        factors = _in_turns(warm, schedule(), rounds)
        given = _in_turns(warm, scheduled(), rounds)
    with _warm(names, MODULES) as warm:
        built = _in_turns(warm, architecture, rounds)
    return [
        {
            "tier": name,
            "start_s": round(starts[name], 1),
            **_figures("empty", empty[name]),
            **_figures("training", short[name]),
            **_figures("freeform_optimizer", asked[name]),
            **_figures("freeform_schedule", factors[name].before(given[name])),
            **_figures("freeform_architecture", built[name]),
            "long_training_s": round(long[name], 2),
            "overhead_on_it_percent": round(100 * overhead[name], 1),
            "gone_after_limit_ms": round(1000 * max(late[name])),
            "memory_per_child_mib": own[name],
            "two_workers": round(_speed_up(name, rounds), 2),
            "result": results[name],
            "bare_result": bare,
            "load": round(os.getloadavg()[0], 1),
        }
        for name in names
    ]


@contextmanager
def _warm(names: Sequence[str], preload: Sequence[str]) -> Iterator[dict[str, ProcessSandbox]]:
    """Hold a worker of each tier; where nothing cages them, the programs are still our own."""
    with ExitStack() as held:
        yield {
            name: held.enter_context(ProcessSandbox(1, preload, tier=name, unsafe=True))
            for name in names
        }


@dataclass(slots=True)
class _Taken:
    """What jobs took: seconds each, and seconds of processor in all, ours included."""

    seconds: list[float] = field(default_factory=list)
    processor: float = 0.0

    def before(self, other: _Taken) -> _Taken:
        """Return what pairs of jobs took, one after the other."""
        pairs = zip(self.seconds, other.seconds, strict=True)
        return _Taken([sum(pair) for pair in pairs], self.processor + other.processor)


def _figures(name: str, taken: _Taken) -> dict[str, float]:
    """Return the wait, the processor time, and how many of the job one core can do in a minute."""
    processor = taken.processor / len(taken.seconds)
    return {
        f"{name}_ms": round(1000 * statistics.median(taken.seconds), 1),
        f"{name}_processor_ms": round(1000 * processor, 1),
        f"{name}_per_minute_and_core": round(60 / processor) if processor else 0,
    }


def _started(sandbox: ProcessSandbox) -> float:
    began = time.perf_counter()
    sandbox.start()
    return time.perf_counter() - began


def _in_turns(
    warm: dict[str, ProcessSandbox], job: Job | Callable[[ProcessSandbox], Job], rounds: int
) -> dict[str, _Taken]:
    """Time a job, or one whose making asks the sandbox too."""
    for sandbox in warm.values():
        _finished(sandbox.run(job if isinstance(job, Job) else job(sandbox)))
    taken = {name: _Taken(processor=-sandbox.processor()) for name, sandbox in warm.items()}
    for _ in range(rounds):
        for name, sandbox in warm.items():
            began, own = time.perf_counter(), time.process_time()
            _finished(sandbox.run(job if isinstance(job, Job) else job(sandbox)))
            taken[name].seconds.append(time.perf_counter() - began)
            taken[name].processor += time.process_time() - own
    for name, sandbox in warm.items():
        taken[name].processor += sandbox.processor()
    return taken


def _against_bare(
    warm: dict[str, ProcessSandbox],
) -> tuple[dict[str, float], dict[str, float], str]:
    """Return each tier's seconds for a long training, its overhead, and a bare process's result.

    The overhead is the median, over the rounds, of what a tier took more than the bare process did
    just before or after it.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ("bare", *warm)}
    with _bare() as train:
        trainers = {"bare": train} | {
            name: lambda steps, sandbox=sandbox: _train(sandbox, steps)
            for name, sandbox in warm.items()
        }
        for turn in range(_FEW):
            order = list(trainers)
            for name in order if turn % 2 else reversed(order):
                began = time.perf_counter()
                trainers[name](_LONG)
                seconds[name].append(time.perf_counter() - began)
        result = _digest(train(20))
    bare = seconds.pop("bare")
    more = {
        name: statistics.median(t / b - 1 for t, b in zip(taken, bare, strict=True))
        for name, taken in seconds.items()
    }
    return {name: statistics.median(taken) for name, taken in seconds.items()}, more, result


@contextmanager
def _bare() -> Iterator[Callable[[int], Payload]]:
    """Hold a fresh process that trains as a child would, with nothing around it."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, fresh, initializer=_one_thread) as pool:
        yield lambda steps: pool.submit(drill.train, Payload({"steps": steps})).result()


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
    drill.warm_up()


def _overrun(sandbox: ProcessSandbox) -> float:
    """Return the seconds from a limit until the answer that all is gone."""
    return sandbox.run(job("spin", _LIMIT)).seconds - _LIMIT


def _own_memory(sandbox: ProcessSandbox) -> float | None:
    """Return the MiB that an idle child shares with nobody, or `None` where that is hidden."""
    waiting = threading.Thread(target=sandbox.run, args=(job("rest", seconds=60, pause=_REST),))
    waiting.start()
    time.sleep(_REST / 2)
    children = [pid for server in sandbox.servers() for pid in kernel.living_below(server)]
    found = [own for pid in children if (own := _unshared(pid)) is not None]
    waiting.join()
    return round(min(found) / 1024, 1) if found else None


def _unshared(pid: int) -> int | None:
    """Return the KiB that are a process's own, or `None` where it may not be looked at."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def _train(sandbox: ProcessSandbox, steps: int) -> Payload:
    return _finished(sandbox.run(job("train", steps=steps)))


def _digest(trained: Payload) -> str:
    return hashlib.sha256(trained.arrays["losses"].tobytes()).hexdigest()[:12]


def _speed_up(tier: str, rounds: int) -> float:
    """Return how many times as many trainings two workers do as one."""
    taken = []
    for workers in (1, 2):
        with (
            ProcessSandbox(workers, PRELOAD, tier=tier) as sandbox,
            ThreadPoolExecutor(workers) as threads,
        ):
            sandbox.start()
            began = time.perf_counter()
            list(threads.map(sandbox.run, [job("train", steps=100)] * rounds))
            taken.append(time.perf_counter() - began)
    return taken[0] / taken[1]


def _finished(outcome: Outcome) -> Payload:
    if outcome.result is None:
        raise CambrianError(f"The benchmark failed: {outcome.message}")
    return outcome.result
