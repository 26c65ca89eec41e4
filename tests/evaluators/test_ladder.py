from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from evaluators.ladder import Climb, agreement, interval, next_climb, ranks, top
from evaluators.levels import levels
from evaluators.rungs import cost, rung_at
from evaluators.task import TASKS, find_task, kinds_of

NAN = float("nan")


def test_nobody_climbs_before_there_are_enough() -> None:
    assert next_climb([{}, {}]) is None
    assert next_climb([{"a": 1.0, "b": 2.0}, {}]) is None
    assert next_climb([{"a": 1.0, "b": 2.0, "c": 0.0}, {}]) == Climb("b", 1)


def test_whoever_is_up_or_under_way_is_not_sent_again() -> None:
    rung = {name: float(place) for place, name in enumerate("abcdef")}
    assert next_climb([rung, {"f": NAN}]) == Climb("e", 1)
    assert next_climb([rung, {"f": NAN, "e": 1.0}]) is None


def test_the_highest_rung_goes_first_and_the_top_is_the_end() -> None:
    rung = {name: float(place) for place, name in enumerate("abcdef")}
    middle = {"f": 1.0, "e": 3.0, "d": 2.0}
    assert next_climb([rung, middle, {}]) == Climb("e", 2)
    assert next_climb([rung, middle, {"e": 1.0}]) is None


def test_failures_never_climb_and_equals_keep_their_order() -> None:
    assert top({"a": NAN, "b": NAN, "c": 0.0}) == []
    assert top({"a": 1.0, "b": 1.0, "c": 0.0, "d": -np.inf}) == ["a"]


def test_a_third_climbs_each_time_in_the_long_run() -> None:
    rng = np.random.default_rng(0)
    scores: list[dict[str, float]] = [{}, {}, {}]
    for place in range(900):
        while climb := next_climb(scores):
            scores[climb.rung][climb.program] = rng.normal()
        scores[0][f"p{place}"] = rng.normal()
    # Early climbers were overtaken later, so a little more than a third are up.
    assert 300 <= len(scores[1]) <= 345
    assert len(scores[1]) / 3 - 1 <= len(scores[2]) <= len(scores[1]) / 2


def test_agreement_is_spearmans() -> None:
    rng = np.random.default_rng(1)
    x = np.round(rng.normal(size=30), 1)
    y = np.round(x + rng.normal(size=30), 1)
    low = {str(i): float(v) for i, v in enumerate(x)}
    high = {str(i): float(v) for i, v in enumerate(y)}
    assert agreement(low, high) == pytest.approx(spearmanr(x, y)[0])
    assert ranks([3.0, 1.0, 3.0]).tolist() == [1.5, 0.0, 1.5]
    assert agreement({"a": 1.0}, {"a": 1.0}) is None
    assert agreement(dict.fromkeys("abc", 1.0), {"a": 1.0, "b": 2.0, "c": 3.0}) is None


def test_the_interval_holds_the_agreement_and_narrows_with_more_programs() -> None:
    rng = np.random.default_rng(2)
    widths = []
    for count in (20, 200):
        x = rng.normal(size=count)
        low = {str(i): float(v) for i, v in enumerate(x)}
        high = {str(i): float(v) for i, v in enumerate(x + rng.normal(size=count))}
        around = interval(low, high, np.random.default_rng(0))
        figure = agreement(low, high)
        assert around is not None
        assert figure is not None
        assert around[0] < figure < around[1]
        widths.append(around[1] - around[0])
    assert widths[1] < widths[0] / 2
    few = {str(i): float(i) for i in range(9)}
    assert interval(few, few, rng) is None


def test_the_rungs_of_a_task_go_from_cheap_to_dear() -> None:
    for name in ("digits", "mnist1d", "stdlib-lm"):
        task = find_task(name)
        rungs = [rung_at(task, level) for level in levels(3)]
        assert rungs[1] == task.rungs[0]
        assert cost(rungs[0]) < cost(rungs[1]) / 8
        assert cost(rungs[2]) > 3 * cost(rungs[1])
        assert rungs[2].limits.seconds > rungs[1].limits.seconds
        assert set(rungs[0].learning_rates) < set(rungs[1].learning_rates)
    assert rung_at(find_task("stdlib-lm"), 1).name == "long"


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, kind) for name in TASKS.names() for kind in kinds_of(TASKS.find(name))],
)
def test_every_task_has_a_ladder_for_each_of_its_kinds(name: str, kind: str) -> None:
    task = find_task(name, kind)
    rungs = [rung_at(task, level) for level in levels(3)]
    assert rungs[1] == task.rungs[0]
    assert 3 * cost(rungs[0]) <= cost(rungs[1]) < cost(rungs[2]) / 2
    # The trainer looks for progress after twenty steps, and a standard error takes two seeds.
    assert all(rung.steps >= 20 and rung.seeds >= 2 for rung in rungs)
