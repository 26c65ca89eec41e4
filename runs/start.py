"""Assemble a run from its settings: task, sandbox, proposers, stored record; then let it go."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Any

from agent.proposer import Proposer, Talker
from evaluators.evaluator import Evaluator
from evaluators.freeform import preload
from evaluators.levels import levels
from evaluators.task import Task, find_task
from programs.errors import InputError
from programs.load import library
from runs.calling import called
from runs.config import CLUSTER, RunConfig, read_config
from runs.guard import demand_card, demand_device
from runs.heritage import inheriting
from runs.loop import Loop
from runs.models import Models, proposers_of
from runs.progress import Display, Progress
from runs.record import RunRecord
from runs.signals import interruptible
from runs.stop import Stop
from runs.store import Store
from sandbox.base import Sandbox
from sandbox.cluster import RaySandbox, room
from sandbox.owned import Owned
from sandbox.process import ProcessSandbox


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
    task: Task, workers: int, device: str, unsafe: bool = False, cluster: str | None = None
) -> Iterator[Sandbox]:
    """Start warm workers that know the task's harness; `InputError` where the device is missing.

    They are on this machine, or on the machines of a `cluster`. `unsafe` lets free-form programs
    run where nothing holds them.
    """
    module = task.harness.partition(":")[0]
    needed = tuple(dict.fromkeys((*preload(task.kind), module)))
    if cluster is None:
        demand_card(device)
        chosen: Sandbox = ProcessSandbox(workers, needed, unsafe=unsafe, device=device)
    else:
        chosen = RaySandbox(cluster.removeprefix(CLUSTER), workers, needed, device, unsafe=unsafe)
    with chosen as sandbox:
        if device != "cpu":
            demand_device(sandbox, device)
        yield sandbox


def workers_of(asked: int | str | None, device: str) -> dict[str, Any]:
    """Return the settings that `--workers` stands for; a cluster is asked how many it has."""
    if asked is None:
        return {}
    if isinstance(asked, int):
        return {"workers": asked, "cluster": None}
    return {"workers": room(asked.removeprefix(CLUSTER), device), "cluster": asked}


def fitted(config: RunConfig) -> tuple[Task, RunConfig, dict[str, Proposer | Talker]]:
    """Return the task, what it settles, and the proposers; `InputError` where one is not there."""
    task = find_task(config.task, config.kind)
    config = settled(config, task)
    return task, config, proposers_of(config)


def prepare(store: Store, config: RunConfig, sandbox: Sandbox, resume: str = "") -> Prepared:
    """Create the run's record, or claim that of the run to resume."""
    task, config, proposers = fitted(config)
    if config.replay:
        # These follow from the workers, and decide what proposals see.
        source = config_of(store.run(config.replay))
        same = {name: getattr(source, name) for name in ("lookahead", "window", "fill")}
        config = config.model_copy(update=same)
    evaluator = Evaluator(task, sandbox, config.device)
    found = versions()
    trials = (evaluator.trial(level) for level in levels(config.rungs))
    protocol = evaluator.protocol(found, *trials)
    if resume:
        run = store.run(resume)
        if run.protocol != protocol:
            raise InputError(_other_protocol(store, run, task, found["torch"]))
        store.claim(run.id)
    else:
        if config.onward:
            config = inheriting(store, config, config.task, protocol)
        run = store.create_run(
            config.task,
            task.kind,
            config.seed,
            config.model_dump(mode="json"),
            sandbox.tier,
            config.device,
            protocol,
            found,
            task.score_name,
        )
    evaluator = replace(evaluator, sandbox=Owned(sandbox, run.id))
    return Prepared(store, run, config, task, evaluator, proposers)


def _other_protocol(store: Store, run: RunRecord, task: Task, torch: str) -> str:
    """Say that a run's scores do not compare with those made here; where it shows, why not."""
    first = store.stretch(run.id, 0, 1)
    made_on = first[0].evaluation.checksum if first else ""
    why = f"other data, settings, code or torch ({run.versions.get('torch')}; here {torch})"
    if made_on not in ("", task.checksum):
        why = f"other data (checksum {made_on}; here {task.checksum})"
    return f"Run {run.id} cannot go on here: its scores were made with {why}. Start a new run."


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
    # Runs of before there were fill-ins go on without them.
    return read_config(**{"fill": 0.0, **run.config, "kind": run.kind})


def score_name(run: RunRecord) -> str:
    """Return what a run's scores measure: as it says, or as its task does where that is found."""
    with suppress(InputError):
        return run.score_name or find_task(run.task, run.kind).score_name
    return "score"


def perform(prepared: Prepared, display: Display) -> tuple[str, Progress]:
    """Run to the end, or until the user stops it; return the final state and the numbers."""
    run = prepared.run
    progress = Progress(
        run=run.id,
        config=prepared.config,
        score_name=prepared.task.score_name,
        baseline=prepared.baseline,
        before=run.seconds,
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
    with interruptible(stop):
        state = loop()
    return state, progress


def resume_hint(run: str, database: str) -> str:
    """Return the command that goes on with a stopped run."""
    return f"{called()} run --resume {run} --db {database}"


__all__ = [
    "Prepared",
    "config_of",
    "fitted",
    "perform",
    "prepare",
    "resume_hint",
    "sandbox_for",
    "score_name",
    "versions",
    "workers_of",
]
