"""The file's care: what is checked is found, and what is dropped or copied loses nothing."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from programs.errors import InputError, RunLocked, StoreError
from runs.care import INVARIANTS, backup, check, compact
from runs.dump import OF_THIS_MACHINE, TABLES, dump
from runs.filling import fill
from runs.record import Owner
from runs.store import Store
from tests.runs.samples import candidate, new_run, send_up

ROOT = Path(__file__).parents[2]


@pytest.fixture
def full(store: Store) -> Store:
    """Return a store with two finished runs of 150 candidates each, the best on a dearer rung."""
    for run in fill(store, 300, 2, np.random.default_rng(0), together=50):
        send_up(store, run)
    return store


def broken(store: Store) -> set[str]:
    return {finding.promise for finding in check(store) if finding.broken}


def test_a_file_as_runs_leave_it_keeps_every_promise(full: Store) -> None:
    found = list(check(full))
    assert len(found) == 2 + len(INVARIANTS)
    assert not any(finding.broken for finding in found)
    assert all(finding.sentence.endswith(".") for finding in found)


SCORED = "(SELECT id FROM candidate WHERE status = 'scored' AND idx > 0 LIMIT 1)"
HARM = {
    "counts": "UPDATE run SET rejected = rejected + 1",
    "dearer rung is": "UPDATE climb SET score = score + 1 WHERE score IS NOT NULL",
    "leaderboard": "UPDATE candidate SET high_rung = 0, high_score = score",
    "has a score": f"UPDATE candidate SET score = NULL WHERE id = {SCORED}",
    "a score is the mean": f"UPDATE candidate SET score = score + 1 WHERE id = {SCORED}",
    "parents": f"UPDATE candidate SET idx = 9000 WHERE id = (SELECT parent FROM parent "
    f"WHERE child = {SCORED})",
    "duplicate": "UPDATE candidate SET fingerprint = 'x' WHERE status = 'duplicate'",
    "gaps": "UPDATE candidate SET idx = 9001 WHERE idx = 149",
    "ended": "UPDATE run SET ended = NULL",
    "cost": "UPDATE run SET usd = 1",
}


@pytest.mark.parametrize("word", HARM)
def test_a_broken_promise_is_found_and_named(full: Store, word: str) -> None:
    full.execute(HARM[word])
    assert any(word in promise for promise in broken(full))
    (sentence, *_) = [f.sentence for f in check(full) if f.broken and word in f.promise]
    assert sentence.startswith("Not so that")


def test_every_invariant_is_put_to_the_test() -> None:
    assert len(HARM) == len(INVARIANTS)


def test_what_is_referred_to_and_missing_is_found(full: Store) -> None:
    full.execute("PRAGMA foreign_keys = OFF")
    full.execute("DELETE FROM program WHERE key IN (SELECT program FROM candidate LIMIT 1)")
    assert "everything that is referred to is there" in broken(full)


def test_compacting_saves_room_and_loses_nothing(full: Store) -> None:
    full.execute("INSERT INTO program VALUES ('unused', 'optimizer', ?, 1)", "x" * 500_000)
    runs = [(run, full.history(run.id)) for run in full.runs()]
    words = [each.id for each in full.search("lerp")]
    before, after = compact(full)
    assert before - after > 400_000
    assert [(run, full.history(run.id)) for run in full.runs()] == runs
    assert [each.id for each in full.search("lerp")] == words
    assert full.rows("SELECT 1 FROM program WHERE key = 'unused'") == []
    assert not broken(full)


def test_a_file_at_work_is_not_compacted(full: Store) -> None:
    run = new_run(full).id
    other = Owner("elsewhere", 1, "1").to_json()
    full.execute("UPDATE run SET owner = ? WHERE id = ?", other, run)
    with pytest.raises(RunLocked, match=run):
        compact(full)


def test_a_backup_is_whole_while_another_process_writes(path: Path, tmp_path: Path) -> None:
    script = """
import sys
from runs.store import Store
from tests.runs.samples import candidate, new_run
with Store.open(sys.argv[1]) as store:
    run = new_run(store).id
    for index in range(100_000):
        parents = (last.id,) if index else ()
        last = candidate(run, index, 0.5, source=f"# {index}", parents=parents)
        store.record(run, last)
        if index == 20:
            print(run, flush=True)
"""
    writer = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert writer.stdout
        run = writer.stdout.readline().strip()
        sizes = []
        for number in range(3):
            with Store.open(path) as store:
                backup(store, tmp_path / f"{number}.db")
            with Store.open(tmp_path / f"{number}.db") as copy:
                history = copy.history(run)
                sizes.append(len(history))
                assert [each.index for each in history] == list(range(len(history)))
                assert all(len(each.evaluation.by_seed) == 2 for each in history)
                assert not broken(copy)
        assert sizes == sorted(sizes)
        assert sizes[0] > 20
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()


def test_a_backup_overwrites_nothing_unasked(full: Store, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.write_text("mine")
    with pytest.raises(InputError, match="there already"):
        backup(full, there)
    assert there.read_text() == "mine"
    assert backup(full, there, force=True) == there.stat().st_size
    with pytest.raises(InputError, match="the database itself"):
        backup(full, full.path, force=True)
    with pytest.raises(InputError, match="no folder"):
        backup(full, tmp_path / "no" / "x.db")
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_export_holds_every_row(full: Store, tmp_path: Path, form: str) -> None:
    counts = dump(full, tmp_path / "all", form)
    for table, count in counts.items():
        assert full.rows(f"SELECT count(*) AS n FROM {table}") == [{"n": count}]
        text = (tmp_path / "all" / f"{table}.{form}").read_text()
        # A program has several lines, which CSV keeps as they are.
        if form == "jsonl":
            rows = [json.loads(line) for line in text.splitlines()]
            assert rows == [] or set(rows[0]) == set(full.rows(f"SELECT * FROM {table}")[0])
            assert len(rows) == count
    run = full.runs()[0].id
    part = dump(full, tmp_path / "one", form, run[:5])
    assert (part["run"], part["candidate"]) == (1, 150)
    assert 0 < part["climb"] < counts["climb"]
    with pytest.raises(InputError, match="holds"):
        dump(full, tmp_path / "one", form)


def test_every_table_is_exported(store: Store) -> None:
    named = store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert {row["name"] for row in named if "_fts" not in row["name"]} == {
        *TABLES,
        *OF_THIS_MACHINE,
        *(["sqlite_sequence"] if {"name": "sqlite_sequence"} in named else []),
    }


def test_words_are_indexed_whoever_wrote_them(store: Store, path: Path) -> None:
    run = new_run(store).id
    store.record(run, candidate(run, 0, 0.5, rationale="early bird"))
    with Store.open(path) as other:
        assert [each.index for each in other.search("bird")] == [0]
    store.record(run, candidate(run, 1, 0.5, rationale="late bird"))
    store.finish(run, "done")
    plain = sqlite3.connect(path)
    try:
        sql = "SELECT count(*) FROM candidate_fts WHERE candidate_fts MATCH 'bird'"
        assert plain.execute(sql).fetchone() == (2,)
    finally:
        plain.close()


def test_a_backup_that_fails_is_told_by_its_own_name(
    full: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: object, **__: object) -> NoReturn:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("runs.store.sqlite3.connect", connect)
    with pytest.raises(StoreError, match=f"^{re.escape(str(tmp_path / 'copy.db'))} ") as caught:
        backup(full, tmp_path / "copy.db")
    assert ".copy.db" not in str(caught.value)
    assert not list(tmp_path.glob("*copy.db*"))
