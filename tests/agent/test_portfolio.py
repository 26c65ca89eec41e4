"""The portfolio pays those who bring gains for little, and starves nobody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agent.portfolio import (
    FLOOR,
    Arm,
    arm_of,
    arms_of,
    as_fill_in,
    expected_improvement,
    records,
    stand_in,
)
from agent.proposer import View
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from tests.agent.test_evolution import view

EVOLUTION, CHEAP, DEAR = Arm("evolution"), Arm("rewrite", "cheap"), Arm("rewrite", "dear")
ARMS = (EVOLUTION, CHEAP, DEAR)


def shares(seen: View, arms: tuple[Arm, ...]) -> list[float]:
    return [r.share for r in records(seen, arms)]


def record(results: dict[Arm, tuple[list[float | None], float]], usd: float = 1.0) -> View:
    """Return a view with these scores and this price of a candidate for each arm."""
    seen = view([0.0])
    history = list(seen.history)
    for arm, (scores, price) in results.items():
        for score in scores:
            status = Status.FAILED if score is None else Status.SCORED
            origin = Origin(arm.proposer, model=arm.model, usage={"usd": price} if price else {})
            index = len(history)
            program = seen.history[0].program
            evaluation = Evaluation(status, score)
            history.append(Candidate(f"r{index}", index, program, origin, evaluation))
    return replace(seen, history=history, budget_left={"evals": 100.0, "usd": usd})


def test_without_models_the_weights_are_the_chances() -> None:
    plain = (Arm("evolution", weight=3.0), Arm("random-search"))
    assert shares(record({}), plain) == pytest.approx([0.75, 0.25])


def test_before_there_is_a_record_the_weights_decide_too() -> None:
    assert shares(record({}), ARMS) == pytest.approx([1 / 3] * 3)


def test_gains_for_the_same_price_are_rewarded() -> None:
    seen = record({EVOLUTION: ([0.0, 0.1] * 5, 0.0), CHEAP: ([1.0, 1.1] * 5, 0.0)})
    evolution, cheap, _ = shares(seen, ARMS)
    assert cheap > 2 * evolution


def test_the_dearer_of_equals_gets_less_and_nobody_starves() -> None:
    same: list[float | None] = [0.1, 0.5, 0.9, 0.2]
    seen = record({EVOLUTION: (same, 0.0), CHEAP: (same, 0.001), DEAR: (same, 0.5)})
    evolution, cheap, dear = shares(seen, ARMS)
    assert evolution > cheap > dear >= FLOOR / 3
    broke = record({CHEAP: (same, 0.01), DEAR: ([None] * 20, 0.5)}, usd=0.0)
    assert min(shares(broke, ARMS)) >= FLOOR / 3
    assert sum(shares(broke, ARMS)) == pytest.approx(1.0)


def test_what_evolution_fills_in_is_not_the_models_merit() -> None:
    arm = Arm("rewrite", "cheap")
    origin = stand_in(Origin("evolution", "insert", ("p",)), arm, "refused: no")
    assert arm_of(origin) == ("rewrite", "cheap")
    assert origin.operator == "insert for rewrite"
    seen = record({EVOLUTION: ([0.0, 0.1] * 5, 0.0)})
    lucky = [
        replace(
            seen.history[1], id=f"s{i}", origin=origin, evaluation=Evaluation(Status.SCORED, 9.0)
        )
        for i in range(10)
    ]
    found = {r.arm: r for r in records(replace(seen, history=[*seen.history, *lucky]), ARMS)}
    assert found[CHEAP].tried == 10
    assert found[CHEAP].gain < found[DEAR].gain


def test_who_fills_in_has_had_a_place_and_the_others_come_next() -> None:
    scores: list[float | None] = [0.3, 0.5, 0.9, 0.2]
    seen = record({CHEAP: (scores, 0.0), DEAR: (scores, 0.0)})
    filling = [
        replace(
            seen.history[1],
            id=f"s{i}",
            origin=as_fill_in(Origin("evolution", "insert", ("p",))),
            evaluation=Evaluation(Status.SCORED, scores[i % 4]),
        )
        for i in range(8)
    ]
    plain = {r.arm: r for r in records(seen, ARMS)}
    assert plain[EVOLUTION].share > 0

    found = {r.arm: r for r in records(replace(seen, history=[*seen.history, *filling]), ARMS)}
    assert [found[arm].tried for arm in ARMS] == [8, 4, 4]
    assert found[EVOLUTION].gain > 0
    assert found[EVOLUTION].share == 0
    assert found[CHEAP].share == pytest.approx(0.5, abs=0.02)

    later = record({CHEAP: (scores * 8, 0.0), DEAR: (scores * 8, 0.0)})
    made_up = {r.arm: r for r in records(replace(later, history=[*later.history, *filling]), ARMS)}
    assert made_up[EVOLUTION].share > 0, "all have had their part"
    alone = [replace(c, origin=Origin("evolution")) for c in filling]
    drawn = {r.arm: r for r in records(replace(seen, history=[*seen.history, *alone]), ARMS)}
    assert drawn[EVOLUTION].share > 0, "what it was drawn for needs no making up"


def test_every_talker_is_paired_with_every_model() -> None:
    arms = arms_of({"evolution": 2.0, "rewrite": 1.0}, ["rewrite"], {"a": 1.0, "b": 3.0})
    assert arms == (Arm("evolution", "", 2.0), Arm("rewrite", "a", 0.25), Arm("rewrite", "b", 0.75))


def test_expected_improvement_is_the_textbook_one() -> None:
    draws = np.random.default_rng(0).normal(1.0, 2.0, size=400_000)
    assert expected_improvement(1.0, 2.0, 2.5) == pytest.approx(
        np.maximum(draws - 2.5, 0).mean(), rel=0.02
    )
    assert expected_improvement(3.0, 0.0, 2.5) == 0.5
