"""A run goes on with a budget that is used up, or is none: it ends as it should have ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from programs.errors import InputError
from runs.care import check
from runs.discover import go_on
from runs.progress import Silent
from runs.start import perform, prepare
from runs.store import Store
from sandbox.memory import MemorySandbox
from tests.runs.test_loop import TOY, config, lineage, lose, needed, run


@pytest.mark.parametrize("rungs", [1, 2, 3])
@pytest.mark.parametrize("budget", [{"evals": 5}, {"evals": 40, "hours": 1e-9}])
def test_holes_are_filled_though_the_budget_is_used_up(
    store: Store, budget: dict[str, Any], rungs: int
) -> None:
    run_id, _ = run(store, seed=3, rungs=rungs)
    whole = lineage(store, run_id)
    holes = [c.id for c in store.history(run_id)[-9:-1] if not needed(store, c.id)][::2]
    assert holes, "nothing can be lost: the test proves nothing"
    lose(store, holes)
    asked = config(seed=3, rungs=rungs, **budget)
    state, progress = perform(prepare(store, asked, MemorySandbox(), resume=run_id), Silent())
    assert state == store.run(run_id).state == "done"
    assert [row[0] for row in lineage(store, run_id)] == list(range(len(whole)))
    assert [row[:-1] for row in lineage(store, run_id)] == [row[:-1] for row in whole]
    assert progress.tried == len(whole)
    assert all(not finding.broken for finding in check(store))


@pytest.mark.parametrize("rungs", [1, 2, 3])
@pytest.mark.parametrize("budget", [{"evals": 5}, {"evals": 40, "hours": 1e-9}])
def test_a_budget_that_is_used_up_shows_what_was_shown(
    store: Store, budget: dict[str, Any], rungs: int
) -> None:
    asked = config(seed=3, rungs=rungs)
    prepared = prepare(store, asked, MemorySandbox())
    _, first = perform(prepared, Silent())
    whole, sandbox = lineage(store, prepared.run.id), MemorySandbox()
    smaller = config(seed=3, rungs=rungs, **budget)
    state, again = perform(prepare(store, smaller, sandbox, prepared.run.id), Silent())
    assert (state, sandbox.jobs, lineage(store, prepared.run.id)) == ("done", [], whole)
    for name in ("tried", "trained", "recalled", "duplicates", "rejected", "by_rung"):
        assert getattr(again, name) == getattr(first, name), name
    assert again.best is not None
    assert first.best is not None
    assert (again.best.id, again.best.climbs) == (first.best.id, first.best.climbs)


@pytest.mark.parametrize(
    "given",
    [{"evals": 0}, {"hours": float("nan")}, {"usd": -1.0}, {"workers": 0}, {"workers": -1}],
)
def test_a_run_goes_on_with_no_settings_that_are_refused(
    store: Store, path: Path, given: dict[str, Any]
) -> None:
    settings = config().model_dump(mode="json")
    record = store.create_run(TOY, "optimizer", 0, settings, "plain", "cpu", "p", {})
    with pytest.raises(InputError, match=r"The setting `\w+` is wrong"):
        go_on(record.id, path, "none", Console(), Console(), **given)
