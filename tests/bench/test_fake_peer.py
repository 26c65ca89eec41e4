"""A rival that does everything wrong is found out, from outside, end to end."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.peers import private, programs, trial
from bench.peers.questions import CONTROL, Course, Effort, ask
from bench.peers.trial import Trial
from tests.bench.rival import Fake

EFFORT = Effort(proposals=6, repeats=6, window=1.0, seconds=30.0)


@pytest.fixture(scope="module", autouse=True)
def _somewhere_private() -> None:
    if why := private.refusal():
        pytest.skip(why)


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setattr(trial, "LINGER", 0.3)
    return Course(tmp_path / "room", Path(sys.executable), EFFORT)


def answer(course: Course, question: str, variant: str = "") -> dict[str, Any]:
    fake = Fake()
    known = [ask("hostile", CONTROL, fake, course, [])] if question == "hostile" else []
    return ask(question, variant, fake, course, known)


def test_without_a_hostile_program_all_is_well(course: Course) -> None:
    found = ask("hostile", CONTROL, Fake(), course, [])
    assert (found["right"], found["of"], found["ended"]) == (3, 3, 0)
    assert (found["survivors"], found["leaked"], found["forged"]) == ([], [], False)
    assert found["best"] == programs.factor(5)


def test_an_exit_ends_it_and_what_came_before_is_lost(course: Course) -> None:
    found = answer(course, "hostile", "exit")
    assert (found["right"], found["of"], found["ended"], found["best"]) == (0, 3, 7, None)


def test_a_forged_score_is_seen(course: Course) -> None:
    found = answer(course, "hostile", "forge")
    assert found["forged"]
    assert found["best"] == 1e9
    assert found["right"] == 0  # everything after it is scored by the forger too


def test_a_child_left_running_is_seen_and_gone_afterwards(course: Course) -> None:
    found = answer(course, "hostile", "child")
    (survivor,) = found["survivors"]
    assert survivor.startswith("python")
    assert found["right"] == 3
    assert not any(_lives_in(course.room, entry) for entry in Path("/proc").iterdir())


def test_a_nosy_program_gets_out_with_everything(course: Course) -> None:
    assert answer(course, "hostile", "nosy")["leaked"] == ["home", "socket", "key"]


def test_a_loop_is_cut_off_and_told_as_no_end(course: Course, tmp_path: Path) -> None:
    def replies(place: int, ways: programs.Ways) -> str:
        return programs.hostile("loop", ways) if place == 2 else programs.good(place)

    seen = trial.run(
        Fake(), Trial(replies, 6, seconds=3.0), Path(sys.executable), tmp_path / "room"
    )
    assert seen.cut_off
    assert seen.ended is None
    assert sorted(seen.log.scores) == [0, 1, programs.START]


def test_a_memory_bomb_meets_the_cap(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.peers.questions.CAP", 400 << 20)
    found = answer(course, "hostile", "memory")
    assert found["right"] == 3
    assert found["memory_mib"] < 400


def test_the_same_program_is_evaluated_each_time(course: Course) -> None:
    found = answer(course, "same")
    assert (found["evaluated"], found["of"]) == (6, 6)


def test_a_kill_loses_all_that_was_finished(course: Course) -> None:
    found = answer(course, "kill")
    assert found["lost"] == found["finished"] > 3
    assert found["survivors"] == []


def test_dice_in_prompts_are_seen(course: Course) -> None:
    found = answer(course, "seed")
    assert (found["equal"], found["of"]) == (3, 6)


def test_speed_is_counted_in_the_evaluators_own_log(course: Course) -> None:
    found = answer(course, "speed", "trivial 1")
    assert found["evaluations"] >= 3
    assert found["per_minute"] > 60
    assert found["first_s"] > 0
    assert 1 < found["memory_mib"] < 400


def test_nothing_but_this_machine_is_reached_from_inside() -> None:
    def look() -> dict[str, Any]:
        lines = Path("/proc/net/dev").read_text().splitlines()[2:]
        names = [line.split(":")[0].strip() for line in lines]
        return {"networks": names, "pid": os.getpid()}

    assert private.privately(look, 20.0) == {"networks": ["lo"], "pid": 1}


def test_a_fault_inside_is_told_outside() -> None:
    def fail() -> dict[str, Any]:
        raise ValueError("no such thing")

    with pytest.raises(RuntimeError, match="no such thing"):
        private.privately(fail, 20.0)


def _lives_in(room: Path, entry: Path) -> bool:
    try:
        return str(room).encode() in (entry / "environ").read_bytes()
    except OSError:
        return False
