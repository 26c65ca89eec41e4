"""Files of several machines become one, however often."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.candidate import Status
from programs.errors import InputError, StoreError
from runs.care import check
from runs.dump import TABLES
from runs.filling import fill
from runs.merge import Merged, merge
from runs.record import candidate_id
from runs.store import Store
from tests.runs.samples import SOURCE, candidate, new_run, send_up


def filled(path: Path, seed: int) -> Path:
    with Store.open(path) as store:
        fill(store, 120, 2, np.random.default_rng(seed), together=30)
        run = store.runs()[0].id
        store.llm_call(run, model="m", purpose="propose", messages=[], usd=0.25)
        store.event(run, "began")
        store.save_verdict(candidate_id(run, 0), "It is better.")
        first = store.candidate(candidate_id(run, 0))
        store.save_funnel(first.program, "p1", "moons", 200, first.evaluation)
        send_up(store, run)
    return path


def contents(store: Store) -> dict[str, list[dict[str, Any]]]:
    return {table: store.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in TABLES}


def sound(store: Store) -> bool:
    return not any(finding.broken for finding in check(store))


def test_two_files_become_one_and_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    files = [filled(tmp_path / f"{n}.db", n) for n in range(2)]
    before = [path.read_bytes() for path in files]
    first = [merge(store, path) for path in files]
    assert [(m.new, m.candidates, m.renamed) for m in first] == [(2, 120, 0)] * 2
    whole = contents(store)
    for path in files:
        with Store.open(path) as other:
            for run in other.runs():
                assert store.history(run.id) == other.history(run.id)
                assert store.run(run.id) == run
    again = [merge(store, path) for path in files]
    assert [(m.new, m.longer, m.known, m.candidates) for m in again] == [(0, 0, 2, 0)] * 2
    assert contents(store) == whole
    assert sound(store)
    assert [path.read_bytes() for path in files] == before or all(p.exists() for p in files)


def test_every_table_comes_over(store: Store, tmp_path: Path) -> None:
    """A table that is exported and not merged, or a column of one, is missed here."""
    path = filled(tmp_path / "a.db", 0)
    merge(store, path)
    with Store.open(path) as other:
        theirs = contents(other)
    ours = contents(store)
    assert all(theirs.values()), "a table is empty: the test proves nothing of it"
    for table in TABLES:
        numbered = {"id"} if table in ("llm_call", "event", "verdict") else set()
        for rows in (ours, theirs):
            rows[table] = [{k: v for k, v in r.items() if k not in numbered} for r in rows[table]]
        assert ours[table] == theirs[table]


def test_climbs_of_a_run_that_went_on_come_too(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with Store.open(path) as other:
        run = new_run(other).id
        for index, score in enumerate((0.9, 0.5)):
            other.record(run, candidate(run, index, score))
        merge(store, path)
        sent = send_up(other, run, every=1)
        assert merge(store, path) == Merged(path, longer=1)
        assert merge(store, path) == Merged(path, known=1)
        assert store.history(run) == other.history(run)
        assert store.top() == other.top()
        assert (store.top()[0].id, store.top()[0].rung) == (sent[0], 1)
        assert store.measured(sent[0]) == other.measured(sent[0])
    assert sound(store)


def test_a_candidate_that_behaves_otherwise_here_takes_no_climbs(
    store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    with Store.open(path) as other:
        run = new_run(other).id
        other.record(run, candidate(run, 0, 0.5))
        merge(store, path)
        other.record(run, candidate(run, 1, 0.7, fingerprint="theirs"))
        store.record(run, candidate(run, 1, 0.6, fingerprint="ours"))
        send_up(other, run, every=1)
        merge(store, path)
        climbed = [[len(c.climbs) for c in each.history(run)] for each in (store, other)]
        assert climbed == [[1, 0], [1, 1]]
        assert store.candidate(candidate_id(run, 1)).standing.score == 0.6
    assert sound(store)


def test_a_run_that_went_on_brings_what_is_new(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with Store.open(path) as other:
        run = new_run(other).id
        first = candidate(run, 0, 0.5)
        other.record(run, first)
        other.event(run, "began")
        assert merge(store, path).new == 1
        here = store.run(run)
        assert (here.state, here.owner, here.held) == ("stopped", None, False)
        other.record(run, candidate(run, 1, 0.75, parents=(first.id,)))
        other.event(run, "ended")
        other.finish(run, "done", "2 evaluations done")
        assert merge(store, path) == Merged(path, longer=1, candidates=1)
        assert store.history(run) == other.history(run)
        assert store.events(run) == other.events(run)
        there = store.run(run)
        assert (there.state, there.evaluations, there.best) == ("done", 2, 0.75)
    assert sound(store)


def same_id(path: Path, id_: str) -> list[float | None]:
    """Make a run with this very id; return its scores."""
    with Store.open(path) as store:
        run = new_run(store).id
        store.execute("UPDATE run SET id = ? WHERE id = ?", id_, run)
        first = candidate(id_, 0, len(path.name) / 10)
        copy = {"status": Status.DUPLICATE, "duplicate_of": first.id, "fingerprint": "same"}
        store.record(id_, replace(first, evaluation=replace(first.evaluation, fingerprint="same")))
        store.record(id_, candidate(id_, 1, 0.5, parents=(first.id,), **copy))
        store.save_verdict(first.id, "It is better.")
        send_up(store, id_)
        store.finish(id_, "done")
        return [each.score for each in store.history(id_)]


def test_runs_that_drew_the_same_id_are_told_apart(store: Store, tmp_path: Path) -> None:
    a, longer = tmp_path / "a.db", tmp_path / "longer.db"
    scores = [same_id(path, "00c0ffee") for path in (a, longer)]
    merge(store, a)
    merged = merge(store, longer)
    assert (merged.new, merged.renamed) == (1, 1)
    (other,) = {run.id for run in store.runs()} - {"00c0ffee"}
    assert [each.score for each in store.history("00c0ffee")] == scores[0]
    history = store.history(other)
    assert [each.score for each in history] == scores[1]
    assert [each.id for each in history] == [candidate_id(other, n) for n in range(2)]
    assert history[1].origin.parents == (history[0].id,)
    assert history[1].duplicate_of == history[0].id
    assert all(c.climbs and c.standing.rung == 1 for c in history)
    assert store.verdict(history[0].id) is not None
    whole = contents(store)
    for path in (a, longer, a):
        assert merge(store, path).known == 1
    assert contents(store) == whole
    assert sound(store)


def test_a_program_keeps_the_words_of_each_candidate(store: Store, tmp_path: Path) -> None:
    run = new_run(store).id
    first = candidate(run, 0, 0.5)
    store.record(run, first)
    path = tmp_path / "a.db"
    text = SOURCE.replace("lr", "rate")
    with Store.open(path) as other:
        theirs = new_run(other).id
        one = candidate(theirs, 0, 0.5)
        other.record(theirs, replace(one, program=replace(first.program, source=text)))
        other.record(theirs, replace(candidate(theirs, 1, 0.5), program=first.program))
        wanted = other.history(theirs)
    merge(store, path)
    assert store.history(theirs) == wanted
    assert store.history(run) == [first]


def test_what_cannot_be_merged_is_said(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name the others"):
        merge(store, store.path)
    with pytest.raises(StoreError, match="no database"):
        merge(store, tmp_path / "absent.db")
    (tmp_path / "text.db").write_text("no database " * 99)
    with pytest.raises(StoreError, match="not a database"):
        merge(store, tmp_path / "text.db")
    assert contents(store)["run"] == []
