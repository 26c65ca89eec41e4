from __future__ import annotations

import math

import pytest

from evaluators.funnel import (
    FEWEST,
    META_SEED,
    Point,
    advancing,
    peak,
    records,
    search_trial,
    stage_trial,
    work_of,
)
from evaluators.task import TASKS, Trial, find_task, kinds_of
from tests.toy import TASK as TOY


def test_only_those_better_than_the_tuned_baseline_advance_and_the_best_first() -> None:
    scores = {"a": 0.3, "b": 0.5, "c": None, "d": 0.2, "e": 0.9}
    assert advancing(scores, 0.25, 10) == ["e", "b", "a"]
    assert advancing(scores, 0.25, 2) == ["e", "b"]
    assert advancing(scores, 0.9, 10) == []


def test_records_are_what_was_best_when_it_came() -> None:
    history = [(0, "a", 0.1), (1, "b", None), (2, "c", 0.1), (3, "d", 0.4), (4, "e", 0.2)]
    assert records(history) == [(0, "a", 0.1), (3, "d", 0.4)]
    assert records([]) == []


def test_the_peak_says_when_the_search_began_to_overfit() -> None:
    points = [
        Point(0, "a", 0.1, 0.0),
        Point(10, "b", 0.2, 0.3),
        Point(20, "c", 0.3, math.nan),
        Point(40, "d", 0.4, 0.1),
    ]
    found = peak(points, 101)
    assert found is not None
    assert (found.share, found.gain) == (0.1, 0.3)
    assert found.lost == pytest.approx(0.2)
    assert peak(points[2:3], 101) is None


def test_a_stage_costs_the_multiple_it_says() -> None:
    search, stage = find_task("digits"), find_task("autoencoder")
    cost = work_of(search, search_trial(search))
    for multiple in (10, 100):
        trial = stage_trial(stage, multiple * cost, "cpu")
        assert work_of(stage, trial) == pytest.approx(multiple * cost, rel=0.02)
        assert trial.learning_rates == stage.rungs[0].learning_rates
        assert trial.seeds[0] == META_SEED
        assert trial.split == "validation"
    assert stage_trial(stage, 1.0, "cpu").steps == FEWEST


def test_a_task_that_states_no_cost_counts_steps_of_replicas() -> None:
    assert work_of(TOY, Trial(7, (0.1, 0.2), (0, 1, 2))) == 42


EVERY = [(name, kind) for name in TASKS.names() for kind in kinds_of(TASKS.find(name))]


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_every_task_has_two_stages_of_others_and_others_held_out_for_each_of_its_kinds(
    name: str, kind: str
) -> None:
    task = find_task(name, kind)
    held_out, funnel = getattr(task, "held_out", ()), getattr(task, "funnel", ())
    assert held_out
    assert len(funnel) == len(set(funnel)) == 2
    assert name not in {*held_out, *funnel}
    assert not set(held_out) & set(funnel)
    assert all(find_task(other, kind).kind == kind for other in (*held_out, *funnel))
