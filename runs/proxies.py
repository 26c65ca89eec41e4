"""What training-free scores foretell: many networks measured untrained, then trained."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from evaluators.chance import draw, fitting
from evaluators.evaluator import Evaluator
from evaluators.proxies import HARNESS, Agreement, Walk, agreement, proxies, robot
from evaluators.task import find_task
from programs.errors import CambrianError
from programs.program import Program
from sandbox.process import ProcessSandbox


@dataclass(frozen=True, slots=True)
class ProxyFigures:
    """Each proxy's agreement with the trained score, and what RoBoT found with its budget.

    `place` is the rank of RoBoT's best among all networks, from 1; `untrained` networks could not
    be trained and have no part in this.
    """

    task: str
    networks: int
    untrained: int
    agreement: dict[str, Agreement]
    walk: Walk
    place: int

    def as_json(self) -> dict[str, Any]:
        """Return the figures as one record."""
        return asdict(self)


def measure(task_name: str, networks: int, seed: int, workers: int) -> ProxyFigures:
    """Measure and train the library's networks and random ones, `networks` in all.

    Each is trained at the middle learning rate of the task's first rung only, with its seeds:
    ranks need no sweep, and the figures come in minutes.
    """
    task = find_task(task_name, "architecture")
    rng = np.random.default_rng(seed)
    known = fitting(task)[:networks]
    programs = [*known, *draw(task, networks - len(known), rng)]
    modules = ("torch", *(h.partition(":")[0] for h in (task.harness, HARNESS)))
    with ProcessSandbox(workers, preload=modules) as sandbox, ThreadPoolExecutor(workers) as pool:
        evaluator = Evaluator(task, sandbox)
        rows = list(pool.map(lambda p: _row(evaluator, p), programs))
    return figures(task.name, [row for row in rows if row], len(programs), rng)


def _row(evaluator: Evaluator, program: Program) -> tuple[dict[str, float], float] | None:
    """Return a network's proxies and its trained score; `None` where it has none."""
    rung, trial = evaluator.task.rungs[0], evaluator.trial()
    middle = trial.learning_rates[len(trial.learning_rates) // 2]
    judged = evaluator.judge(program, replace(trial, learning_rates=(middle,)), rung.limits)
    if judged.best is None:
        return None
    try:
        return proxies(evaluator, program), float(judged.best.by_seed.mean())
    except CambrianError:
        return None


def figures(
    task: str,
    rows: list[tuple[dict[str, float], float]],
    drawn: int,
    rng: np.random.Generator,
) -> ProxyFigures:
    """Compare proxies with scores, network by network."""
    if len(rows) < 3:
        raise CambrianError(f"Only {len(rows)} of {drawn} networks could be trained: too few.")
    scores = np.array([score for _, score in rows])
    table = {name: np.array([found[name] for found, _ in rows]) for name in rows[0][0]}
    walk = robot(table, lambda place: float(scores[place]), rng)
    place = 1 + int((scores > scores[walk.best]).sum())
    agreed = {name: agreement(values, scores) for name, values in table.items()}
    return ProxyFigures(task, len(rows), drawn - len(rows), agreed, walk, place)
