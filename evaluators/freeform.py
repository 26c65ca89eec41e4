"""Free-form programs as this process sees them: texts that run in the sandbox, and numbers back.

What a child says it computed is checked for shape and type, then rounded and hashed here. A program
may behave on the probes as it likes and so choose its fingerprint, as any program does; it cannot
name one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evaluators import modules
from evaluators.bodies import Bodies
from evaluators.candidate import UNSAFE
from evaluators.modules import Unprobable
from evaluators.task import Task, Trial
from programs.fingerprint import Behaviour, behaviour_of
from programs.kind import Kind
from programs.kinds import optimizer_probe, schedule
from programs.program import Program
from sandbox.base import MIB, Ending, Guest, Job, Limits, Outcome, Payload, Sandbox

PROBING = ("torch", "evaluators.harness.freeform.behaviour")
"""What a sandbox must have imported before it forks, to probe free-form programs."""

PRELOAD = (*PROBING, "evaluators.harness.beside", "evaluators.harness.freeform.guest")
"""The same, to train under them as well."""

_PROBING = Limits(seconds=60.0, memory=512 * MIB, result=4 * MIB, processor=5)
"""Of a probe. What counts is the processor: a busy machine makes an honest program late, but only
one without an end takes much of it. The library's take 0.02 s, and to import scipy half a second.
"""

_SAMPLING = replace(_PROBING, processor=20)
"""Of a schedule at every step of a run, which may be longer than any on the probes, and of random
problems, which are many.
"""

_PROBED = {
    "optimizer": (
        len(optimizer_probe.STEPS),
        len(optimizer_probe.LEARNING_RATES),
        sum(rows * columns for rows, columns in optimizer_probe.SHAPES),
    ),
    "schedule": (sum(len(steps) for _, steps in schedule.COURSES),),
}
"""The shape of what a program of each kind gives on the probes."""

_HARNESSES = {
    "optimizer": "evaluators.harness.optimizer:train",
    "schedule": "evaluators.harness.schedule:train",
    "architecture": "evaluators.harness.architecture:train",
}
"""The harnesses that have a side for free-form programs."""


def probing(kind: str) -> tuple[str, ...]:
    """Return what a sandbox should import before it forks, to probe programs of a kind."""
    return modules.PRELOAD if kind == "architecture" else PROBING


def preload(kind: str) -> tuple[str, ...]:
    """Return the same to train with programs of a kind as well."""
    return modules.PRELOAD if kind == "architecture" else PRELOAD


def behaviour(program: Program, sandbox: Sandbox, kind: Kind) -> Behaviour:
    """Run a free-form program on its kind's probes, in the sandbox.

    Raises `Unprobable` for the program's fault, `SandboxUnavailable` where it may not run.
    """
    if program.form == "module":
        return modules.behaviour(program, sandbox, kind)
    return behaviour_of(outputs(program, sandbox, kind), program.kind)


def understood(program: Program, sandbox: Sandbox, kind: Kind) -> tuple[Behaviour, Program | None]:
    """Return the same, and the program of the language that it is seen to be once it was run."""
    if program.form == "module":
        return modules.understood(program, sandbox, kind)
    return behaviour(program, sandbox, kind), None


def outputs(program: Program, sandbox: Sandbox, kind: Kind) -> np.ndarray:
    """Return what a free-form program gives on its kind's probes; raises as `behaviour` does."""
    if program.form == "module":
        return modules.outputs(program, sandbox, kind)
    outcome = _run(program, "probe", sandbox, {}, _PROBING)
    return _array(outcome, "outputs", _PROBED[program.kind])


def afresh(
    program: Program, sandbox: Sandbox, seeds: Sequence[int]
) -> list[np.ndarray | None] | None:
    """Return what an optimiser or schedule gives on random draws; where it fails, `None`.

    The whole is `None` where the sandbox was closed meanwhile. Raises `SandboxUnavailable`.
    """
    outcome = _run(program, "afresh", sandbox, {"seeds": list(seeds)}, _SAMPLING)
    if outcome.ending is Ending.CANCELLED:
        return None
    given = outcome.result.arrays if outcome.result else {}
    found = [given.get(str(seed)) for seed in seeds]
    return [f if f is not None and f.dtype == np.float64 else None for f in found]


def refuse_to_rank(fingerprint: str) -> str:
    """Mark a fingerprint from a child without a cage: it equals no other, so no score is shared."""
    return f"{UNSAFE}-{fingerprint}"


def judging_job(
    task: Task, program: Program, trial: Trial, limits: Limits, device: str, sandbox: Sandbox
) -> Job:
    """Return the job that trains under a free-form program; `Unprobable` for its own faults."""
    if task.harness != _HARNESSES.get(task.kind):
        raise Unprobable(
            f"no harness: the task {task.name} trains in a way of its own, which takes programs "
            "of the language only"
        )
    if isinstance(task, Bodies):
        return modules.judging_job(task, program, trial, limits, device, sandbox)
    if task.kind == "schedule":
        return _after(task, program, trial, limits, device, sandbox)
    payload = _without_source(task.payload(program, trial))
    given = Payload({"source": program.source, "form": program.form})
    guest = Guest("evaluators.harness.freeform.guest:serve", given, limits.memory)
    harness = "evaluators.harness.beside:train"
    return Job(harness, payload, limits, device, trusted=True, guest=guest)


def _after(
    task: Task, program: Program, trial: Trial, limits: Limits, device: str, sandbox: Sandbox
) -> Job:
    """Have a schedule sampled first; then it is an array, and the training is all ours."""
    outcome = _run(program, "sampled", sandbox, {"total": trial.steps}, _SAMPLING)
    factors = _array(outcome, "factors", (trial.steps,))
    sent = task.payload(replace(program, source=""), trial)
    payload = replace(sent, arrays={**sent.arrays, "factors": factors})
    return Job(task.harness, payload, limits, device, trusted=True)


def _without_source(payload: Payload) -> Payload:
    return replace(payload, data={k: v for k, v in payload.data.items() if k != "source"})


def _run(
    program: Program, name: str, sandbox: Sandbox, more: Mapping[str, Any], limits: Limits
) -> Outcome:
    data = {"source": program.source, "form": program.form, **more}
    harness = f"evaluators.harness.freeform.behaviour:{name}"
    return sandbox.run(Job(harness, Payload(data), limits))


def _array(outcome: Outcome, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if outcome.result is None:
        raise Unprobable(f"fails on the probes: {outcome.message}")
    found = outcome.result.arrays.get(name)
    if found is None or found.dtype != np.float64 or found.shape != shape:
        raise Unprobable(f"fails on the probes: expected {shape} numbers of double precision")
    return found


__all__ = [
    "PRELOAD",
    "PROBING",
    "Unprobable",
    "afresh",
    "behaviour",
    "judging_job",
    "outputs",
    "preload",
    "probing",
    "refuse_to_rank",
    "understood",
]
