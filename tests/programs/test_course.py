"""Running an optimiser's steps all at once gives what a plain training loop gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from programs.check import without_dead_code
from programs.genome import Genome
from programs.interpret import plan
from programs.kinds.optimizer import KIND
from programs.kinds.optimizer_course import Course
from programs.kinds.optimizer_layout import Layout
from programs.load import in_language, library
from tests.programs.walks import walk

STEPS = 6
LR = np.array([0.1, 0.003]).reshape(2, 1, 1)
TOTAL = np.array([50.0, 900.0]).reshape(2, 1, 1)


def one_by_one(genome: Genome, shapes: list[tuple[int, int]]) -> tuple[list, list]:
    """Return the updates of a plain loop, tensor by tensor, and those of the course."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(STEPS, 2, *s)) for s in shapes]
    gradients = [rng.normal(size=(STEPS, 2, *s)) for s in shapes]
    function, states = genome.main, KIND.entry.states(genome.main)
    program = plan(function, KIND, np)
    found = []
    inputs: dict[str, Any] = {"lr": LR, "total": TOTAL}
    inputs.update((s, [np.zeros_like(x[0]) for x in weights]) for s in states)
    for step in range(STEPS):
        inputs.update(w=[w[step] for w in weights], g=[g[step] for g in gradients])
        update, *new = program({**inputs, "step": np.float64(step + 1)}, len(shapes))
        inputs.update(zip(states, new, strict=True))
        found.append(update)
    layout = Layout(shapes)
    given = {
        "w": layout.join(weights),
        "g": layout.join(gradients),
        "lr": np.broadcast_to(LR, (STEPS, *LR.shape)),
        "total": np.broadcast_to(TOTAL, (STEPS, *TOTAL.shape)),
        "step": np.arange(1.0, STEPS + 1).reshape(-1, 1, 1, 1),
    }
    together = layout.split(Course(KIND, layout, given).updates(function, states)[:, :, None])
    return [np.stack(u) for u in zip(*found, strict=True)], together


def same(genome: Genome) -> None:
    live = without_dead_code(genome, KIND)
    for shapes in ([(3, 2), (4, 1), (1, 1)], [(5, 2)]):
        with np.errstate(all="ignore"):
            expected, found = one_by_one(live, shapes)
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("name", in_language("optimizer"))
def test_the_library(name: str) -> None:
    genome = library("optimizer")[name].genome
    if genome is not None:
        same(genome)


def test_what_evolution_makes() -> None:
    for genome in walk(KIND, 200, seed=5):
        same(genome)
