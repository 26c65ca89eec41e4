"""Whose fault a failure on a device is: the program's, or that the device has gone.

A program that dies on a GPU is an answer; a GPU that has gone would make every further program
look bad. So when a failure speaks of the device, a child is asked whether it is still there.
"""

from __future__ import annotations

import re
from typing import Any

from evaluators.candidate import Evaluation, Status
from evaluators.evaluator import Evaluator
from programs.errors import InputError, SandboxUnavailable
from sandbox.base import Job, Limits, Payload, Sandbox, seen_as
from sandbox.cuda import missing
from sandbox.forkserver import CardUnavailableError

PROBE = "evaluators.harness.probe:device"
_SPEAKS_OF_IT = re.compile(r"cuda|cudnn|cublas|nvml|driver|device", re.IGNORECASE)


def demand_card(device: str) -> None:
    """Refuse a card where it shows that there is none, before workers warm up for it."""
    if device.startswith("cuda") and (why := missing()):
        raise _no_device(device, why)


def demand_device(sandbox: Sandbox, device: str) -> None:
    """Ask a child for the device: this process and the workers must never touch CUDA."""
    payload = Payload({"device": seen_as(device)})
    try:
        outcome = sandbox.run(Job(PROBE, payload, Limits(seconds=60.0), device, trusted=True))
    except CardUnavailableError as error:
        raise _no_device(device, error) from None
    if outcome.result is None:
        raise InputError(f"The device `{device}` cannot be used: {outcome.message}")
    if not outcome.result.data["there"]:
        found = outcome.result.data["found"]
        raise InputError(f"There is no device `{device}` here: {found}. Use `--device cpu`.")


def _no_device(device: str, why: object) -> InputError:
    return InputError(f"There is no device `{device}` to be used here: {why}. Use `--device cpu`.")


def evaluate(evaluator: Evaluator, *job: Any) -> Evaluation:
    """Judge a program; raise `SandboxUnavailable` where it failed for want of the device."""
    try:
        evaluation = evaluator.evaluate(*job)
    except CardUnavailableError as error:
        raise _gone(evaluator, error) from None
    failed = evaluation.status is Status.FAILED and evaluator.device != "cpu"
    if failed and _SPEAKS_OF_IT.search(evaluation.message):
        try:
            demand_device(evaluator.sandbox, evaluator.device)
        except InputError as error:
            raise _gone(evaluator, error) from None
    return evaluation


def _gone(evaluator: Evaluator, error: Exception) -> SandboxUnavailable:
    return SandboxUnavailable(f"The device `{evaluator.device}` went away during the run: {error}")
