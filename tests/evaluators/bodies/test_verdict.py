"""A verdict over networks: whoever fits enters, is watched, and stands on a front or not."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from rich.console import Console

from evaluators.admit import misfit
from evaluators.bodies import OBJECTIVES, Bodies
from evaluators.contest import Entry, enter, target, watch
from evaluators.evaluator import Evaluator
from evaluators.freeform import Unprobable
from evaluators.pareto import dominators
from evaluators.standing import Verdict
from evaluators.task import Watchable, find_task
from evaluators.verify import Plan, verify
from programs.load import library
from runs.record import to_json
from runs.verdicts import quick_screen, screen
from sandbox.base import Outcome, Payload
from sandbox.memory import MemorySandbox
from tests.evaluators.bodies.small import RECALL, SIGNALS
from tests.evaluators.bodies.test_bodies import offering

NETWORKS = library("architecture")
SHORT = replace(RECALL, steps=20, baselines=("gru", "mlp"))
NAMES = ("transformer", "gru", "mlp", "resnet")


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    tasks = (SHORT, replace(SIGNALS, steps=10))
    contestants = {name: NETWORKS[name] for name in NAMES}
    evaluators = [Evaluator(task, MemorySandbox()) for task in tasks]
    return verify(evaluators, contestants, np.random.default_rng(0), Plan(seeds=2, timed=True))


def test_baselines_that_do_not_fit_a_task_are_not_entered_there(verdict: Verdict) -> None:
    causal, other = verdict.tasks
    assert {s.name for s in causal.standings} == {"transformer", "gru", "mlp"}
    assert {s.name for s in other.standings} == set(NAMES)
    assert not causal.failures


def test_a_judged_network_that_does_not_fit_is_said_to_with_the_reason() -> None:
    contestants = {name: NETWORKS[name] for name in ("resnet", "mlp")}
    evaluator = Evaluator(replace(SHORT, baselines=("mlp",)), MemorySandbox())
    found = verify([evaluator], contestants, np.random.default_rng(0), Plan(seeds=2))
    assert "causal sequence" in found.tasks[0].failures["resnet"]
    assert "resnet could not be judged" in found.sentence
    assert misfit(replace(SHORT, most_flops=10), NETWORKS["mlp"]).startswith("too large")


def test_a_baseline_that_does_not_fit_leaves_no_verdict_and_says_why() -> None:
    contestants = {name: NETWORKS[name] for name in ("mlp", "resnet")}
    evaluator = Evaluator(replace(SHORT, baselines=("resnet",)), MemorySandbox())
    found = verify([evaluator], contestants, np.random.default_rng(0), Plan(seeds=2))
    assert "No verdict on recall: the baseline resnet could not be judged" in found.sentence
    assert "causal sequence" in found.sentence


def test_the_front_holds_whom_no_other_dominates(verdict: Verdict) -> None:
    for table in verdict.tasks:
        points = table.points()
        assert table.objectives == OBJECTIVES
        assert table.front
        for name, point in points.items():
            assert set(point) == set(table.objectives)
            over = dominators(point, list(points.values()), table.objectives)
            assert (name in table.front) == (not over)


def test_the_front_is_on_the_screen_and_in_the_json(verdict: Verdict) -> None:
    detail = json.loads(to_json(asdict(verdict)))["tasks"][0]
    assert detail["front"] == list(verdict.tasks[0].front)
    assert detail["objectives"]["parameters"] == "down"
    for compose in (quick_screen, screen):
        console = Console(width=80, record=True, file=io.StringIO())
        console.print(compose(verdict))
        text = console.export_text()
        assert "Pareto front on recall" in text
        assert "transformer is" in text
        assert max(map(len, text.splitlines())) <= 80


def test_networks_race_to_a_target(verdict: Verdict) -> None:
    race = verdict.tasks[0].race
    assert race is not None
    assert race.setter in ("gru", "mlp")
    assert set(race.steps) == {"transformer", "gru", "mlp"}
    assert min(race.steps.values()) <= SHORT.steps


def returned(outcome: Outcome | Unprobable) -> Payload:
    assert isinstance(outcome, Outcome)
    assert outcome.result is not None
    return outcome.result


@pytest.mark.parametrize("task", [SHORT, SIGNALS], ids=lambda t: t.name)
def test_watching_changes_no_training_and_ends_with_its_score(task: Bodies) -> None:
    assert isinstance(task, Watchable)
    evaluator = Evaluator(task, MemorySandbox())
    trial = evaluator.trial()
    program, limits = NETWORKS["gru"], task.rungs[0].limits
    marks = (task.steps // 2, task.steps)
    plain, watched = (
        returned(evaluator.run(program, trial, limits, amend))
        for amend in (None, lambda sent: task.watched(sent, trial, marks))
    )
    np.testing.assert_array_equal(plain.arrays["predictions"], watched.arrays["predictions"])
    curve = task.curve(watched, trial, marks)
    assert curve.shape == (2, 2, 2)
    size = task.watch_size(trial, len(marks))
    last = task.measure(plain, trial).examples[:, :, :size].mean(-1)
    np.testing.assert_allclose(curve[-1], last, rtol=1e-5)
    with pytest.raises(ValueError, match="expected a curve of shape"):
        task.curve(watched, trial, (1, 2, 3))


def test_a_patient_training_goes_on_where_nothing_is_learnt() -> None:
    task = replace(SIGNALS, steps=40, learning_rates=(1e-9, 1e-8))
    evaluator = Evaluator(task, MemorySandbox())
    found = enter(evaluator, NETWORKS["gru"], 2)
    assert isinstance(found, Entry)
    assert target(evaluator, NETWORKS["gru"], found) is not None
    assert np.isfinite(watch(evaluator, NETWORKS["gru"], found).scores).any()


def test_work_grows_with_steps_and_replicas() -> None:
    trial = Evaluator(SHORT, MemorySandbox()).trial()
    twice = replace(trial, steps=2 * trial.steps, seeds=(*trial.seeds, 8, 9))
    assert SHORT.work(twice) == pytest.approx(4 * SHORT.work(trial))


@pytest.mark.parametrize("name", offering())
def test_further_tasks_are_others_on_which_every_reference_that_fits_here_fits(name: str) -> None:
    """So that whatever is found here can be judged there; an image's stages may be sequences."""
    task = find_task(name, "architecture")
    assert isinstance(task, Bodies)
    for further in (*task.held_out, *task.funnel):
        other = find_task(further, "architecture")
        assert not misfit(other, NETWORKS[task.baselines[0]])
        assert other.kind == "architecture"
        if isinstance(other, Bodies) and task.spec.input == "sequence":
            assert other.spec.input == "sequence"
            assert task.spec.causal or not other.spec.causal
