"""Whole runs with a scripted model over HTTP and a real sandbox: every kind, free-form included."""

from __future__ import annotations

from collections.abc import Iterator
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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "cambrian.db") as opened:
        yield opened


def run(store: Store, script: Script, task: str, kind: str, **given: Any) -> str:
    plain = {"proposers": {"rewrite": 1.0}, "evals": 2, "workers": 1, "recall": False}
    with serving(script) as server, sandbox_for(find_task(task, kind), 1, "cpu") as sandbox:
        base = {"task": task, "kind": kind, "models": {MODEL: 1.0}, "api_base": server.base}
        prepared = prepare(store, read_config(**base | plain | given), sandbox)
        perform(prepared, Silent(), print)
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
    run_id = run(store, in_turn(FREE), "digits", "optimizer")
    first, *_ = written(store, run_id)
    assert first.evaluation.status is Status.SCORED, first.evaluation.message
    assert first.program.source.startswith("import torch")
    assert first.origin.rationale == "Start bold, then keep to the sign."
    assert first.origin.usage["repairs"] == 0
