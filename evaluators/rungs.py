"""The rungs of a task's ladder by level: how far each is above or below the task's own rung.

    -1  quick    a third of the steps, every other learning rate, two seeds
     0  search   the task's own first rung, on which all are judged where there is no ladder
     1  sure     the task's second rung; where it has none, the first with four times the seeds

Levels mean the same in every run, so that scores in a database can be told apart: those of
different levels never compare.
"""

from __future__ import annotations

from dataclasses import replace

from evaluators.task import Rung, Task

MOST = 3
"""The rungs of the longest ladder."""

QUICKER = 3
"""What part of the steps the quick rung takes."""

SURER = 4
"""How many times the seeds a task's dearest rung gets where nothing dearer is described."""


NAMES = {-1: "quick", 0: "search", 1: "sure"}


def name_of(level: int) -> str:
    """Return the name by which a level is shown."""
    return NAMES[level]


def levels(count: int) -> tuple[int, ...]:
    """Return the levels of a ladder of so many rungs, the cheapest first."""
    return {1: (0,), 2: (-1, 0), 3: (-1, 0, 1)}[count]


def rung_at(task: Task, level: int) -> Rung:
    """Return the price class of a level."""
    if level < 0:
        return quicker(task.rungs[0])
    if level < len(task.rungs):
        return task.rungs[level]
    return surer(task.rungs[-1])


def quicker(rung: Rung) -> Rung:
    """Return a rung of about a sixth of the cost, whose best third holds the best programs."""
    rates = rung.learning_rates
    return replace(
        rung,
        name="quick",
        steps=max(1, rung.steps // QUICKER),
        learning_rates=rates[::2] if len(rates) > 3 else rates,
        seeds=min(2, rung.seeds),
    )


def surer(rung: Rung) -> Rung:
    """Return a rung whose scores have half the noise, with the time and the memory that takes."""
    limits = replace(
        rung.limits, seconds=SURER * rung.limits.seconds, memory=SURER * rung.limits.memory
    )
    return replace(rung, name="sure", seeds=SURER * rung.seeds, limits=limits)


def replicas(rung: Rung) -> int:
    """Return how many models one judgement trains."""
    return len(rung.learning_rates) * rung.seeds


def cost(rung: Rung) -> int:
    """Return the training steps of one judgement, over all its models."""
    return rung.steps * replicas(rung)
