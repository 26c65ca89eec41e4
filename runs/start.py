"""Assemble a run from its settings: task, sandbox, proposers, stored record; then let it go."""

from __future__ import annotations

import platform
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata

from agent.proposer import Proposer, Talker
from evaluators.evaluator import Evaluator
from evaluators.freeform import preload
from evaluators.task import Task, find_task
from programs.errors import InputError
from programs.load import library
from runs.config import RunConfig, read_config
from runs.loop import Loop, Stop
from runs.models import Models, proposers_of
from runs.progress import Display, Progress
from runs.record import RunRecord
from runs.store import Store
from sandbox.base import Job, Limits, Payload, Sandbox
from sandbox.process import ProcessSandbox

PROBE = "evaluators.harness.probe:device"


@dataclass(frozen=True)
class Prepared:
    """A run that is ready to go: nothing about its settings can fail any more."""

    store: Store
    run: RunRecord
    config: RunConfig
    task: Task
    evaluator: Evaluator
    proposers: dict[str, Proposer | Talker]

    @property
    def baseline(self) -> str:
        """Return the name of the program the search starts from."""
        return self.config.warm_start[0]


def versions() -> dict[str, str]:
    """Return the versions that scores depend on, without importing torch."""
    return {
        "cambrian": metadata.version("cambrian"),
        "torch": metadata.version("torch").split("+")[0],
        "numpy": metadata.version("numpy"),
        "python": platform.python_version(),
    }


@contextmanager
def sandbox_for(
    task: Task, workers: int, device: str, unsafe: bool = False
) -> Iterator[ProcessSandbox]:
    """Start warm workers that know the task's harness; `InputError` where the device is missing.

    `unsafe` lets free-form programs run where nothing holds them.
    """
    module = task.harness.partition(":")[0]
    needed = dict.fromkeys((*preload(task.kind), module))
    with ProcessSandbox(workers, preload=tuple(needed), unsafe=unsafe) as sandbox:
        if device != "cpu":
            _demand_device(sandbox, device)
        yield sandbox


def _demand_device(sandbox: Sandbox, device: str) -> None:
    """Ask a child for the device: this process and the workers must never touch CUDA."""
    payload = Payload({"device": device})
    outcome = sandbox.run(Job(PROBE, payload, Limits(seconds=60.0), device, trusted=True))
    if outcome.result is None:
        raise InputError(f"The device `{device}` cannot be used: {outcome.message}")
    if not outcome.result.data["there"]:
        found = outcome.result.data["found"]
        raise InputError(f"There is no device `{device}` here: {found}. Use `--device cpu`.")


def prepare(store: Store, config: RunConfig, sandbox: Sandbox, resume: str = "") -> Prepared:
    """Create the run's record, or claim that of the run to resume."""
    task = find_task(config.task, config.kind)
    config = settled(config, task)
    proposers = proposers_of(config)
    if config.replay:
        # How far proposals look ahead follows from the workers, and decides what they see.
        ahead = config_of(store.run(config.replay)).lookahead
        config = config.model_copy(update={"lookahead": ahead})
    evaluator = Evaluator(task, sandbox, config.device)
    found = versions()
    protocol = evaluator.protocol(found)
    if resume:
        run = store.run(resume)
        if run.protocol != protocol:
            raise InputError(
                f"Run {run.id} cannot go on here: its scores were made with other data, settings, "
                f"code or torch ({run.versions.get('torch')}; here {found['torch']}). "
                f"Start a new run."
            )
        store.claim(run.id)
    else:
        run = store.create_run(
            config.task,
            task.kind,
            config.seed,
            config.model_dump(mode="json"),
            sandbox.tier,
            config.device,
            protocol,
            found,
        )
    return Prepared(store, run, config, task, evaluator, proposers)


def settled(config: RunConfig, task: Task) -> RunConfig:
    """Fill in what the task decides; `InputError` where the library lacks a program named."""
    warm_start = config.warm_start or task.baselines[:1]
    known = library(task.kind)
    for name in warm_start:
        if name not in known:
            raise InputError(f"The library has no {task.kind} `{name}`: it has {', '.join(known)}.")
    return config.model_copy(update={"kind": task.kind, "warm_start": warm_start})


def config_of(run: RunRecord) -> RunConfig:
    """Read back the settings a run was started with."""
    return read_config(**{**run.config, "kind": run.kind})


def perform(
    prepared: Prepared, display: Display, say: Callable[[str], None]
) -> tuple[str, Progress]:
    """Run to the end, or until the user stops it; return the final state and the numbers."""
    run = prepared.run
    progress = Progress(
        run=run.id,
        config=prepared.config,
        score_name=prepared.task.score_name,
        baseline=prepared.baseline,
        before=run.seconds,
        trained_before=run.evaluations,
        usd=run.usd,
    )
    stop = Stop(prepared.evaluator.sandbox.close)
    loop = Loop(
        prepared.store,
        run,
        prepared.config,
        prepared.evaluator,
        Models(prepared.store, run, prepared.config, prepared.proposers),
        display,
        progress,
        stop,
    )
    with interruptible(stop, say):
        state = loop()
    return state, progress


@contextmanager
def interruptible(stop: Stop, say: Callable[[str], None]) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into requests to stop."""

    def on_signal(number: int, frame: object) -> None:
        first = not stop.reason
        stop("interrupted" if number == signal.SIGINT else "terminated")
        if first:
            say("Stopping: finishing what is in flight. Press Ctrl-C again to drop it.")

    signals = (signal.SIGINT, signal.SIGTERM)
    before = {s: signal.signal(s, on_signal) for s in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def resume_hint(run: str, database: str) -> str:
    """Return the command that goes on with a stopped run."""
    return f"cambrian run --resume {run} --db {database}"


__all__ = ["Prepared", "config_of", "perform", "prepare", "resume_hint", "sandbox_for", "versions"]
