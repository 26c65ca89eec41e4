"""Tasks that break a rule are caught by the check of that rule."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from evaluators.bodies import embedding
from evaluators.conformance import conformance
from evaluators.data import Data, split
from evaluators.networks import mlp
from evaluators.soundness import unsound
from evaluators.supervised import Supervised
from evaluators.task import Measurement, Trial
from evaluators.tasks import mqar
from programs.errors import InputError
from programs.program import Program
from sandbox.base import MIB, Payload
from sandbox.memory import MemorySandbox
from sandbox.process import ProcessSandbox

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
        (lambda: replace(GOOD, model=mlp(4, 4, 2)), "examples are sound"),
        (lambda: replace(GOOD, learning_rates=(1e20, 1e21)), "same seed, same score"),
    ],
)
def test_a_broken_rule_is_named(make, check: str) -> None:
    assert check in faults(make())


def test_one_baseline_that_does_not_fit_is_enough() -> None:
    """The others would take as long to fail."""
    greedy = replace(GOOD, seeds=4000, memory=64 * MIB)
    with ProcessSandbox(1, ("torch",)) as sandbox:
        found = list(conformance(greedy, sandbox))
    assert found[-1].name == "within its limits"
    assert "adamw used " in found[-1].fault
    assert "on a `batch` each: use fewer" in found[-1].fault
    assert [check.name for check in found if check.fault] == ["within its limits"]


def test_check_prints_a_table_and_answers_with_its_code(tmp_path: Path) -> None:
    source = Path(__file__).parents[2].joinpath("docs/writing-a-task.md").read_text("utf-8")
    good = source.split("```python\n")[1].split("```")[0]
    (tmp_path / "good.py").write_text(good)
    (tmp_path / "bad.py").write_text(good.replace('"two-moons"', '"Two Moons"'))
    for name, code, said in (("good.py", 0, "baselines train"), ("bad.py", 2, "hyphens")):
        command = [CAMBRIAN, "check", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, said in done.stdout) == (code, True), done.stdout + done.stderr


def points(count: int = 200, width: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, width)).astype(np.float32)


def cut(x: np.ndarray, y: np.ndarray) -> Data:
    return split(x, y)


def restless() -> Data:
    x = np.random.default_rng().normal(size=(200, 3)).astype(np.float32)
    return cut(x, (x[:, 0] > 0).astype(np.int64))


def holed() -> Data:
    x = points()
    x[:, 1] = np.nan
    return cut(x, (x[:, 0] > 0).astype(np.int64))


SIDE = (points()[:, 0] > 0).astype(np.int64)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (restless, "loading the data twice gave two data sets"),
        (holed, "the training inputs hold a number that is not finite, in example 0"),
        (lambda: cut(points(width=5), SIDE), r"has the shape \(5,\), and the network takes \(3,\)"),
        (
            lambda: cut(points(), SIDE + 5),
            "labels go from 5 to 6, and the network's outputs are",
        ),
        (lambda: cut(points(), 0 * SIDE), "all training labels are 0: there is nothing to learn"),
        (lambda: cut(points(), SIDE * 0.5), "labels are not whole numbers"),
    ],
)
@pytest.mark.parametrize("kind", ["optimizer", "schedule"])
def test_examples_that_do_not_fit_are_named_before_anything_trains(
    data: Callable[[], Data], said: str, kind: str
) -> None:
    found = faults(replace(GOOD, data=data).judging(kind))  # type: ignore[arg-type]
    assert re.search(said, found["examples are sound"])
    assert "baselines train" not in found


def test_bodies_say_what_their_stem_takes() -> None:
    data = lambda: cut(np.arange(200)[:, None] % 7 * np.ones((1, 6), np.int64), SIDE)  # noqa: E731
    body = mqar.TASK
    assert "one training input has the shape (6,)" in unsound(replace(body, data=data))
    spec = replace(body.spec, shape=(6, body.spec.shape[1]))
    few = replace(body, data=data, spec=spec, stem=embedding(5, 16))
    assert "tokens go from 0 to 6, and the network knows 0 to 4" in unsound(few)


def test_a_score_that_there_is_not_is_an_input_error() -> None:
    with pytest.raises(InputError, match="plane has the score `accuracy`; expected one of"):
        replace(GOOD, score="accuracy")
