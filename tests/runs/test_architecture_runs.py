"""Architectures are discovered, shown, traced and handed over as optimisers are."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest
import torch

from evaluators.candidate import Status
from evaluators.evaluator import Evaluator
from evaluators.task import find_task
from runs import verifying
from runs.config import read_config
from runs.evidence import exported
from runs.progress import Silent
from runs.start import perform, prepare
from runs.store import Store
from sandbox.memory import MemorySandbox
from tests.runs.test_cli import cambrian
from tests.runs.test_loop import lineage

TASK = '''"""Tell whether a signal's sum is above zero."""

import numpy as np

from evaluators.bodies import Bodies, linear
from evaluators.data import split
from programs.spec import Spec


def load():
    x = np.random.default_rng(0).normal(size=(200, 2, 6)).astype(np.float32)
    return split(x, (x[:, 0].sum(1) > 0).astype(np.int64))


TASK = Bodies(
    name="signals",
    goal="Tell whether the first channel's sum is above zero.",
    data=load,
    spec=Spec("sequence", (6, 8), 2),
    stem=linear(2, 8),
    steps=20,
    learning_rates=(0.01, 0.03),
    baselines=("mlp", "gru"),
    most_parameters=700,
)
'''


@pytest.fixture
def task(tmp_path: Path) -> Path:
    (path := tmp_path / "signals.py").write_text(TASK)
    return path


def search(store: Store, task: Path, **given: object) -> str:
    settings = {"workers": 2, "lookahead": 16, "recall": False, "seed": 3, "evals": 8}
    config = read_config(task=str(task), **settings | given)
    prepared = prepare(store, config, MemorySandbox())
    assert perform(prepared, Silent())[0] == "done"
    return prepared.run.id


def test_a_search_repeats_itself_and_its_best_is_a_module_for_the_task(
    store: Store, task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, again = search(store, task), search(store, task)
    assert lineage(store, run) == lineage(store, again)
    history = store.history(run)
    assert history[0].origin.rationale == "the library's mlp"
    assert len({c.origin.operator for c in history}) > 3
    scored = [c for c in history if c.evaluation.status is Status.SCORED]
    assert {"accuracy", "parameters", "flops", "memory_mib", "latency_ms"} <= set(
        scored[0].evaluation.metrics
    )
    best = max(scored, key=lambda c: c.score or float("-inf"))
    evaluator = Evaluator(find_task(str(task)), MemorySandbox())
    monkeypatch.setattr(verifying, "RANDOM_NETWORKS", 2)
    assert "relative to the" in verifying.above_chance(evaluator, store.candidate(best.id), 0, 1)
    (file := tmp_path / "found.py").write_text(exported(store, best.id, "py"))
    network = runpy.run_path(str(file))["Network"]().eval()
    assert network(torch.zeros(3, 6, 8)).shape[0] == 3


def test_the_best_climb_a_ladder_derived_from_the_task(store: Store, task: Path) -> None:
    search(store, task, rungs=2, evals=4, lookahead=2)
    best = store.top(limit=1)[0]
    climber = store.candidate(best.id)
    judged = (climber.evaluation, *climber.climbs)
    assert [(e.rung, len(e.by_seed)) for e in judged] == [(-1, 2), (0, 2)]
    assert all("parameters" in e.metrics for e in judged)
    assert f"validation score: {best.score:.4f}" in exported(store, best.id, "py")


def test_eval_refuses_a_network_above_the_ceiling_with_the_figure(task: Path) -> None:
    (file := task.parent / "big.py").write_text("def network(x):\n    return linear(x, 512)\n")
    done = cambrian("eval", str(file), "--task", str(task), "--json", cwd=task.parent)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["status"] == "invalid"
    assert answer["message"] == "too large: 5,658 parameters, signals allows 700"
