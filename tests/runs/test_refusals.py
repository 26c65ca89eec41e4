"""What the store cannot open or write it says in one sentence, and leaves as it was."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from programs.errors import StoreError
from runs.schema import SCHEMA
from runs.store import Store
from tests.runs.samples import candidate, new_run

ROOT = Path(__file__).parents[2]


def refusal(path: Path, create: bool = True) -> str:
    """Return what the store says when asked to open what it should refuse."""
    with pytest.raises(StoreError) as caught:
        Store.open(path, create=create, patience=0.1)
    said = str(caught.value)
    assert str(path) in said or path.name in said
    assert "\n" not in said
    return said


def picture(folder: Path) -> dict[str, str]:
    """Return everything in a folder, to compare with what is there later."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def filled(path: Path, count: int = 50) -> None:
    with Store.open(path) as store:
        run = new_run(store).id
        for index in range(count):
            source = f"def update(w, g):\n    return {index} * g\n" * 20
            store.record(run, candidate(run, index, 0.5, source=source))


def fill_up(store: Store, run: str) -> None:
    """Record until something is in the way."""
    for index in range(len(store.history(run)), 1000):
        store.record(run, candidate(run, index, 0.5, source=f"{index}" * 500))


# Places


def test_a_missing_folder(tmp_path: Path) -> None:
    assert "no folder" in refusal(tmp_path / "none" / "a.db")
    (tmp_path / "file").write_text("")
    assert "no folder" in refusal(tmp_path / "file" / "a.db")


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


def test_a_device() -> None:
    assert "ordinary file" in refusal(Path("/dev/null"))


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    refusal(tmp_path / ("x" * 300))


def test_a_missing_file_is_not_made_unless_asked(path: Path) -> None:
    assert "cambrian demo" in refusal(path, create=False)
    assert not path.exists()


def test_an_empty_file_is_nobodys(path: Path) -> None:
    path.touch()
    assert "no database" in refusal(path, create=False)
    with Store.open(path) as store:
        assert store.runs() == []


def test_odd_names_are_taken_literally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a?mode=memory", "b#c %41.db", "ünï.db", ":memory:"):
        Store.open(name).close()
        assert (tmp_path / name).stat().st_size


# Contents


@pytest.mark.parametrize(
    "content", [b"hello", b"x" * 5000, b"SQLite format 3\0", b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_something_that_is_no_database(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    refusal(path)
    assert picture(path.parent) == {str(path): hashlib.sha256(content).hexdigest()}


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize("version", [0, 1, 9])
def test_a_database_of_another_program(path: Path, mode: str, version: int) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA journal_mode = {mode}")
        other.execute("CREATE TABLE recipes(name)")
        other.execute("CREATE TABLE run(id)")
        other.execute(f"PRAGMA user_version = {version}")
    before = picture(path.parent)
    assert "another program" in refusal(path)
    assert picture(path.parent) == before


def test_a_newer_file_is_left_byte_for_byte(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as future:
        future.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    before = picture(path.parent)
    assert f"newer Cambrian (schema {SCHEMA + 1}; this one knows {SCHEMA})" in refusal(path)
    assert "newer Cambrian" in refusal(path, create=False)
    assert picture(path.parent) == before


def test_a_newer_file_keeps_the_log_of_a_killed_process(path: Path, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    alive.mkdir()
    with Store.open(alive / path.name) as store:
        new_run(store)
        store.execute(f"PRAGMA user_version = {SCHEMA + 1}")
        for file in alive.iterdir():  # as a kill would leave them
            (tmp_path / file.name).write_bytes(file.read_bytes())
    log = path.with_name(path.name + "-wal")
    before = path.read_bytes(), log.read_bytes()
    assert len(before[1]) > 0
    assert "newer Cambrian" in refusal(path)
    assert (path.read_bytes(), log.read_bytes()) == before


def test_a_damaged_file_is_noticed_on_opening(path: Path) -> None:
    filled(path)
    content = bytearray(path.read_bytes())
    content[100:4096] = os.urandom(3996)
    path.write_bytes(content)
    assert "damaged" in refusal(path)
    assert path.read_bytes() == bytes(content)


def test_a_cut_file_is_noticed_on_opening_or_in_a_query(path: Path) -> None:
    filled(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError, match="damaged"), Store.open(path) as store:
        store.history(store.runs()[0].id)


def test_damage_found_later_is_a_sentence_too(path: Path) -> None:
    filled(path, 200)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
    path.write_bytes(content)
    with Store.open(path) as store:
        with pytest.raises(StoreError, match="damaged"):
            store.history(store.runs()[0].id)
        with pytest.raises(StoreError):
            fill_up(store, store.runs()[0].id)


# Circumstances


def test_a_full_disk(store: Store) -> None:
    run = new_run(store).id
    pages = store.rows("PRAGMA page_count")[0]["page_count"]
    store.rows(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="disk is full"):
        fill_up(store, run)
    kept = store.history(run)
    store.rows(f"PRAGMA max_page_count = {pages + 1000}")
    assert store.record(run, candidate(run, len(kept), 0.5, source="more"))
    assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


def test_a_locked_file(path: Path) -> None:
    filled(path)
    with Store.open(path, patience=0.05) as store, closing(sqlite3.connect(path)) as other:
        run = store.runs()[0].id
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            store.record(run, candidate(run, 99, 0.5))
        assert len(store.history(run)) == 50
        other.rollback()
        assert store.record(run, candidate(run, 99, 0.5))


def test_a_closed_store(path: Path) -> None:
    store = Store.open(path)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        new_run(store)
    with pytest.raises(StoreError, match="closed"):
        store.runs()


@pytest.fixture
def public() -> Iterator[Path]:
    """Give a folder that a process without rights can reach."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


AS_NOBODY = """
import os, sys, tempfile
from programs.errors import CambrianError
from runs.store import Store
from tests.runs.samples import new_run
with tempfile.TemporaryDirectory() as warm:  # whatever is imported late is imported now
    with Store.open(warm + "/a.db") as store:
        new_run(store)
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
path = sys.argv[1]
try:
    exec(sys.argv[2])
    print("went well")
except CambrianError as error:
    print(f"{type(error).__name__}: {error}")
"""


def as_nobody(action: str, path: Path) -> str:
    """Do something in a process that permissions bind, root or not, and return what it says."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(path), action],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_a_read_only_file_can_be_read_and_says_so_when_written(public: Path) -> None:
    path = public / "a.db"
    filled(path)
    path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    before = picture(public)
    assert as_nobody("assert len(Store.open(path).runs()) == 1", path) == "went well"
    said = as_nobody("new_run(Store.open(path))", path)
    assert said.startswith("StoreError")
    assert "cannot be written to" in said
    assert {name: picture(public)[name] for name in before} == before


def test_a_read_only_folder(public: Path) -> None:
    path = public / "a.db"
    filled(path)
    public.chmod(0o555)
    before = picture(public)
    for script in ("Store.open(path)", "new_run(Store.open(path))"):
        assert as_nobody(script, path).startswith("StoreError")
    said = as_nobody("Store.open(path)", public / "new.db")
    assert "cannot be written to" in said
    assert picture(public) == before


def test_a_file_that_may_not_be_read(public: Path) -> None:
    path = public / "a.db"
    filled(path)
    path.chmod(0)
    assert as_nobody("Store.open(path)", path).startswith("StoreError")
    path.chmod(0o644)
    public.chmod(0)
    assert as_nobody("Store.open(path)", path).startswith("StoreError")
    public.chmod(0o777)
