"""What models are told is settled when a run begins: resumed and replayed it is told the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evaluators.evaluator import Evaluator
from evaluators.supervised import Supervised
from programs.load import library
from runs.briefing import BRIEFING, Briefing, briefing
from runs.config import RunConfig, read_config
from runs.record import RunRecord
from runs.store import Store
from sandbox.base import Ending, Outcome, Payload
from sandbox.memory import MemorySandbox
from tests.evaluators.test_card import SIGNS
from tests.runs.samples import candidate, new_run

FIGURES = {"data": {"examples": 48, "shape": [12], "labels": {"inputs": True}}}


def config(**given: Any) -> RunConfig:
    return read_config(**{"task": "signs", "models": {"m": 1.0}, "evals": 9, **given})


class Told:
    """Tells runs, and counts what was measured for it."""

    def __init__(self, store: Store, task: Supervised = SIGNS, broken: bool = False) -> None:
        self.store, self.task = store, task
        self.ending = Ending.TIMED_OUT if broken else Ending.FINISHED
        self.sandbox = MemorySandbox(self._answer)
        self.said: list[str] = []

    def _answer(self, _: object) -> Outcome:
        broken = self.ending is Ending.TIMED_OUT
        return Outcome(self.ending, None if broken else Payload(FIGURES), "too slow")

    def __call__(self, run: RunRecord, **given: Any) -> Briefing:
        evaluator = Evaluator(self.task, self.sandbox)
        return briefing(self.store, run, config(**given), evaluator, 0, self.said.append)


def test_a_run_is_told_once_whatever_becomes_known(store: Store) -> None:
    told, run = Told(store), new_run(store, "signs")
    first = told(run)
    assert first.facts["data"] == "48 training examples of 12 real numbers"
    assert first.facts["model"] == "a perceptron 12-4-2, relu"
    assert first.facts["parameters"] == (
        "weights (outputs × inputs) 4×12, 2×4; vectors, seen as r × 1, of 4, 2; first values are "
        "uniform within ±1/√inputs, a bias's within its layer's bound"
    )
    assert first.facts["budget of the search"] == "9 programs are judged and $1 for models"
    assert first.card.data[-1] == "targets: the inputs themselves"
    known = candidate(run.id, 0, -0.5)
    store.record(run.id, replace(known, program=library("optimizer")["lion"]))
    assert told(run, evals=99) == first
    later = told(new_run(store, "signs"))
    known_ones = ("baselines, judged before: lion -0.5000 ± 0.0000",)
    assert later.card == replace(first.card, baselines=known_ones)
    assert not told(new_run(store, "signs"), recall=False).card.baselines
    assert len(told.sandbox.jobs) == 1, "one protocol is measured once"
    told(new_run(store, "signs", "another protocol"))
    assert len(told.sandbox.jobs) == 2


def test_a_replay_is_told_what_its_run_was(store: Store) -> None:
    told, run = Told(store), new_run(store, "signs")
    first, again = told(run), new_run(store, "signs", "p2")
    assert told(again, replay=run.id, evals=3) == first
    assert [e.name for e in store.events(again.id)] == [BRIEFING]
    assert len(told.sandbox.jobs) == 1


def test_without_a_model_nothing_is_measured_and_a_failure_is_said(store: Store) -> None:
    told = Told(store, broken=True)
    assert told(new_run(store, "signs"), models={}) == Briefing()
    assert not told.sandbox.jobs
    found = told(new_run(store, "signs"))
    assert not found.card.facts
    assert found.facts["score"].startswith("-cross-entropy")
    assert told.said == ["Models are told no figures of the data and the model: too slow."]
