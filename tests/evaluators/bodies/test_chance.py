"""Random networks, the improvement over them, and what proxies foretell."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from evaluators.admit import admit_to
from evaluators.chance import Improvement, draw, fitting, improvement
from evaluators.evaluator import Evaluator
from evaluators.harness.proxies import PROXIES
from evaluators.proxies import Agreement, agreement, best_of_first, proxies, robot
from programs.errors import CambrianError
from programs.load import library
from runs.proxies import Measured, ProxyFigures, figures
from runs.proxy_tables import screen
from sandbox.memory import MemorySandbox
from tests.evaluators.bodies.small import RECALL, SIGNALS


def test_random_networks_fit_their_place_differ_and_follow_the_seed() -> None:
    first, again, other = (
        [p.key for p in draw(RECALL, 4, np.random.default_rng(seed))] for seed in (0, 0, 1)
    )
    assert first == again != other
    assert len(set(first)) == 4
    known = fitting(RECALL)
    assert len(known) > 20
    assert not {p.key for p in known.values()} & set(first)


def test_random_networks_do_not_repeat_known_ones() -> None:
    drawn = draw(RECALL, 2, np.random.default_rng(0))
    known = [admitted.fingerprint for p in drawn if (admitted := admit_to(RECALL, p.source))]
    others = draw(RECALL, 2, np.random.default_rng(0), known)
    assert not {p.key for p in others} & {p.key for p in drawn}


def test_the_improvement_is_relative_to_the_mean_of_random_networks() -> None:
    found = Improvement(accuracy=0.9, random=0.6, networks=8, failed=1, seeds=5)
    assert found.percent == pytest.approx(50.0)
    assert found.sentence == (
        "Held-out accuracy with 5 seeds 90.0%: +50.0 % relative to the 60.0% of the average of 8 "
        "random architectures trained alike (1 more could not be trained)."
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


def agreed(values: np.ndarray, scores: np.ndarray) -> Agreement:
    return agreement(values, scores, np.random.default_rng(0))


def test_agreement_is_one_for_the_same_order_and_leaves_out_what_is_missing() -> None:
    scores = np.array([1.0, 2.0, 3.0, 4.0])
    same = agreed(np.array([1.0, 4.0, math.nan, 9.0]), scores)
    assert (same.spearman, same.kendall, same.networks) == (pytest.approx(1), pytest.approx(1), 3)
    assert agreed(-scores, scores).kendall == pytest.approx(-1)
    assert agreed(np.array([1.0, 2.0, 4.0, 3.0]), scores).kendall == pytest.approx(4 / 6)
    assert math.isnan(agreed(np.ones(4), scores).spearman)
    assert agreed(np.full(4, math.nan), scores).networks == 0


def test_agreement_is_scipy_s() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.integers(8, size=(2, 40)).astype(float)
    found = agreed(a, b)
    assert found.spearman == pytest.approx(stats.spearmanr(a, b)[0])
    assert found.kendall == pytest.approx(stats.kendalltau(a, b)[0])


def test_intervals_hold_the_figure_and_narrow_with_the_networks() -> None:
    rng = np.random.default_rng(1)
    widths = []
    for count in (20, 200):
        scores = rng.normal(size=count)
        found = agreed(scores + rng.normal(size=count), scores)
        for figure, (low, high) in (
            (found.spearman, found.spearman_interval),
            (found.kendall, found.kendall_interval),
        ):
            assert low < figure < high
        widths.append(np.ptp(found.spearman_interval))
    assert widths[1] < widths[0] / 2


def test_a_short_list_is_worth_the_best_network_on_it() -> None:
    scores = np.array([5.0, 1.0, 4.0, 3.0, 2.0])
    assert best_of_first(scores, scores, 2) == 1
    assert best_of_first(-scores, scores, 2) == 4
    assert best_of_first(np.array([math.nan, 1, 2, 0, 0]), scores, 2) == 2


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


@pytest.fixture(scope="module")
def found() -> ProxyFigures:
    rows: dict[str, Measured | str] = {
        f"net{i}": Measured({"good": float(i), "bad": float(-i)}, float(i)) for i in range(30)
    }
    rows |= {f"bad{i}": f"diverged: at step {i}" for i in range(12)}
    return figures("digits", rows, np.random.default_rng(0))


def test_figures_rank_the_proxies_and_their_short_lists(found: ProxyFigures) -> None:
    assert found.agreement["good"].spearman == pytest.approx(1)
    assert found.agreement["bad"].spearman == pytest.approx(-1)
    assert found.shortlists.proxies == {"good": 1, "bad": 11}
    assert len(found.shortlists.robot) == 20
    assert max(found.shortlists.robot) <= 11
    assert found.shortlists.chance == pytest.approx(31 / 21)
    assert found.weighted.networks == 10


def test_why_a_network_has_no_part_is_kept_and_shown(found: ProxyFigures) -> None:
    assert (found.networks, len(found.failures)) == (30, 12)
    assert found.as_json()["failures"]["bad3"] == "diverged: at step 3"
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(screen(found))
    shown = console.export_text()
    assert "score at the middle learning rate of its sweep" in " ".join(shown.split())
    assert "12 more could not be trained" in shown
    assert "bad9: diverged: at step 9" in shown
    assert "and 2 more, see --json" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_too_few_networks_are_refused_with_the_reasons() -> None:
    with pytest.raises(CambrianError, match="Only 0 of 1 networks could be trained:\n  a: late"):
        figures("digits", {"a": "late"}, np.random.default_rng(0))
