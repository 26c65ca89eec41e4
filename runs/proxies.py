"""What training-free scores foretell: many networks measured untrained, then trained."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from evaluators.chance import draw, fitting
from evaluators.contest import patient
from evaluators.evaluator import Evaluator
from evaluators.proxies import (
    BUDGET,
    HARNESS,
    Agreement,
    Table,
    Walk,
    agreement,
    best_of_first,
    place_of,
    proxies,
    ranked,
    robot,
)
from evaluators.task import find_task
from programs.errors import CambrianError
from programs.load import library
from programs.program import Program
from runs.pools import judging_in
from runs.record import to_json
from sandbox.process import ProcessSandbox

SAY_EVERY = 10

PATIENCE = 10
"""Times a search's limit of time that a network may train."""

WALKS = 20
"""Times that RoBoT is tried on the same table, with other luck."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A network's training-free scores by proxy, and the score that training gave it."""

    proxies: dict[str, float]
    score: float


@dataclass(frozen=True, slots=True)
class Shortlists:
    """Who finds the best network when `budget` may be trained: places among all, from 1.

    `proxies` trains those that one proxy puts first; `robot` lists the places that RoBoT came to,
    walk by walk. `chance` is the mean place of the best of as many networks drawn at random.
    """

    budget: int
    proxies: dict[str, int]
    robot: tuple[int, ...]
    chance: float


@dataclass(frozen=True, slots=True)
class ProxyFigures:
    """Each proxy's agreement with the trained score, and what a short list by each is worth.

    `weighted` is the agreement of RoBoT's weighting with the networks that its walk did not train,
    of the walk in the middle of all. `failures` says why a network, by name, has no part in this.
    """

    task: str
    networks: int
    failures: dict[str, str]
    agreement: dict[str, Agreement]
    weighted: Agreement
    shortlists: Shortlists

    def as_json(self) -> dict[str, Any]:
        """Return the figures as one record."""
        return json.loads(to_json(asdict(self)))


def measure(
    task_name: str,
    networks: int,
    seed: int,
    workers: int,
    say: Callable[[str], None] = lambda text: None,
) -> ProxyFigures:
    """Measure and train the library's networks and random ones, `networks` in all.

    `say` hears what is done and how far it got, for it takes minutes.

    Each is trained at one learning rate of the task's first rung only, the middle one, with its
    seeds: ranks need no sweep, and the figures come in minutes. Nobody is given up for learning
    nothing at first, since those that do are what a proxy should warn of.
    """
    task = find_task(task_name, "architecture")
    rng = np.random.default_rng(seed)
    known = dict(islice(fitting(task).items(), networks))
    programs = [*known.values(), *draw(task, networks - len(known), rng, known)]
    modules = ("torch", *(h.partition(":")[0] for h in (task.harness, HARNESS)))
    with (
        ProcessSandbox(workers, preload=modules) as sandbox,
        judging_in(sandbox, workers) as pool,
    ):
        evaluator = Evaluator(task, sandbox)
        say(f"{len(programs)} networks to measure and train on {task.name}, {workers} at a time.")
        rows: list[Measured | str] = []
        for row in pool.map(lambda p: _measured(evaluator, p), programs):
            rows.append(row)
            if len(rows) % SAY_EVERY == 0:
                say(f"{len(rows)} done")
    return figures(task.name, dict(zip(map(_name, programs), rows, strict=True)), rng)


def _name(program: Program) -> str:
    """Return a network's name in the library, or the beginning of its key."""
    same = (name for name, p in library(program.kind).items() if p.key == program.key)
    return next(same, program.key[:8])


def _measured(evaluator: Evaluator, program: Program) -> Measured | str:
    """Measure a network and train it to the end; a string says why that could not be."""
    rung, trial = evaluator.task.rungs[0], evaluator.trial()
    middle = trial.learning_rates[len(trial.learning_rates) // 2]
    # The clock may run long: on a busy machine a search's limit would leave out the slow networks.
    limits = replace(rung.limits, seconds=PATIENCE * rung.limits.seconds)
    judged = evaluator.judge(program, replace(trial, learning_rates=(middle,)), limits, patient)
    if judged.best is None:
        return judged.message
    try:
        return Measured(proxies(evaluator, program), float(judged.best.by_seed.mean()))
    except CambrianError as error:
        return str(error)


def figures(task: str, found: dict[str, Measured | str], rng: np.random.Generator) -> ProxyFigures:
    """Compare proxies with scores, network by network."""
    failures = {name: row for name, row in found.items() if isinstance(row, str)}
    rows = [row for row in found.values() if isinstance(row, Measured)]
    if len(rows) < 3:
        why = "".join(f"\n  {name}: {reason}" for name, reason in failures.items())
        raise CambrianError(f"Only {len(rows)} of {len(found)} networks could be trained:{why}")
    scores = np.array([row.score for row in rows])
    table = {name: np.array([row.proxies[name] for row in rows]) for name in rows[0].proxies}
    walks = [robot(table, lambda place: float(scores[place]), rng) for _ in range(WALKS)]
    walks.sort(key=lambda walk: -scores[walk.best])
    budget = min(BUDGET, len(rows))
    shortlists = Shortlists(
        budget,
        {name: best_of_first(values, scores, budget) for name, values in table.items()},
        tuple(place_of(float(scores[walk.best]), scores) for walk in walks),
        (len(rows) + 1) / (budget + 1),
    )
    agreed = {name: agreement(values, scores, rng) for name, values in table.items()}
    weighted = _weighted(walks[WALKS // 2], table, scores, rng)
    return ProxyFigures(task, len(rows), failures, agreed, weighted, shortlists)


def _weighted(walk: Walk, table: Table, scores: np.ndarray, rng: np.random.Generator) -> Agreement:
    """Compare a walk's weighted ranking with the scores it has not seen."""
    unseen = _without(walk.trained, len(scores))
    return agreement(
        (ranked(table) @ np.array([*walk.weights.values()]))[unseen], scores[unseen], rng
    )


def _without(places: Sequence[int], count: int) -> np.ndarray:
    return np.setdiff1d(np.arange(count), places)
