from __future__ import annotations

import numpy as np
import pytest

from evaluators.cache import AVERAGED, FunctionalCache, Use, as_copy, completed
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.program import Program

RNG = np.random.default_rng(0)


def candidate(id_: str, *by_seed: float) -> Candidate:
    score = sum(by_seed) / len(by_seed) if by_seed else None
    status = Status.SCORED if by_seed else Status.FAILED
    metrics = {"accuracy": score or 0.0, "learning_rate": 0.1}
    evaluation = Evaluation(status, score, metrics, by_seed, fingerprint="f", seconds=2.0)
    return Candidate(id_, 0, Program("optimizer", "", id_), Origin("evolution"), evaluation)


def test_a_known_behaviour_is_reused() -> None:
    cache = FunctionalCache()
    assert cache.look("f", RNG).use is Use.TRAIN
    cache.put("f", 3)
    look = cache.look("f", RNG)
    assert (look.use, look.earlier) == (Use.REUSE, 3)
    assert cache.look("g", RNG).use is Use.TRAIN


def test_forgetting_trains_again_as_often_as_asked_and_with_new_seeds() -> None:
    cache = FunctionalCache(forget=0.3)
    cache.put("f", 3)
    uses = [cache.look("f", RNG) for _ in range(2000)]
    forgotten = [u for u in uses if u.use is Use.TRAIN]
    assert 0.25 < len(forgotten) / len(uses) < 0.35
    assert {u.trained for u in forgotten} == {1}


def test_aggregating_averages_the_first_few() -> None:
    cache = FunctionalCache(aggregate=3)
    cache.put("f", 0)
    for place, averaged in ((4, 2), (9, 3)):
        look = cache.look("f", RNG)
        assert (look.use, look.averaged) == (Use.ADD, averaged)
        cache.put("f", place, averaged)
    assert cache.look("f", RNG).use is Use.REUSE
    assert cache.look("f", RNG).earlier == 9


def test_a_copy_takes_over_everything_but_the_cost() -> None:
    copy = completed(as_copy(candidate("b")), candidate("a", 1.0, 2.0))
    assert copy.evaluation.status is Status.DUPLICATE
    assert copy.score == 1.5
    assert copy.duplicate_of == "a"
    assert copy.evaluation.seconds == 0
    failed = completed(as_copy(candidate("b")), candidate("a"))
    assert failed.score is None
    assert "failed" in failed.evaluation.message


def test_averaging_pools_the_seeds() -> None:
    second = completed(candidate("b", 3.0, 4.0), candidate("a", 1.0, 2.0))
    assert second.evaluation.by_seed == (1.0, 2.0, 3.0, 4.0)
    assert second.score == pytest.approx(2.5)
    assert second.evaluation.metrics[AVERAGED] == 2
    assert second.evaluation.metrics["accuracy"] == pytest.approx(2.5)
    third = completed(candidate("c", 0.0, 0.0), second)
    assert third.evaluation.metrics[AVERAGED] == 3
    assert third.score == pytest.approx(10 / 6)
    assert completed(candidate("d"), second).score is None
