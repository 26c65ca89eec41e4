"""Every built-in task, and the one in the documentation, keeps the rules."""

from __future__ import annotations

import os
import re
import sysconfig
import time
from dataclasses import replace
from importlib.util import cache_from_source
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from evaluators.conformance import conformance
from evaluators.evaluator import Evaluator
from evaluators.supervised import Supervised
from evaluators.task import TASKS, Split, Trial, find_task
from programs.load import library
from sandbox import view
from sandbox.memory import MemorySandbox

DOCS = Path(__file__).parents[2] / "docs"
SLOW = pytest.mark.skipif(
    "CAMBRIAN_SLOW" not in os.environ, reason="6,000 steps with three seeds: `make slow` runs it"
)


def supervised(name: str) -> Supervised:
    return cast(Supervised, find_task(name))


def short(task: Supervised) -> Supervised:
    return replace(
        task, steps=10, learning_rates=(0.003, 0.03), seeds=2, baselines=task.baselines[:3]
    )


@pytest.mark.parametrize("name", TASKS.names())
def test_a_built_in_task_keeps_the_rules(name: str) -> None:
    task = supervised(name)
    assert task.name == name
    found = list(conformance(short(task), MemorySandbox()))
    faults = {check.name: check.fault for check in found if check.fault}
    assert set(faults) <= {"baselines train"}  # 10 steps need not be enough for every rule
    assert found[-1].name == "baselines train"  # no fault cut the checks short


@pytest.mark.parametrize("name", sorted(set(TASKS.names()) - {"stdlib-lm"}))
def test_splits_do_not_overlap(name: str) -> None:
    data = supervised(name).splits
    rows = [{r.tobytes() for r in x} for x, _ in (data.train, data.validation, data.test)]
    assert not rows[0] & rows[1]
    assert not rows[0] & rows[2]
    assert not rows[1] & rows[2]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_no_judged_byte_of_a_language_model_is_in_the_payload(split: Split) -> None:
    task = supervised("stdlib-lm")
    inputs, answers = task.splits.held_out(split)
    sent = task.payload(library("optimizer")["sgd"], Trial(1, (0.1,), (0,), split=split))
    assert np.array_equal(sent.arrays["eval_x"], inputs)
    assert answers.shape == (len(inputs),)
    # Windows never touch: none begins with the byte that the one before it is judged on.
    assert len(np.unique(inputs, axis=0)) > 0.9 * len(inputs)
    assert (inputs[1:, 0] == answers[:-1]).mean() < 0.3


def test_the_cage_hides_the_text_that_a_language_model_is_judged_on() -> None:
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    compiled = [path for path in files if Path(cache_from_source(str(path))).is_file()]
    if files[-1] not in compiled:
        pytest.skip("this Python's library is not compiled")
    hidden = set(view.judged_modules())
    joined = b"\n".join(path.read_bytes() for path in files)
    seen = b"".join(path.read_bytes() for path in files if path.resolve() not in hidden)
    assert len(seen) < 0.9 * len(joined)
    inputs, _ = supervised("stdlib-lm").splits.test
    unseen = [bytes(window.astype(np.uint8)) not in seen for window in inputs]
    assert np.mean(unseen) > 0.85  # code repeats itself: some windows are in other modules too


def test_mnist1d_has_the_published_form() -> None:
    data = supervised("mnist1d").splits
    x = np.concatenate([data.train[0], data.validation[0], data.test[0]])
    assert x.shape == (6000, 40)
    assert abs(x.mean()) < 1e-5
    assert x.std() == pytest.approx(1, abs=1e-4)
    assert np.bincount(data.train[1]).min() > 350


@pytest.mark.parametrize("name", ["my_task.py", "my_texts.py"])
def test_the_documented_examples_run(tmp_path: Path, name: str) -> None:
    page = (DOCS / "writing-a-task.md").read_text("utf-8")
    examples = re.findall(r"```python\n(# (\S+)\n.*?)```", page, re.DOTALL)
    (example,) = [text for text, file in examples if file == name]
    (path := tmp_path / name).write_text(example)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "page.txt").write_text(page)
    found = list(conformance(find_task(str(path)), MemorySandbox()))
    assert not [check for check in found if check.fault]


@SLOW
@pytest.mark.parametrize(
    ("name", "rate", "steps", "published"),
    [
        ("mnist1d", 0.01, 6000, 68),
        ("mnist1d-cnn", 0.01, 6000, 94),
        ("mnist1d-gru", 0.01, 6000, 91),
    ],
)
def test_mnist1d_agrees_with_the_paper(name: str, rate: float, steps: int, published: int) -> None:
    task = replace(supervised(name), batch=100, memory=4 * 2**30, seconds=3600.0)
    trial = Trial(steps, (rate,), (0, 1, 2), split="test")
    began = time.monotonic()
    evaluator = Evaluator(task, MemorySandbox())
    judged = evaluator.judge(library("optimizer")["adamw"], trial, task.rungs[0].limits)
    assert judged.best is not None
    accuracy = 100 * judged.best.metrics["accuracy"]
    print(f"{name}: {accuracy:.1f} % (published {published} %), {time.monotonic() - began:.0f} s")
    assert abs(accuracy - published) < 6
