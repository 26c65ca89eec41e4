"""The rungs of a task's ladder: what a judgement takes on each level of `levels.py`."""

from __future__ import annotations

from dataclasses import replace

from evaluators.task import Rung, Task

QUICKER = 3
"""What part of the steps the quick rung takes."""

SURER = 4
"""How many times the seeds a task's dearest rung gets where nothing dearer is described."""


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
