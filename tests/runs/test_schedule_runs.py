"""Schedules are discovered, resumed, judged and handed over as optimisers are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from programs.load import library
from runs.config import read_config
from runs.progress import Silent
from runs.start import config_of, perform, prepare
from runs.store import Store
from sandbox.memory import MemorySandbox
from tests.runs.test_cli import TOY, cambrian
from tests.runs.test_loop import lineage

PLANE = '''"""Tell on which side of a plane a point lies."""

import numpy as np

from evaluators.data import split
from evaluators.networks import mlp
from evaluators.supervised import Supervised


def load():
    x = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    return split(x, (x[:, 0] > 0).astype(np.int64))


TASK = Supervised(
    name="plane",
    goal="Tell on which side of a plane a point lies, after 25 steps.",
    data=load,
    model=mlp(3, 4, 2),
    steps=25,
    learning_rates=(0.03, 0.3),
    seeds=2,
)
'''


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the task and a database of one finished run for schedules."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "plane.py").write_text(PLANE)
    run = ("run", "plane.py", "--kind", "schedule", "--evals", "8", "--display", "plain")
    done = cambrian(*run, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "tuned cosine" in done.stdout or "is the baseline itself" in done.stdout
    assert "def schedule(" in done.stdout
    assert "and the lead of" in done.stdout
    return folder


def search(store: Store, task: Path, evals: int = 8, resume: str = "", **given: object) -> str:
    settings = {"workers": 2, "recall": False, "seed": 3, **given}
    if resume:
        config = config_of(store.run(resume)).model_copy(update={"evals": evals})
    else:
        config = read_config(task=str(task), kind="schedule", evals=evals, **settings)
    prepared = prepare(store, config, MemorySandbox(), resume=resume)
    assert perform(prepared, Silent())[0] == "done"
    return prepared.run.id


def test_the_same_seed_gives_the_same_lineage_and_a_resumed_run_goes_on_in_it(
    store: Store, home: Path
) -> None:
    whole = search(store, home / "plane.py")
    again = search(store, home / "plane.py")
    assert lineage(store, whole) == lineage(store, again)
    part = search(store, home / "plane.py", evals=4)
    assert len(store.history(part)) < len(store.history(whole))
    search(store, home / "plane.py", resume=part)
    assert lineage(store, part) == lineage(store, whole)
    assert {c.program.kind for c in store.history(part)} == {"schedule"}
    assert store.history(part)[0].program.key == library("schedule")["cosine_warmup"].key


def test_schedules_climb_too(store: Store, home: Path) -> None:
    search(store, home / "plane.py", rungs=2, lookahead=2)
    best = store.candidate(store.top(limit=1)[0].id)
    assert [e.rung for e in (best.evaluation, *best.climbs)] == [-1, 0]


def test_its_best_is_shown_traced_judged_and_exported(home: Path) -> None:
    (best, *_) = json.loads(cambrian("top", "--kind", "schedule", "--json", cwd=home).stdout)
    assert best["kind"] == "schedule"
    assert json.loads(cambrian("top", "--kind", "optimizer", "--json", cwd=home).stdout) == []
    shown = cambrian("show", best["id"], cwd=home).stdout
    assert "def schedule(" in shown
    assert best["id"][:6] in cambrian("lineage", best["id"], cwd=home).stdout
    judged = cambrian("verify", best["id"][:6], "--quick", cwd=home)
    assert "and the lead of" in judged.stdout, judged.stderr
    exported = cambrian("export", best["id"], "--as", "py", cwd=home).stdout
    assert "torch.optim.lr_scheduler.LRScheduler" in exported
    for fact in ("found: ", "validation score: ", "learning rate: ", "verdict: "):
        assert fact in exported


def test_eval_takes_the_kind_from_the_file(home: Path) -> None:
    (home / "mine.py").write_text(library("schedule")["linear"].source)
    found = cambrian("eval", "mine.py", "--task", "plane.py", "--json", cwd=home)
    assert json.loads(found.stdout)["status"] == "scored", found.stderr
    refused = cambrian("eval", "mine.py", "--task", TOY, cwd=home)
    assert refused.returncode == 2
    assert "toy judges programs of kind optimizer, not schedule" in refused.stderr


@pytest.mark.parametrize(
    ("kind", "says"),
    [("schedul", "optimizer or schedule, not schedul"), ("architecture", "not architecture")],
)
def test_a_kind_that_the_task_lacks_is_refused(home: Path, kind: str, says: str) -> None:
    done = cambrian("run", "plane.py", "--kind", kind, cwd=home)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
