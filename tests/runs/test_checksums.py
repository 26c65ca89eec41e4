"""Every evaluation says on what data it was made, and data that changed are noticed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluators.candidate import Status
from evaluators.evaluator import Evaluator
from evaluators.task import Task, find_task
from programs.errors import InputError
from programs.load import library
from runs.config import read_config
from runs.dump import dump
from runs.progress import Silent
from runs.start import Prepared, perform, prepare
from runs.store import Store
from runs.verifying import judge_quickly
from sandbox.memory import MemorySandbox
from tests.runs.test_cli import cambrian

TASK = '''"""Tell the sign of a sum."""

from pathlib import Path

from evaluators.data import npz, split
from evaluators.networks import mlp
from evaluators.supervised import Supervised

TASK = Supervised(
    name="sums",
    goal="Train a classifier of sums.",
    data=lambda: split(*npz(Path(__file__).parent / "mine.npz")),
    model=mlp(3, 4, 2),
    steps=20,
    learning_rates=(0.01, 0.1),
    seeds=2,
    held_out=(),
)
'''


def written(folder: Path, change: float = 0.0) -> Path:
    """Write the task and its data, of which one number may be another."""
    x = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    y = (x.sum(1) > 0).astype(np.int64)
    x[7, 1] += change
    np.savez(folder / "mine.npz", x=x, y=y)
    (path := folder / "sums.py").write_text(TASK)
    return path


def prepared(store: Store, path: Path, resume: str = "", evals: int = 3) -> Prepared:
    config = read_config(task=str(path), workers=1, seed=1, evals=evals, recall=False, rungs=2)
    return prepare(store, config, MemorySandbox(), resume)


def test_every_evaluation_of_a_run_has_the_checksum_of_its_data(
    store: Store, tmp_path: Path
) -> None:
    run = prepared(store, written(tmp_path), evals=8)
    assert perform(run, Silent())[0] == "done"
    owed = run.task.checksum
    assert len(owed) == 16
    history = store.history(run.run.id)
    trained = [c.evaluation for c in history if c.evaluation.status is not Status.INVALID]
    assert trained
    climbs = [climb for c in history for climb in c.climbs]
    assert climbs
    assert {e.checksum for e in (*trained, *climbs)} == {owed}
    assert {c.evaluation.checksum for c in history if c.evaluation.status is Status.INVALID} <= {""}
    verdict = judge_quickly(store, run.evaluator, history[0], 0, 1)
    kept = store.verdict(history[0].id)
    assert kept is not None
    assert verdict.tasks[0].checksum == kept.detail["tasks"][0]["checksum"] == owed
    dump(store, tmp_path / "out", "jsonl")
    lines = (tmp_path / "out" / "candidate.jsonl").read_text().splitlines()
    assert owed in {json.loads(line)["checksum"] for line in lines}


def test_a_failure_says_on_what_data_it_failed(tmp_path: Path) -> None:
    task: Task = replace(find_task(str(written(tmp_path))), learning_rates=(1e30,))  # type: ignore[type-var]
    found = Evaluator(task, MemorySandbox()).evaluate(library("optimizer")["sgd"])
    assert (found.status, found.checksum) == (Status.PRUNED, task.checksum)


def test_data_that_changed_in_one_number_are_noticed(store: Store, tmp_path: Path) -> None:
    run = prepared(store, written(tmp_path))
    perform(run, Silent())
    written(tmp_path, change=1e-3)
    with pytest.raises(InputError) as refused:
        prepared(store, tmp_path / "sums.py", run.run.id, evals=4)
    was, now = run.task.checksum, find_task(str(tmp_path / "sums.py")).checksum
    assert was != now
    assert f"were made with other data (checksum {was}; here {now})" in str(refused.value)


def test_commands_show_it(tmp_path: Path) -> None:
    path = written(tmp_path)
    (tmp_path / "mine.py").write_text("def update(w, g, lr):\n    return lr * g\n")

    def judged() -> str:
        done = cambrian("eval", "mine.py", "--task", path, "--json", cwd=tmp_path)
        return json.loads(done.stdout)["checksum"]

    before = judged()
    assert before == judged() == find_task(str(path)).checksum
    written(tmp_path, change=1e-3)
    assert judged() != before
