"""The leaderboard under conditions, in any order, and its front."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluators.candidate import APART
from programs.errors import InputError
from runs.leaders import TRADE_OFF, asked, leaders, trade_offs
from runs.pages.facts import points
from runs.store import Store
from runs.where import COLUMNS, condition, keys
from tests.runs.samples import candidate, new_run

SIZES = (4, 2, 9, 3, 2)
SCORES = (0.5, 0.6, 0.9, 0.8, 0.7)


@pytest.fixture
def board(store: Store) -> Store:
    """Return a store with five candidates of one run, and two of another task."""
    run, other = new_run(store).id, new_run(store, task="moons").id
    for index, (score, size) in enumerate(zip(SCORES, SIZES, strict=True)):
        metrics = {"accuracy": index / 10} if index else {}
        source = f"# {index}\n" * size
        made = candidate(run, index, score, source=source, metrics=metrics, seconds=float(index))
        operator = "nudge" if index % 2 else "insert"
        store.record(run, replace(made, origin=replace(made.origin, operator=operator)))
    store.record(other, candidate(other, 0, 0.55))
    store.record(other, candidate(other, 1, 0.95, fingerprint="twice"))
    store.record(other, candidate(other, 2, 0.94, fingerprint="twice"))
    return store


def scores(store: Store, **what: str) -> list[float]:
    return [row.score for row in leaders(store, asked(store, **what))]  # type: ignore[arg-type]


CONDITIONS = {
    "score > 0.6": {0.95, 0.9, 0.8, 0.7},
    "size <= 2 and task == 'digits'": {0.6, 0.7},
    "0.6 <= score < 0.9": {0.6, 0.7, 0.8},
    "not size > 3 and gain > 0.15": {0.8, 0.7, 0.95},
    "operator in ('insert', 'swap') or task != 'digits'": {0.5, 0.9, 0.7, 0.55, 0.95},
    "operator not in ['insert'] and task == 'digits'": {0.6, 0.8},
    "'# 3' in source": {0.8},
    "'# 3' not in source and task == 'digits'": {0.5, 0.6, 0.9, 0.7},
    "metrics.accuracy >= 0.3": {0.8, 0.7},
    "metrics.nothing is None and task == 'moons'": {0.55, 0.95},
    "(score - baseline) / 2 >= 0.19": {0.9, 0.95},
    "score * 10 + size == 9 + -(-0)": {0.5, 0.7},
    "seconds == 1 + 1": {0.9},
    "metrics.accuracy != None and score == 0.6": {0.6},
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_chooses(board: Store, text: str) -> None:
    assert set(scores(board, where=text)) == CONDITIONS[text]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("scor > 1", "Did you mean `score`"),
        ("score", "no condition"),
        ("score >", "cannot be read"),
        ("", "cannot be read"),
        ("score > 'a'", "is a text"),
        ("size in source", "is a number"),
        ("score > 1; DROP TABLE run", "cannot be read"),
        ("__import__('os').system('x') == 1", "cannot stand"),
        ("source.upper() == 'X'", "cannot stand"),
        ("[x for x in source] == 1", "cannot stand"),
        ("score ** 2 > 1", "cannot stand"),
        ("score is 1", "Compare with"),
        ("lambda: 1", "cannot stand"),
        ("(" * 500 + "1" + ")" * 500 + " == 1", "cannot be read"),
        ("score > 1 and " * 200 + "1 == 1", "longer"),
        ("score > 9" + "\0", "cannot be read"),
    ],
)
def test_what_is_no_condition_is_explained(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        condition(text)


def test_no_text_of_the_users_becomes_sql() -> None:
    nasty = "'); DROP TABLE run; --"
    found = condition(f'proposer == "{nasty}" and metrics.accuracy > 1')
    assert nasty not in found.text
    assert found.values == (nasty, 1)


def test_rows_come_in_the_order_that_was_asked_for(board: Store) -> None:
    assert scores(board, sort="-size,score", task="digits") == [0.7, 0.6, 0.8, 0.5, 0.9]
    assert scores(board, sort="operator,-score", task="digits") == [0.6, 0.8, 0.5, 0.7, 0.9]
    assert scores(board, sort="metrics.accuracy", task="digits") == [0.7, 0.8, 0.9, 0.6, 0.5]
    assert scores(board)[:2] == [0.95, 0.9]
    with pytest.raises(InputError, match="no column"):
        keys("score,sise")


def test_a_behaviour_is_listed_once(board: Store) -> None:
    assert scores(board, task="moons", where="score > 0") == [0.95, 0.55]
    assert [row.score for row in leaders(board, asked(board, where="score > 0", limit=1))] == [0.95]


def test_the_front_weighs_score_against_size(board: Store) -> None:
    rows = trade_offs(board, asked(board, sort="score,-size", task="digits"))
    assert [(row.score, row.size) for row in rows] == [(0.9, 9), (0.8, 3), (0.7, 2)]
    rows = trade_offs(board, asked(board, sort="score,-size", task="digits", where="size < 9"))
    assert [row.score for row in rows] == [0.8, 0.7]
    rows = trade_offs(board, asked(board, sort="-seconds,score,-size", task="digits"))
    assert {row.score for row in rows} == {0.5, 0.6, 0.9, 0.8, 0.7}
    for alone in ("score", "score,operator"):
        with pytest.raises(InputError, match="two numbers"):
            trade_offs(board, asked(board, sort=alone))


def test_the_usual_front_is_read_from_an_index_alone(
    board: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_of: list[str] = []
    rows = board.rows

    def heard(sql: str, *values: Any) -> list[dict[str, Any]]:
        asked_of.append(sql)
        return rows(sql, *values)

    monkeypatch.setattr(board, "rows", heard)
    run = board.top(task="digits")[0].run
    trade_offs(board, asked(board, sort=TRADE_OFF, run=run))
    grouped = next(sql for sql in asked_of if "GROUP BY" in sql)
    plan = [row["detail"] for row in rows(f"EXPLAIN QUERY PLAN {grouped}", run)]
    tables = [step for step in plan if step.startswith(("SEARCH", "SCAN"))]
    assert tables == ["SEARCH c USING COVERING INDEX candidate_rank (run=? AND status=?)"]


def test_a_dearer_rung_comes_before_any_score(board: Store) -> None:
    run = board.top(task="digits")[0].run
    low = next(c for c in board.history(run) if c.score == 0.6)
    metrics = {"accuracy": 0.05}
    sure = replace(low.evaluation, rung=1, score=0.3, by_seed=(0.2, 0.4), metrics=metrics)
    board.climb(run, low.id, sure)
    assert scores(board, task="digits") == [0.3, 0.9, 0.8, 0.7, 0.5]
    assert scores(board, task="digits", sort="score") == [0.9, 0.8, 0.7, 0.5, 0.3]
    assert scores(board, where="rung == 1 and score < 0.5") == [0.3]
    # What is asked of it is what the dearer rung said; its run's first was not judged there.
    assert scores(board, where="metrics.accuracy < 0.1 and baseline is None") == [0.3]
    rows = trade_offs(board, asked(board, sort=TRADE_OFF, task="digits"))
    assert [(row.rung, row.score) for row in rows] == [(0, 0.9), (0, 0.8), (0, 0.7), (1, 0.3)]
    assert board.top(task="digits") == [
        replace(row, keys={}) for row in leaders(board, asked(board, task="digits"))
    ]


def test_kinds_and_the_unheld_are_kept_apart(board: Store) -> None:
    assert len(scores(board, kind="optimizer")) == 7
    assert scores(board, kind="schedule") == []
    for tier in APART:
        board.execute("UPDATE candidate SET tier = ? WHERE score = 0.9", tier)
        assert 0.9 not in scores(board)
        assert not board.rows("SELECT id FROM leaderboard WHERE score = 0.9")
        assert board.rows("SELECT tier FROM scored WHERE score = 0.9") == [{"tier": tier}]
        assert 0.9 not in [row.score for row in board.top(limit=99)]
        ask = asked(board, apart=tier)
        assert [row.score for row in leaders(board, ask)] == [0.9]
        assert [row.score for row in board.top(apart=tier)] == [0.9]
        run = board.rows("SELECT run FROM candidate WHERE score = 0.9")[0]["run"]
        seen = [p for p in points(board, run) if p.score == 0.9]
        assert seen
        assert not [p for p in seen if p.fresh]


def test_every_column_can_be_asked_for_and_is_documented(board: Store) -> None:
    text = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()
    for name in COLUMNS:
        assert leaders(board, asked(board, where=f"{name} == {name}", sort=name))
        assert f"`{name}`" in text
