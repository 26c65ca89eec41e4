"""What judging costs and what it is worth: stacked training, candidates a minute, known figures.

stacked       microseconds per step of stacks, of single replicas and of a loop by hand
throughput    candidates a minute on a task, for one kind, on so many workers
published     the accuracies of MNIST-1D's networks beside those of its paper
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import cycle, islice
from typing import Any, cast

from evaluators.evaluator import Evaluator
from evaluators.supervised import Supervised
from evaluators.task import TASKS, Task, Trial, judging, kinds_of
from programs.errors import CambrianError
from programs.load import library
from programs.program import Program
from runs.guard import demand_card, demand_device
from runs.pools import judging_in
from runs.start import sandbox_for
from sandbox.base import Job, Limits, Payload, Sandbox, seen_as
from sandbox.cuda import missing
from sandbox.memory import MemorySandbox
from sandbox.process import ProcessSandbox

HARNESS = "evaluators.harness.benchmark"
REPLICAS = (8, 16, 32, 64)
STEPS = 25
"""Steps in a row, by one rival before the next takes its turn."""

PUBLISHED = {"mnist1d": 68, "mnist1d-cnn": 94, "mnist1d-gru": 91}
"""Test accuracies in percent of the MLP, the CNN and the GRU (Greydanus 2020)."""

PAPER = {"steps": 6000, "batch": 100, "learning_rate": 0.01}


def devices_named(device: str) -> list[str]:
    """Return the devices to time: for "auto" the processor, and a card where one is found."""
    if device != "auto":
        return [device]
    return ["cpu"] if missing() else ["cpu", "cuda"]


def stacked(rounds: int, device: str = "cpu") -> list[dict[str, Any]]:
    """Time the benchmark's loops in a worker of the sandbox; `InputError` without the device."""
    demand_card(device)
    with ProcessSandbox(1, preload=("torch", HARNESS), device=device) as sandbox:
        if device != "cpu":
            demand_device(sandbox, device)
        return stacked_in(sandbox, device, STEPS, rounds)


def stacked_in(sandbox: Sandbox, device: str, steps: int, rounds: int) -> list[dict[str, Any]]:
    """Time the loops where a worker is warm already, and say what each stack gains."""
    data = {"replicas": list(REPLICAS), "steps": steps, "rounds": rounds, "device": seen_as(device)}
    limits = Limits(seconds=1200.0)
    job = Job(f"{HARNESS}:evaluate", Payload(data), limits, device, trusted=True)
    outcome = sandbox.run(job)
    if outcome.result is None:
        raise CambrianError(f"The benchmark failed: {outcome.message}")
    times = {name: float(t) for name, t in outcome.result.data.items()}
    return [{"device": device, **_row(name, t, times)} for name, t in times.items()]


def _row(name: str, time_: float, times: dict[str, float]) -> dict[str, Any]:
    """Say how many times faster a stack is than as many single ones."""
    size = name.partition(" ")[0]
    count = int(size) if size.isdigit() else 1
    return {
        "replicas": name,
        "microseconds": time_,
        "speed_up": count * times["1"] / time_,
        "against_by_hand": count * times["by hand"] / time_,
    }


def tasks_named(names: Sequence[str], kind: str | None) -> list[Task]:
    """Return tasks, all built-in ones for "all", for each of their kinds or for one."""
    given = list(TASKS.names()) if "all" in names else names
    problems = [TASKS.find(name) for name in given]
    return [
        judging(problem, each)
        for problem in problems
        for each in kinds_of(problem)
        if kind in (None, each)
    ]


def throughput(
    task: Task,
    workers: int,
    count: int,
    device: str = "cpu",
    beside: AbstractContextManager[object] | None = None,
) -> dict[str, Any]:
    """Judge `count` candidates, the task's baselines in turn, as a search would.

    The workers are warm and the data loaded before the clock starts. `beside` is entered for as
    long as it runs.
    """
    known = library(task.kind)
    programs = list(islice(cycle([known[name] for name in task.baselines]), count))
    with sandbox_for(task, workers, device) as sandbox, judging_in(sandbox, workers) as pool:
        evaluator = Evaluator(task, sandbox, device)
        one, limits = replace(evaluator.trial(), steps=1), task.rungs[0].limits
        list(pool.map(lambda p: evaluator.judge(p, one, limits), programs[:workers]))
        with beside or nullcontext():
            began = time.monotonic()
            found = list(pool.map(evaluator.evaluate, programs))
            seconds = time.monotonic() - began
    return {
        "task": task.name,
        "kind": task.kind,
        "device": device,
        "workers": workers,
        "per_minute": 60 * count / seconds,
        "seconds": sum(each.seconds for each in found) / count,
        # What a card computes is not the processor's, and what is left to it says little.
        "processor": _processor(task, programs[: len(task.baselines)]) if device == "cpu" else None,
        "scored": sum(each.score is not None for each in found),
        "of": count,
    }


def _processor(task: Task, programs: Sequence[Program]) -> float:
    """Return the processor seconds of a candidate on one thread, which other work hardly changes.

    In this process, since the system books those of a caged one to nobody.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        evaluator = Evaluator(task, MemorySandbox())
        one, limits = replace(evaluator.trial(), steps=1), task.rungs[0].limits
        evaluator.judge(programs[0], one, limits)
        began = time.process_time()
        for program in programs:
            evaluator.evaluate(program)
        return (time.process_time() - began) / len(programs)
    finally:
        torch.set_num_threads(threads)


def published(name: str, seeds: int = 3) -> dict[str, Any]:
    """Train one of MNIST-1D's networks with AdamW for as long as its paper does."""
    given = cast(Supervised, TASKS.find(name))
    task = replace(given, batch=PAPER["batch"], seconds=3600.0, memory=4 * 2**30)
    trial = Trial(PAPER["steps"], (PAPER["learning_rate"],), tuple(range(seeds)), split="test")
    with sandbox_for(task, 1, "cpu") as sandbox:
        evaluator = Evaluator(task, sandbox)
        judged = evaluator.judge(library("optimizer")["adamw"], trial, task.rungs[0].limits)
    if judged.best is None:
        raise CambrianError(f"{name} could not be trained: {judged.message}")
    accuracy = 100 * judged.best.metrics["accuracy"]
    return {
        "task": name,
        "accuracy": accuracy,
        "published": PUBLISHED[name],
        "seeds": seeds,
        "seconds": judged.seconds,
    }
