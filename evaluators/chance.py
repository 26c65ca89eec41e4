"""How much better than the average random architecture a network is.

Search spaces differ more than searches do, so an accuracy says little without what a random network
of the same space reaches under the same training (Yang et al. 2020, "NAS evaluation is
frustratingly hard"). The relative improvement is 100 · (accuracy - random) / random.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evaluators.admit import Admitted, admit_to
from evaluators.decimals import signed
from evaluators.evaluator import Evaluator
from evaluators.task import Task, language
from programs.errors import Fault
from programs.load import library
from programs.operator import OPERATORS
from programs.program import Program

EDITS = (4, 12)
"""The fewest and the most random edits that make a random network."""

OPERATORS_USED = ("resample-subtree", "resample-subtree", "insert", "delete")

GIVE_UP = 200
"""Refused draws in a row after which a place is taken to have no more random networks."""

FRESH_SEED = 30_000

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Improvement:
    """A network's held-out accuracy beside that of `networks` random ones; `failed` had none.

    `percent` is the relative improvement over their mean. Everyone had as many fresh `seeds`, not
    those of a verdict's other comparisons.
    """

    accuracy: float
    random: float
    networks: int
    failed: int
    seeds: int

    @property
    def percent(self) -> float:
        """Return 100 · (accuracy - random) / random."""
        return 100.0 * (self.accuracy - self.random) / self.random

    @property
    def sentence(self) -> str:
        """Say it in words."""
        left_out = f" ({self.failed} more could not be trained)" if self.failed else ""
        return (
            f"Held-out accuracy with {self.seeds} seeds {self.accuracy:.1%}: "
            f"{signed(self.percent, 1)} % relative to the {self.random:.1%} of the average of "
            f"{self.networks} random architectures trained alike{left_out}."
        )


def draw(
    task: Task, count: int, rng: np.random.Generator, known: Iterable[str] = ()
) -> list[Program]:
    """Draw random networks for a task's place, of other fingerprints than each other's and `known`.

    Each is a random network of the library that fits, after four to twelve random edits, most of
    which put an expression of the weighted grammar in a value's place; no score is looked at.
    Fewer come back where no more can be found.
    """
    operators = [OPERATORS.find(name) for name in OPERATORS_USED]
    starts = [*fitting(task).values()]
    known = frozenset(known)
    found: dict[str, Program] = {}
    refused = 0
    while len(found) < count and refused < GIVE_UP:
        genome = starts[rng.integers(len(starts))].genome
        assert genome is not None
        for _ in range(int(rng.integers(EDITS[0], EDITS[1] + 1))):
            child = operators[rng.integers(len(operators))]([genome], language(task), rng)
            genome = genome if isinstance(child, Fault) else child
        admitted = admit_to(task, genome)
        if isinstance(admitted, Admitted) and admitted.fingerprint not in {*found, *known}:
            found[admitted.fingerprint] = admitted.program
            refused = 0
        else:
            refused += 1
    return list(found.values())


def fitting(task: Task) -> dict[str, Program]:
    """Return the library's programs that a task admits, by what they do there: its fingerprint."""
    found: dict[str, Program] = {}
    for program in library(task.kind).values():
        admitted = admit_to(task, program.source)
        if isinstance(admitted, Admitted):
            found.setdefault(admitted.fingerprint, program)
    return found


def improvement(
    evaluator: Evaluator,
    program: Program,
    count: int,
    rng: np.random.Generator,
    run_all: Map = map,
) -> Improvement | None:
    """Train a network and `count` random ones alike; `None` where an accuracy cannot be had.

    Each is tuned on the validation split, then trained with fresh seeds at its best rate and
    judged on the held-out split. `run_all` may be a thread pool's `map`.
    """
    programs = [program, *draw(evaluator.task, count, rng)]
    own, *others = run_all(lambda p: held_out_accuracy(evaluator, p), programs)
    known = [a for a in others if a is not None]
    if own is None or not known or not np.mean(known):
        return None
    mean, failed = float(np.mean(known)), len(others) - len(known)
    return Improvement(own, mean, len(known), failed, len(evaluator.trial().seeds))


def held_out_accuracy(evaluator: Evaluator, program: Program) -> float | None:
    """Return a program's accuracy on held-out data at its best learning rate, or `None`."""
    rung, trial = evaluator.task.rungs[0], evaluator.trial()
    tuned = evaluator.judge(program, trial, rung.limits)
    if tuned.best is None:
        return None
    final = replace(
        trial,
        learning_rates=(tuned.best.learning_rate,),
        seeds=tuple(range(FRESH_SEED, FRESH_SEED + len(trial.seeds))),
        split="test",
    )
    judged = evaluator.judge(program, final, rung.limits)
    return None if judged.best is None else judged.best.metrics.get("accuracy")
