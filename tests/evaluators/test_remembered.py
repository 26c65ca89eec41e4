"""A comparison that was interrupted goes on with what it has, and ends as it would have."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluators.evaluator import Evaluator
from evaluators.remembered import Remembered
from evaluators.tasks import digits
from evaluators.verify import Plan, verify
from programs.load import library
from sandbox.base import Ending, Job, Limits, Outcome, Payload
from sandbox.memory import MemorySandbox

TASK = replace(digits.TASK, steps=30, learning_rates=(0.003, 0.03, 0.3), seeds=2)
PROGRAMS = {name: library("optimizer")[name] for name in ("adamw", "lion")}


class Counting(MemorySandbox):
    """Counts jobs, and is killed at one of them."""

    def __init__(self, most: int = 10**9) -> None:
        super().__init__()
        self.asked, self.most = 0, most

    def run(self, job: Job) -> Outcome:
        self.asked += 1
        if self.asked > self.most:
            raise KeyboardInterrupt
        return super().run(job)


def verdict(sandbox: Counting, folder: Path):
    kept = Remembered(sandbox, folder, "torch 1")
    evaluator = Evaluator(TASK, kept)
    found = verify([evaluator], PROGRAMS, np.random.default_rng(0), Plan(3, timed=True))
    return found, kept


def test_an_interrupted_verdict_goes_on_and_is_the_same(tmp_path: Path) -> None:
    whole, first = Counting(), Counting(3)
    owed, _ = verdict(whole, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        verdict(first, tmp_path / "part")
    rest = Counting()
    found, kept = verdict(rest, tmp_path / "part")
    assert rest.asked == whole.asked - 3
    assert kept.answered == 3
    # All but the clock.
    assert [s.gain for s in found.tasks[0].standings] == [s.gain for s in owed.tasks[0].standings]
    assert [s.score for s in found.tasks[0].standings] == [s.score for s in owed.tasks[0].standings]
    kept.forget()
    assert not list((tmp_path / "part").iterdir())


@pytest.mark.parametrize("other", [{"harness": "tests.toy:fail"}, {"limits": Limits(7.0)}])
def test_another_job_is_another_matter(other: dict, tmp_path: Path) -> None:
    class Answering(Counting):
        def run(self, job: Job) -> Outcome:
            self.asked += 1
            return Outcome(Ending.FINISHED, Payload({"n": self.asked}), seconds=2.5)

    sandbox = Answering()
    kept = Remembered(sandbox, tmp_path, "torch 1")
    job = Job("tests.toy:train", Payload({"a": 1}, {"x": np.arange(3.0)}))
    first = kept.run(job)
    assert kept.run(job) == first
    assert first.seconds == 2.5
    for changed in (
        replace(job, **other),
        replace(job, payload=Payload({"a": 1}, {"x": np.arange(3.0) + 1})),
        replace(job, payload=Payload({"a": 2}, job.payload.arrays)),
    ):
        assert kept.run(changed).result != first.result
    assert Remembered(sandbox, tmp_path, "torch 2").run(job).result != first.result


@pytest.mark.parametrize("damage", [b"", b"half a file"])
def test_what_did_not_finish_or_is_damaged_is_run_again(damage: bytes, tmp_path: Path) -> None:
    class Failing(Counting):
        def run(self, job: Job) -> Outcome:
            self.asked += 1
            late = Outcome(Ending.TIMED_OUT, message="ran past 1 s")
            return late if self.asked == 1 else Outcome(Ending.FINISHED, Payload({"won": True}))

    sandbox = Failing()
    kept = Remembered(sandbox, tmp_path, "")
    job = Job("tests.toy:train", Payload())
    assert kept.run(job).ending is Ending.TIMED_OUT
    assert kept.run(job).ending is Ending.FINISHED
    for file in tmp_path.iterdir():
        file.write_bytes(damage)
    assert kept.run(job).ending is Ending.FINISHED
    assert sandbox.asked == 3


def test_a_folder_that_cannot_be_written_costs_time_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    sandbox = Counting()
    kept = Remembered(sandbox, tmp_path / "file" / "folder", "")
    outcome = kept.run(Job("tests.sandbox.harnesses:nothing", Payload()))
    assert sandbox.asked == 1
    assert isinstance(outcome, Outcome)


def test_what_nobody_came_back_to_is_removed(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for file in (old, new):
        file.write_bytes(b"")
    os.utime(old, (0, 0))
    Remembered(Counting(), tmp_path, "")
    assert [file.name for file in tmp_path.iterdir()] == ["new"]
