"""Whole runs with a scripted model over HTTP and a real sandbox: every kind, free-form included."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from evaluators.candidate import Candidate, Status
from evaluators.task import find_task
from runs.config import read_config
from runs.progress import Silent
from runs.start import perform, prepare, sandbox_for
from runs.store import Store
from tests.agent.server import Script, in_turn, serving

MODEL = "openai/gpt-4o-mini"
SMALL = str(Path(__file__).with_name("small.py"))


def run(store: Store, script: Script, kind: str, **given: Any) -> str:
    plain = {"proposers": {"rewrite": 1.0}, "evals": 2, "workers": 1, "recall": False}
    with serving(script) as server, sandbox_for(find_task(SMALL, kind), 1, "cpu") as sandbox:
        base = {"task": SMALL, "kind": kind, "models": {MODEL: 1.0}, "api_base": server.base}
        prepared = prepare(store, read_config(**base | plain | given), sandbox)
        perform(prepared, Silent())
        return prepared.run.id


def written(store: Store, run_id: str) -> list[Candidate]:
    history = store.history(run_id)
    return [c for c in history if c.origin.model and not c.origin.usage.get("stand_in")]


FREE = """Start bold, then keep to the sign.

```python
import torch

BETA = 0.9

def init(params):
    return [torch.zeros_like(p) for p in params]

def update(params, grads, state, lr, step, total):
    state = [BETA * m + (1 - BETA) * g for m, g in zip(state, grads)]
    if step < 5:
        return [lr * m for m in state], state
    return [lr * m.sign() for m in state], state
```
"""


def test_free_form_python_by_a_model_is_evaluated_in_the_sandbox(store: Store) -> None:
    run_id = run(store, in_turn(FREE), "optimizer")
    first, *_ = written(store, run_id)
    assert first.evaluation.status is Status.SCORED, first.evaluation.message
    assert first.program.source.startswith("import torch")
    assert first.origin.rationale == "Start bold, then keep to the sign."
    assert first.origin.usage["repairs"] == 0


SCHEDULE = """Rise quickly, then fall in a line.

```python
def schedule(step, total):
    return minimum((step + 1) / (0.1 * total), 1 - step / total)
```"""

NETWORK = """A convolution, then a gate.

```python
def gate(x):
    return x * sigmoid(conv(x))


def network(x):
    return gate(relu(conv(x, times=2)))
```"""


def test_a_model_searches_schedules(store: Store) -> None:
    run_id = run(store, in_turn(SCHEDULE), "schedule")
    (found,) = written(store, run_id)
    assert found.evaluation.status is Status.SCORED, found.evaluation.message
    (first, *_) = store.llm_calls(run_id)
    system, user = (m["content"] for m in first["messages"]["messages"])
    assert "You design learning-rate schedules" in system
    assert "def schedule(step, total)" in system
    assert "AdamW" in user


def test_a_model_searches_architectures_by_parameters_and_accuracy(store: Store) -> None:
    one = {"proposers": {"target-line": 1.0}}
    run_id = run(store, in_turn(NETWORK), "architecture", **one)
    (found,) = written(store, run_id)
    assert found.evaluation.status is Status.SCORED, found.evaluation.message
    calls = store.llm_calls(run_id)
    system, user = (m["content"] for m in calls[0]["messages"]["messages"])
    assert "You design neural architectures" in system
    assert "helper functions" in system
    assert "conv(x" in system
    assert "- x: one image of 4 × 8 × 8, without the batch" in user
    assert "at most: 100,000 parameters" in user
    lines = re.findall(r'"""parameters: (\d+), accuracy: ([\d.]+)"""', user)
    (given, reached), (wanted, better) = lines
    assert int(wanted) == round(0.9 * int(given) / 100) * 100
    assert float(better) == pytest.approx(min(1.02 * float(reached), 1.0), abs=2e-3)
