"""What each rival leaves behind is read as somebody who comes back later would read it."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import pytest

from bench.peers import peer, private, programs
from bench.peers.peer import Known, Setup
from bench.peers.questions import Course, Effort, ask

NAMES = (*peer.RIVALS, *peer.ALSO_TIMED)


def setup_in(folder: Path) -> Setup:
    return Setup(folder, "http://127.0.0.1:9/v1", 5, workers=2, seconds=75)


def known(name: str, folder: Path) -> Known:
    return peer.find(name).known(setup_in(folder), [programs.good(n) for n in range(5)], "")


@pytest.mark.parametrize("name", NAMES)
def test_a_rival_that_left_nothing_is_known_for_nothing(name: str, tmp_path: Path) -> None:
    assert known(name, tmp_path) == Known()


@pytest.mark.parametrize("name", NAMES)
def test_a_command_writes_all_that_it_needs(name: str, tmp_path: Path) -> None:
    words = peer.find(name).command(setup_in(tmp_path), tmp_path / "bin" / "python")
    assert all(isinstance(word, str) for word in words)
    assert json.loads((tmp_path / "settings.json").read_text())["seconds"] == 75
    assert (tmp_path / "initial.py").read_text() == programs.good(programs.START)
    for file in tmp_path.glob("*.py"):
        compile(file.read_text(), file.name, "exec")


@pytest.mark.parametrize("name", ["openevolve", "skydiscover"])
def test_checkpoints_are_read(name: str, tmp_path: Path) -> None:
    programs_in = tmp_path / "out" / "checkpoints" / "checkpoint_10" / "programs"
    programs_in.mkdir(parents=True)
    for number, score in ((1, 0.2), (2, 0.3)):
        said = {"code": programs.good(number), "metrics": {"combined_score": score}}
        (programs_in / f"{number}.json").write_text(json.dumps(said))
    (programs_in / "cut.json").write_text('{"code": "')
    (programs_in / "odd.json").write_text("[]")
    best = {"metrics": {"combined_score": 1e9}}
    (programs_in.parent / "best_program_info.json").write_text(json.dumps(best))
    assert known(name, tmp_path) == Known({1: 0.2, 2: 0.3}, 1e9)


def test_shinkas_database_is_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with sqlite3.connect(tmp_path / "out" / "programs.sqlite") as database:
        database.execute("create table programs (code text, combined_score real, correct int)")
        rows = [(programs.good(1), 0.2, 1), (programs.good(2), 0.9, 0), ("else", 0.5, 1)]
        database.executemany("insert into programs values (?, ?, ?)", rows)
    assert known("shinka", tmp_path) == Known({1: 0.2}, 0.5)


def test_levis_snapshot_is_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    elites = [{"code": programs.good(3), "scores": {"score": 0.3}}, {"code": "", "scores": None}]
    (tmp_path / "out" / "snapshot.json").write_text(json.dumps({"elites": elites}))
    assert known("levi", tmp_path) == Known({3: 0.3}, 0.3)


def test_cambrian_itself_evaluates_an_equal_program_once(tmp_path: Path) -> None:
    if why := private.refusal():
        pytest.skip(why)
    course = Course(tmp_path / "room", Path(sys.executable), Effort(repeats=3, seconds=200.0))
    found = ask("same", "", peer.find("cambrian"), course, [])
    assert (found["evaluated"], found["of"]) == (1, 3)
