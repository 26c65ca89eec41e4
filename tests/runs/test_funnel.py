"""A funnel over a small search of toys: who passes, and that nothing is judged twice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evaluators.candidate import Evaluation
from evaluators.evaluator import Cancelled, Evaluator
from evaluators.funnel import Stage
from programs.errors import InputError
from programs.load import library
from runs.funnel import Funnel, FunnelResult, stages_of
from runs.funnels import as_dict, sentence
from runs.plot import curves
from runs.record import RunRecord
from runs.store import Store
from sandbox.base import Job, Outcome
from sandbox.memory import MemorySandbox
from tests.far_toy import TASK as FAR
from tests.runs.samples import candidate, new_run
from tests.toy import TASK as TOY

FAR_FILE = str(Path(__file__).parents[1] / "far_toy.py")
TOY_FILE = str(Path(__file__).parents[1] / "toy.py")
NAMES = ("adamw", "lion", "sgd", "nesterov", "signum", "yogi", "radam", "rmsprop")


def score_on(task, name: str) -> float:
    found = Evaluator(task, MemorySandbox()).evaluate(library("optimizer")[name])
    assert found.score is not None
    return found.score


@pytest.fixture
def run(store: Store) -> RunRecord:
    """Return a search in which adamw came first and the others after it."""
    made = new_run(store, task="toy")
    for index, name in enumerate(NAMES):
        source = library("optimizer")[name].source
        key = library("optimizer")[name].key
        one = candidate(made.id, index, score_on(TOY, name), source=source, seconds=2.0)
        program = type(one.program)("optimizer", source, key)
        store.record(made.id, type(one)(one.id, index, program, one.origin, one.evaluation))
    return store.run(made.id)


def sent(store: Store, run: RunRecord, sandbox: MemorySandbox, top: int = 3) -> FunnelResult:
    funnel = Funnel(store, run, sandbox, "cpu", 1, lambda text: None)
    stages = [Stage(FAR_FILE, 10.0), Stage(FAR_FILE, 100.0)]
    return funnel.perform(TOY, stages, top)


def test_only_those_better_than_tuned_adamw_pass(store: Store, run: RunRecord) -> None:
    result = sent(store, run, MemorySandbox())
    search, stage = result.stages[:2]
    base = score_on(TOY, "adamw")
    scores = {c.id: c.score for c in store.history(run.id) if c.score is not None}
    better = sorted((n for n, s in scores.items() if s > base), key=lambda n: -scores[n])
    assert list(search.passed) == better[:3]
    assert set(stage.found) >= set(search.passed)
    assert all(search.gain(name) > 0 for name in stage.found)
    assert all(stage.gain(name) > 0 for name in stage.passed)
    for name in stage.found:
        assert stage.gain(name) == pytest.approx(-search.gain(name))  # the far toy turns luck round
    assert not stage.passed
    assert len(result.stages) == 2  # nobody was left for the third
    assert stage.steps == 20
    assert sentence(result).startswith(f"{len(better)} programs are better than tuned adamw on toy")


def test_the_curve_follows_the_best_of_the_search(store: Store, run: RunRecord) -> None:
    result = sent(store, run, MemorySandbox())
    gains = [point.search_gain for point in result.points]
    assert gains == sorted(gains)
    assert all(point.gain == pytest.approx(-point.search_gain) for point in result.points)
    assert result.peak is not None
    first = next(iter(result.points))
    assert result.peak.share == first.index / (len(NAMES) - 1)
    if len(result.points) > 1:
        assert "overfits" in sentence(result)
    assert json.loads(json.dumps(as_dict(result), allow_nan=False)) == as_dict(result)
    assert as_dict(result)["meta"][0]["gain"] == pytest.approx(first.gain)


def test_nothing_is_judged_twice(store: Store, run: RunRecord) -> None:
    first, again = MemorySandbox(), MemorySandbox()
    one, two = sent(store, run, first), sent(store, run, again)
    assert first.jobs
    assert again.jobs == []
    assert as_dict(one) == as_dict(two)
    wider = MemorySandbox()
    new = set(sent(store, run, wider, top=99).stages[1].found) - set(one.stages[1].found)
    assert len(wider.jobs) == len(new)


class Breaking(MemorySandbox):
    """A sandbox that is closed after so many jobs."""

    def __init__(self, jobs: int) -> None:
        super().__init__()
        self.left = jobs

    def run(self, job: Job) -> Outcome:
        if not self.left:
            self.close()
        self.left -= 1
        return super().run(job)


def test_an_interrupted_funnel_goes_on(store: Store, run: RunRecord) -> None:
    whole = MemorySandbox()
    with pytest.raises(Cancelled):
        sent(store, run, Breaking(2))
    sent(store, run, whole)
    rows = store.rows("SELECT * FROM funnel")
    assert len(whole.jobs) == len(rows) - 2


def test_what_a_funnel_found_comes_back_as_it_was(store: Store) -> None:
    program = library("optimizer")["lion"]
    found = Evaluator(FAR, MemorySandbox()).evaluate(program)
    assert store.funnel(program.key, "p") is None
    store.save_funnel(program, "p", "far-toy", 20, found)
    store.save_funnel(program, "p", "far-toy", 20, Evaluation(found.status, score=99.0))
    back = store.funnel(program.key, "p")
    assert back is not None
    assert (back.score, back.by_seed, back.metrics) == (found.score, found.by_seed, found.metrics)
    assert store.funnel_tasks(program.key) == ["far-toy"]


def test_stages_are_read_with_their_costs() -> None:
    from evaluators.task import find_task

    digits = find_task("digits")
    assert stages_of(digits, "autoencoder,stdlib-lm") == [
        Stage("autoencoder", 10.0),
        Stage("stdlib-lm", 100.0),
    ]
    assert stages_of(digits, "mnist1d:3.5") == [Stage("mnist1d", 3.5)]
    assert stages_of(digits, None)[0].multiple == 10.0
    for wrong in ("digits", "mnist1d:-1", "mnist1d:0", "nowhere", ","):
        with pytest.raises(InputError):
            stages_of(digits, wrong)
    with pytest.raises(InputError, match="--stages"):
        stages_of(TOY, None)


def test_curves_are_drawn_to_scale() -> None:
    lines = curves([0.0, 0.5, 1.0], [("o", [0.0, 0.5, 1.0]), ("x", [0.0, -1.0, np.nan])], "x")
    top, bottom = lines[0], lines[8]
    assert top.rstrip().endswith("o")
    assert top.lstrip().startswith("+1")
    assert bottom.lstrip().startswith("-1")
    assert "x" in bottom
    assert all(len(line) <= 80 for line in lines)
    assert len(curves([0.0], [("o", [0.0])], "x")) == 11


def test_a_lone_record_is_drawn_to_the_end_and_hides_no_other() -> None:
    lines = curves([0.5], [("o", [1.0]), ("x", [1.0])], "x")
    assert lines[0].endswith("*" + "·" * 29)
    assert not any("o" in line or "·" in line for line in lines[1:10])
    apart = curves([0.0, 0.5], [("o", [0.5, 1.0]), ("x", [0.5, -1.0])], "x")
    marks = [[c for c in line if c in "ox*"] for line in apart[:9]]
    assert [m for m in marks if m] == [["o"], ["*"], ["x"]]
