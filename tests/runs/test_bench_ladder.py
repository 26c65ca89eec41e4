"""Figures over programs nobody chose, on a task whose rungs are known to half agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evaluators.evaluator import Evaluator
from evaluators.task import find_task
from programs.load import kind_named
from runs.bench_ladder import foresight, measure, mutants
from sandbox.base import Ending, Job, Outcome, Payload
from sandbox.memory import MemorySandbox

TOY = find_task(str(Path(__file__).parents[1] / "toy.py"))
KIND = kind_named("optimizer")


def test_every_mutant_is_judged_on_every_rung() -> None:
    figures = measure(Evaluator(TOY, MemorySandbox()), KIND, 40, 0, 3, 2)
    assert [p.rung for p in figures.prices] == ["first steps", "quick", "search", "sure"]
    assert all(p.judged == p.scored == 40 for p in figures.prices)
    quick, sure = figures.foresights
    assert (quick.low, quick.high, sure.high) == ("quick", "search", "sure")
    assert quick.spearman is not None
    assert 0.3 < quick.spearman < 0.95
    assert sure.spearman is not None
    assert sure.spearman > 0.99
    assert sure.kept == 1.0


def test_programs_that_are_stopped_are_counted_apart() -> None:
    def answers(job: Job) -> Outcome:
        if len(str(job.payload.data["source"])) % 2:
            stopped = Payload({"stopped": "no progress: none"})
            return Outcome(Ending.FINISHED, stopped, seconds=0.5)
        return MemorySandbox().run(job)

    figures = measure(Evaluator(TOY, MemorySandbox(answers)), KIND, 20, 0, 2, 1)
    for price in figures.prices:
        assert 0 < price.stopped < 20
        assert price.stopped + price.scored == 20
        assert price.seconds_stopped == 0.5


def test_mutants_are_distinct_and_the_same_for_a_seed() -> None:
    first = mutants(KIND, 30, np.random.default_rng(1))
    assert len({m.fingerprint for m in first}) == 30
    assert first == mutants(KIND, 30, np.random.default_rng(1))


def test_a_rung_that_loses_the_best_is_said_to() -> None:
    below = {str(i): float(-i) for i in range(30)}
    above = {str(i): float(i) for i in range(30)}
    found = foresight("quick", "search", below, above, np.random.default_rng(0))
    assert found.kept == 0.0
    assert found.spearman is not None
    assert found.spearman < -0.99
