"""Tasks that break a rule are caught by the check of that rule."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from evaluators.conformance import conformance
from evaluators.data import Data, split
from evaluators.networks import mlp
from evaluators.supervised import Supervised
from evaluators.task import Measurement, Trial
from programs.program import Program
from sandbox.base import Payload
from sandbox.memory import MemorySandbox

CAMBRIAN = str(Path(sys.executable).with_name("cambrian"))


def load() -> Data:
    x = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    return split(x, (x[:, 0] > 0).astype(np.int64))


GOAL = "Tell on which side of a plane a point lies."
GOOD = Supervised("plane", GOAL, load, mlp(3, 4, 2), steps=40, seeds=2)


def faults(task: Supervised) -> dict[str, str]:
    return {c.name: c.fault for c in conformance(task, MemorySandbox()) if c.fault}


def test_a_good_task_has_no_fault() -> None:
    assert faults(GOOD) == {}


class Leaky(Supervised):
    def payload(self, program: Program, trial: Trial) -> Payload:
        honest = super().payload(program, trial)
        answers = self.splits.held_out(trial.split)[1].astype(np.float32)[:, None]
        inputs = np.concatenate([honest.arrays["eval_x"], answers], axis=1)
        return Payload(honest.data, {**honest.arrays, "eval_x": inputs})


class Restless(Supervised):
    def payload(self, program: Program, trial: Trial) -> Payload:
        honest = super().payload(program, trial)
        noise = np.random.default_rng().normal(size=4)
        return Payload(honest.data, {**honest.arrays, "noise": noise})


class Unportable(Supervised):
    def payload(self, program: Program, trial: Trial) -> Payload:
        honest = super().payload(program, trial)
        return Payload({**honest.data, "shape": (1, 2)}, honest.arrays)


class Gullible(Supervised):
    def measure(self, result: Payload, trial: Trial) -> Measurement:
        score = np.zeros((len(trial.learning_rates), len(trial.seeds)))
        return Measurement(score, score[..., None])


class Misnamed(Supervised):
    @property
    def kind(self) -> str:
        return "optimiser"


@dataclass(frozen=True)
class _As:
    sort: type[Supervised]

    def __call__(self) -> Supervised:
        return self.sort("plane", GOAL, load, mlp(3, 4, 2), steps=40, seeds=2)


@pytest.mark.parametrize(
    ("make", "check"),
    [
        (lambda: replace(GOOD, name="My Task"), "is described"),
        (lambda: replace(GOOD, goal="Learn."), "is described"),
        (_As(Misnamed), "is described"),
        (lambda: replace(GOOD, baselines=("adamm",)), "is described"),
        (lambda: replace(GOOD, learning_rates=(0.1, 0.01)), "rungs are sane"),
        (lambda: replace(GOOD, seeds=1), "rungs are sane"),
        (_As(Restless), "data are fixed"),
        (_As(Unportable), "payload crosses"),
        (_As(Leaky), "labels stay here"),
        (_As(Gullible), "refuses malformed"),
        (lambda: replace(GOOD, model=mlp(4, 4, 2)), "data are read"),
        (lambda: replace(GOOD, model=mlp(3, 4, 2, activation="sing")), "same seed, same score"),
    ],
)
def test_a_broken_rule_is_named(make, check: str) -> None:
    assert check in faults(make())


def test_check_prints_a_table_and_answers_with_its_code(tmp_path: Path) -> None:
    source = Path(__file__).parents[2].joinpath("docs/writing-a-task.md").read_text("utf-8")
    good = source.split("```python\n")[1].split("```")[0]
    (tmp_path / "good.py").write_text(good)
    (tmp_path / "bad.py").write_text(good.replace('"two-moons"', '"Two Moons"'))
    for name, code, said in (("good.py", 0, "baselines train"), ("bad.py", 2, "hyphens")):
        command = [CAMBRIAN, "check", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, said in done.stdout) == (code, True), done.stdout + done.stderr
