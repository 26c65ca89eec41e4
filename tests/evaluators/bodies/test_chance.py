"""Random networks, the improvement over them, and what proxies foretell."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evaluators.chance import Improvement, draw, fitting, improvement
from evaluators.evaluator import Evaluator
from evaluators.harness.proxies import PROXIES
from evaluators.proxies import agreement, proxies, robot
from programs.load import library
from runs.proxies import figures
from sandbox.memory import MemorySandbox
from tests.evaluators.bodies.small import RECALL, SIGNALS


def test_random_networks_fit_their_place_differ_and_follow_the_seed() -> None:
    first, again, other = (
        [p.key for p in draw(RECALL, 4, np.random.default_rng(seed))] for seed in (0, 0, 1)
    )
    assert first == again != other
    assert len(set(first)) == 4
    assert len(fitting(RECALL)) > 20


def test_the_improvement_is_relative_to_the_mean_of_random_networks() -> None:
    found = Improvement(accuracy=0.9, random=0.6, networks=8, failed=1)
    assert found.percent == pytest.approx(50.0)
    assert found.sentence == (
        "Accuracy 90.0%, +50.0 % relative to the 60.0% of the average of 8 random architectures "
        "trained alike (1 more could not be trained)."
    )


def test_random_networks_are_trained_like_the_one_that_is_judged() -> None:
    evaluator = Evaluator(SIGNALS, MemorySandbox())
    gru = library("architecture")["gru"]
    found = improvement(evaluator, gru, 2, np.random.default_rng(0))
    assert found is not None
    assert 0 < found.random <= 1
    assert found.networks + found.failed == 2
    assert found == improvement(evaluator, gru, 2, np.random.default_rng(0))


def test_every_proxy_is_a_number_for_a_recurrent_network_and_the_same_every_time() -> None:
    evaluator = Evaluator(RECALL, MemorySandbox())
    first, again = (proxies(evaluator, library("architecture")["gru"]) for _ in range(2))
    assert set(first) == set(PROXIES)
    assert all(map(math.isfinite, first.values()))
    assert first == again
    sizes = RECALL.sizes(library("architecture")["gru"].genome)  # type: ignore[arg-type]
    assert first["parameters"] == sizes.parameters  # type: ignore[union-attr]


def test_a_network_without_recurrence_has_no_hidden_states() -> None:
    found = proxies(Evaluator(SIGNALS, MemorySandbox()), library("architecture")["mlp"])
    assert math.isnan(found["hidden_cov"])
    assert found["snip"] > 0
    assert found["synflow"] > 0


def test_agreement_is_one_for_the_same_order_and_leaves_out_what_is_missing() -> None:
    scores = np.array([1.0, 2.0, 3.0, 4.0])
    same = agreement(np.array([1.0, 4.0, math.nan, 9.0]), scores)
    assert (same.spearman, same.kendall, same.networks) == (pytest.approx(1), pytest.approx(1), 3)
    assert agreement(-scores, scores).kendall == pytest.approx(-1)
    assert agreement(np.array([1.0, 2.0, 4.0, 3.0]), scores).kendall == pytest.approx(4 / 6)
    assert math.isnan(agreement(np.ones(4), scores).spearman)


def test_robot_finds_the_best_by_a_proxy_that_tells_and_keeps_to_its_budget() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=200)
    table = {"telling": scores + 0.1 * rng.normal(size=200), "noise": rng.normal(size=200)}
    asked: list[int] = []

    def score(place: int) -> float:
        asked.append(place)
        return float(scores[place])

    walk = robot(table, score, np.random.default_rng(1), budget=20)
    assert len(asked) == len(set(asked)) <= 20
    assert set(asked) == set(walk.trained)
    assert (scores > scores[walk.best]).sum() < 5
    assert walk.weights["telling"] > abs(walk.weights["noise"])


def test_figures_rank_the_proxies() -> None:
    rows = [({"good": float(i), "bad": float(-i)}, float(i)) for i in range(30)]
    found = figures("digits", rows, 32, np.random.default_rng(0))
    assert found.agreement["good"].spearman == pytest.approx(1)
    assert found.agreement["bad"].spearman == pytest.approx(-1)
    assert (found.networks, found.untrained) == (30, 2)
