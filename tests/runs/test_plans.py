"""At twenty thousand candidates the questions of every day are still answered from indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runs.filling import fill
from runs.leaders import asked, leaders
from runs.store import Store
from tests.runs.samples import send_up

SMALL = ("SCAN run", "SCAN r", "SCAN up", "SCAN json_each", "SCAN SUBQUERY", "SCAN CONSTANT ROW")
"""What may be gone through from end to end: the runs, and what a question found itself."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("plans") / "cambrian.db") as store:
        for run in fill(store, 20_000, 4, np.random.default_rng(0), together=1000):
            send_up(store, run, every=100)
        yield store


QUESTIONS: dict[str, Callable[[Store, str, str], Any]] = {
    "runs": lambda s, run, one: s.runs(),
    "run": lambda s, run, one: s.run(run[:5]),
    "top": lambda s, run, one: s.top(),
    "top of a run": lambda s, run, one: s.top(run=run),
    "top --where": lambda s, run, one: leaders(s, asked(s, where="size <= 7 and gain > 0")),
    "climbs": lambda s, run, one: s.recall_climb("digits", "p1", "0", 1),
    "candidate": lambda s, run, one: s.candidate(one[:8]),
    "run of": lambda s, run, one: s.run_of(one),
    "aliases": lambda s, run, one: s.aliases(one),
    "ancestry": lambda s, run, one: s.ancestry(one),
    "children": lambda s, run, one: s.children(one),
    "recall": lambda s, run, one: s.recall("digits", "p1", s.candidate(one).evaluation.fingerprint),
    "verdict": lambda s, run, one: s.verdict(one),
    "events": lambda s, run, one: s.events(run),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_goes_through_a_table(
    large: Store, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = large.top(limit=1)[0]
    plans: list[str] = []
    answer = large.rows

    def explained(sql: str, *values: Any) -> list[dict[str, Any]]:
        plans.extend(row["detail"] for row in answer(f"EXPLAIN QUERY PLAN {sql}", *values))
        return answer(sql, *values)

    monkeypatch.setattr(large, "rows", explained)
    QUESTIONS[name](large, best.run, best.id)
    assert plans
    scans = [plan for plan in plans if plan.startswith("SCAN") and not plan.startswith(SMALL)]
    assert not scans
    # Sorting is for what was found, never for all there is.
    assert name == "ancestry" or "USE TEMP B-TREE FOR GROUP BY" not in plans


def test_a_new_run_reads_none_of_the_others(large: Store, tmp_path: Path) -> None:
    before = large.rows("SELECT count(*) AS n FROM candidate")
    (run,) = fill(large, 1, 1, np.random.default_rng(1))
    assert len(large.history(run)) == 1
    assert large.run(run).evaluations == 1
    assert large.rows("SELECT count(*) AS n FROM candidate") == [{"n": before[0]["n"] + 1}]
