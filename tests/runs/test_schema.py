"""The tables, and how a file gets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from programs.errors import StoreError
from runs import schema
from runs.store import Store
from tests.runs.samples import candidate, new_run

PLAN = "EXPLAIN QUERY PLAN "
VIEWS = ("leaderboard", "scored", "edges", "failures", "spend", "proposers", "asked")


def test_a_new_file_has_every_table_view_and_setting(store: Store) -> None:
    named = store.rows("SELECT name, type FROM sqlite_master")
    tables = {row["name"] for row in named if row["type"] == "table"}
    views = {row["name"] for row in named if row["type"] == "view"}
    assert tables >= {"run", "program", "candidate", "parent", "evaluation", "llm_call", "event"}
    assert views == set(VIEWS)
    for pragma, value in {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1}.items():
        assert store.rows(f"PRAGMA {pragma}") == [{pragma: value}]
    assert store.rows("PRAGMA user_version") == [{"user_version": schema.SCHEMA}]


@pytest.mark.parametrize(
    "view", ["leaderboard", "edges", "failures", "spend", "proposers", "asked"]
)
def test_views_can_be_read(store: Store, view: str) -> None:
    assert store.rows(f"SELECT * FROM {view}") == []


def test_opening_again_changes_nothing(path: Path) -> None:
    with Store.open(path) as store:
        run = new_run(store).id
        store.record(run, candidate(run, 0, 0.5))
        before = store.rows("SELECT * FROM sqlite_master"), store.history(run)
    with Store.open(path, create=False) as store:
        assert (store.rows("SELECT * FROM sqlite_master"), store.history(run)) == before


def test_migrating_twice_is_migrating_once() -> None:
    db = Database(memory=True)
    try:
        schema.migrate(db)
        before = db.schema
        schema.migrate(db)
        assert db.schema == before
    finally:
        db.close()


def add_note(db: Database) -> None:
    db.execute("ALTER TABLE run ADD COLUMN note TEXT")


def broken(db: Database) -> None:
    add_note(db)
    db.execute("CREATE TABLE run(id)")


def test_an_older_file_is_brought_up_with_its_data(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(path) as store:
        run = new_run(store).id
        store.record(run, candidate(run, 0, 0.5))
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_note))
    monkeypatch.setattr("runs.store.SCHEMA", schema.SCHEMA + 1)
    for _ in range(2):
        with Store.open(path) as store:
            assert store.rows("SELECT note FROM run") == [{"note": None}]
            assert len(store.history(run)) == 1


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(path) as store:
        before = store.rows("SELECT * FROM sqlite_master")
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
        patched.setattr("runs.store.SCHEMA", schema.SCHEMA + 1)
        with pytest.raises(StoreError, match="already exists"):
            Store.open(path)
    with Store.open(path) as store:
        assert store.rows("SELECT * FROM sqlite_master") == before


def test_a_file_from_before_the_ladder_keeps_its_leaderboard(path: Path) -> None:
    db = Database(path)
    schema.first_tables(db)
    db.execute("PRAGMA user_version = 1")
    facts = {"id": "r", "task": "t", "kind": "optimizer", "state": "done", "seed": "0"}
    facts |= {"config": "{}", "started": "1", "tier": "", "device": "cpu", "protocol": "p"}
    db.table("run").insert(facts | {"versions": "{}"})
    db.table("program").insert({"key": "k", "kind": "optimizer", "source": "s", "size": 1})
    for place, score in enumerate((0.1, 0.9, 0.5)):
        texts = ("proposer", "operator", "rationale", "model", "message", "device", "tier")
        row = dict.fromkeys(texts, "") | dict.fromkeys(("usage", "metrics"), "{}")
        row |= {"id": f"c{place}", "run": "r", "idx": place, "program": "k", "entropy": "[]"}
        row |= {"status": "scored", "score": score, "stderr": 0.01, "rung": 0, "seconds": 1.0}
        db.table("candidate").insert(
            row | {"fingerprint": f"f{place}", "recalled": 0, "created": "1"}
        )
    db.close()
    with Store.open(path) as store:
        rows = store.top()
        assert [(r.id, r.rung, r.score, r.baseline, r.size) for r in rows] == [
            ("c1", 0, 0.9, 0.1, 1),
            ("c2", 0, 0.5, 0.1, 1),
            ("c0", 0, 0.1, 0.1, 1),
        ]
        assert store.run("r").best_id == "c1"
        assert {c.evaluation.checksum for c in store.history("r")} == {""}


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (
            "SELECT * FROM leaderboard WHERE run = 'x' ORDER BY rung DESC, score DESC LIMIT 9",
            "candidate_rank",
        ),
        ("SELECT id FROM candidate WHERE fingerprint = 'x' AND fingerprint <> ''", "_behaviour"),
        ("SELECT child FROM parent WHERE parent = 'x'", "parent_parent"),
        ("SELECT * FROM failures WHERE run = 'x'", "candidate_rank"),
        ("SELECT * FROM event WHERE run = 'x' ORDER BY id", "event_run"),
        ("SELECT * FROM spend WHERE run = 'x'", "llm_call_run"),
    ],
)
def test_questions_are_answered_from_an_index(store: Store, sql: str, index: str) -> None:
    plan = "\n".join(row["detail"] for row in store.rows(PLAN + sql))
    assert index in plan
    assert "SCAN" not in plan.replace("SCAN r", "")
    assert "TEMP B-TREE" not in plan
