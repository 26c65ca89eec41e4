"""A run's lineage depends on its seed alone, nothing is trained twice, nothing finished is lost."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluators.admit import admit_to
from evaluators.candidate import Candidate, Status
from evaluators.collisions import COLLISION
from programs.errors import CambrianError, InputError
from programs.fingerprint import Behaviour, fingerprint, remembered
from programs.genome import Genome
from programs.kind import Kind
from programs.load import kind_named, read_program
from programs.program import Program
from runs.config import RunConfig, read_config
from runs.pages.facts import savings
from runs.progress import Progress, Silent
from runs.start import Prepared, perform, prepare
from runs.stop import Stop
from runs.store import Store
from sandbox.base import Ending, Job, Outcome
from sandbox.memory import MemorySandbox

TOY = str(Path(__file__).parents[1] / "toy.py")


def config(**given: Any) -> RunConfig:
    return read_config(**{"task": TOY, "evals": 40, "workers": 2, "recall": False, **given})


def run(store: Store, sandbox: MemorySandbox | None = None, **given: Any) -> tuple[str, str]:
    prepared = prepare(store, config(**given), sandbox or MemorySandbox())
    state, _ = perform(prepared, Silent())
    return prepared.run.id, state


def print_of(candidate: Candidate) -> str:
    kind = kind_named(candidate.program.kind)
    program = read_program(candidate.program.source, kind)
    assert isinstance(program, Program)
    assert program.genome is not None
    return fingerprint(program.genome, kind)


def lineage(store: Store, run_id: str) -> list[tuple[Any, ...]]:
    """Return what must not depend on timing: no ids, no seconds."""
    history = store.history(run_id)
    place = {c.id: c.index for c in history}
    return [
        (
            c.index,
            c.program.source,
            c.evaluation.status,
            c.score,
            c.origin.operator,
            tuple(place[p] for p in c.origin.parents),
            c.duplicate_of and place[c.duplicate_of],
            tuple((e.rung, e.status, e.score, e.by_seed) for e in c.climbs),
        )
        for c in history
    ]


def test_a_run_does_what_it_was_asked(store: Store) -> None:
    run_id, state = run(store)
    history = store.history(run_id)
    record = store.run(run_id)
    assert state == record.state == "done"
    assert record.evaluations == 40
    assert [c.index for c in history] == list(range(len(history)))
    assert history[0].origin.rationale == "the library's adamw"
    assert record.best == max(c.score for c in history if c.score is not None)


@pytest.mark.parametrize("rungs", [1, 2, 3])
@pytest.mark.parametrize("workers", [1, 3])
def test_the_same_seed_gives_the_same_lineage(store: Store, workers: int, rungs: int) -> None:
    first = lineage(store, run(store, seed=5, rungs=rungs)[0])
    again = lineage(store, run(store, seed=5, workers=workers, rungs=rungs)[0])
    other = lineage(store, run(store, seed=6, rungs=rungs)[0])
    assert first == again
    assert first != other


def test_collisions_of_the_functional_hash_are_counted_and_trained(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def coarse(genome: Genome, kind: Kind, key: str) -> Behaviour:
        found = remembered(genome, kind, key)
        return replace(found, fingerprint=found.fingerprint[:1])

    def counted(**given: Any) -> list[int]:
        prepared = prepare(store, config(evals=30, **given), MemorySandbox())
        _, progress = perform(prepared, Silent())
        history = store.history(prepared.run.id)
        marks = [c.index for c in history if COLLISION in c.evaluation.metrics]
        assert progress.collisions == savings(store, prepared.run.id).collisions == len(marks)
        for place in marks:
            own = history[place].evaluation
            assert own.fingerprint.startswith("apart-")
            same = [c for c in history[:place] if c.evaluation.fingerprint == own.fingerprint]
            assert own.status is (Status.DUPLICATE if same else Status.SCORED)
        for c in history:
            if c.duplicate_of:
                first = next(o for o in history if o.id == c.duplicate_of)
                assert print_of(c) == print_of(first)
        return marks

    assert not counted(seed=5)
    monkeypatch.setattr("evaluators.admit.remembered", coarse)
    marks = counted(seed=5)
    assert len(marks) > 3
    assert counted(seed=5, workers=1) == marks


def test_every_behaviour_is_trained_once(store: Store) -> None:
    sandbox = MemorySandbox()
    run_id, _ = run(store, sandbox, evals=120)
    history = store.history(run_id)
    trained = [c for c in history if c.evaluation.status is Status.SCORED]
    prints = [c.evaluation.fingerprint for c in trained]
    assert len(sandbox.jobs) == 120
    assert len(set(prints)) == len(prints)
    copies = [c for c in history if c.evaluation.status is Status.DUPLICATE]
    assert copies, "the search met no duplicate: the test proves nothing"
    by_id = {c.id: c for c in history}
    for copy in copies:
        original = by_id[copy.duplicate_of or ""]
        assert copy.score == original.score
        assert copy.evaluation.fingerprint == original.evaluation.fingerprint


@pytest.mark.parametrize("mode", [{"aggregate": 3}, {"forget": 0.5}, {"forget": 0.5, "rungs": 3}])
def test_noise_modes_train_again_with_new_seeds_and_stay_reproducible(
    store: Store, mode: dict[str, Any]
) -> None:
    sandbox = MemorySandbox()
    run_id, _ = run(store, sandbox, evals=120, **mode)
    asked = [(str(j.payload.data["source"]), tuple(j.payload.data["seeds"])) for j in sandbox.jobs]
    assert {s for _, s in asked} > {(0, 1)}, "nothing was trained twice: the test proves nothing"
    if "rungs" not in mode:
        assert len(asked) == len(set(asked)) == 120
    again, _ = run(store, evals=120, workers=3, **mode)
    assert lineage(store, again) == lineage(store, run_id)


def test_rejections_are_kept_with_their_reason(store: Store) -> None:
    run_id, _ = run(store, evals=120)
    rejected = [c for c in store.history(run_id) if c.evaluation.status is Status.INVALID]
    assert rejected
    assert all(c.evaluation.message and c.program.source for c in rejected)


class Interrupting(Silent):
    """Stop the run after so many candidates."""

    def __init__(self, prepared: Prepared, after: int, at_once: bool) -> None:
        self.prepared, self.after, self.at_once = prepared, after, at_once
        self.ask: Stop | None = None

    def show(self, candidate: Candidate, progress: Progress) -> None:
        if progress.tried == self.after and self.ask is not None:
            self.ask()
            if self.at_once:
                self.ask()


@pytest.mark.parametrize("rungs", [1, 3])
@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("after", [1, 7, 30])
def test_an_interrupted_run_resumes_to_the_same_lineage(
    store: Store, after: int, at_once: bool, rungs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = config(seed=3, evals=80, rungs=rungs)
    whole = lineage(store, run(store, seed=3, evals=80, rungs=rungs)[0])
    prepared = prepare(store, asked, MemorySandbox())
    display = Interrupting(prepared, after, at_once)
    monkeypatch.setattr("runs.start.Stop", lambda close: _remember(display, Stop(close)))
    state, _ = perform(prepared, display)
    assert state == store.run(prepared.run.id).state == "stopped"
    kept = len(store.history(prepared.run.id))
    assert after <= kept < len(whole)
    monkeypatch.undo()
    resumed = prepare(store, asked, MemorySandbox(), resume=prepared.run.id)
    assert perform(resumed, Silent())[0] == "done"
    assert lineage(store, prepared.run.id) == whole


def _remember(display: Interrupting, stop: Stop) -> Stop:
    display.ask = stop
    return stop


@pytest.mark.parametrize("rungs", [1, 3])
def test_holes_that_a_kill_leaves_are_filled(store: Store, rungs: int) -> None:
    run_id, _ = run(store, seed=3, rungs=rungs)
    whole = lineage(store, run_id)
    lose(store, [c.id for c in store.history(run_id)[-9:] if not needed(store, c.id)][::2])
    assert len(store.history(run_id)) < len(whole)
    prepared = prepare(store, config(seed=3, rungs=rungs), MemorySandbox(), resume=run_id)
    perform(prepared, Silent())
    assert lineage(store, run_id) == whole


def lose(store: Store, ids: list[str]) -> None:
    """Forget candidates, as a kill does that comes before they are judged."""
    for id_ in ids:
        for table, column in (
            ("evaluation", "candidate"),
            ("climb", "candidate"),
            ("parent", "child"),
            ("candidate", "id"),
        ):
            store.execute(f"DELETE FROM {table} WHERE {column} = ?", id_)


def needed(store: Store, id_: str) -> bool:
    copies = "SELECT 1 FROM candidate WHERE duplicate_of = ?"
    return bool(store.children(id_) or store.rows(copies, id_))


@pytest.mark.parametrize("rungs", [1, 3])
def test_a_larger_budget_goes_on_where_the_run_ended(store: Store, rungs: int) -> None:
    run_id, _ = run(store, seed=3, evals=20, rungs=rungs)
    larger = config(seed=3, evals=40, rungs=rungs)
    perform(prepare(store, larger, MemorySandbox(), resume=run_id), Silent())
    assert lineage(store, run_id) == lineage(store, run(store, seed=3, evals=40, rungs=rungs)[0])


@pytest.mark.parametrize("rungs", [1, 3])
def test_earlier_runs_stand_in_for_training(store: Store, rungs: int) -> None:
    first, _ = run(store, seed=1, rungs=rungs)
    sandbox = MemorySandbox()
    again, _ = run(store, sandbox, seed=1, recall=True, rungs=rungs)
    assert sandbox.jobs == []
    assert [(*r[:4], r[-1]) for r in lineage(store, again)] == [
        (*r[:4], r[-1]) for r in lineage(store, first)
    ]
    assert all(c.recalled for c in store.history(again) if c.evaluation.status is Status.SCORED)


def test_a_broken_sandbox_fails_the_run_and_keeps_what_is_done(store: Store) -> None:
    lock, calls = threading.Lock(), []

    def answers(job: Job) -> Outcome:
        with lock:
            calls.append(job)
            if len(calls) > 10:
                raise CambrianError("the sandbox is gone")
        return MemorySandbox().run(job)

    prepared = prepare(store, config(), MemorySandbox(answers))
    with pytest.raises(CambrianError, match="the sandbox is gone"):
        perform(prepared, Silent())
    record = store.run(prepared.run.id)
    assert record.state == "failed"
    assert record.message == "the sandbox is gone"
    assert record.evaluations >= 9


def test_what_is_judged_is_kept_while_others_are_admitted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Admitting a free-form program runs it on the probes, which may take seconds."""
    judged: list[Job] = []
    lags: list[int] = []

    def answers(job: Job) -> Outcome:
        outcome = MemorySandbox().run(job)
        judged.append(job)
        return outcome

    def slowly(*args: Any) -> Any:
        before = len(judged)
        time.sleep(0.03)
        lags.append(before - store.run(prepared.run.id).evaluations)
        return admit_to(*args)

    monkeypatch.setattr("runs.loop.admit_to", slowly)
    prepared = prepare(store, config(), MemorySandbox(answers))
    perform(prepared, Silent())
    assert len(judged) >= 40
    # What ended while the program before was admitted is kept; two more may have ended since.
    assert max(lags) <= 2


def test_programs_that_fail_are_answers(store: Store) -> None:
    def answers(job: Job) -> Outcome:
        if len(str(job.payload.data["source"])) % 3 == 0:
            return Outcome(Ending.TIMED_OUT, message="it ran past its limit of 20 s", seconds=20)
        return MemorySandbox().run(job)

    run_id, state = run(store, MemorySandbox(answers))
    assert state == "done"
    late = [c for c in store.history(run_id) if c.evaluation.status is Status.TIMED_OUT]
    assert late
    assert all(c.score is None for c in late)


def test_random_search_is_another_proposer(store: Store) -> None:
    run_id, _ = run(store, proposers={"random-search": 1.0})
    assert {c.origin.proposer for c in store.history(run_id)[1:]} == {"random-search"}
    mixed, _ = run(store, proposers={"random-search": 1.0, "evolution": 1.0}, evals=60)
    assert {c.origin.proposer for c in store.history(mixed)[1:]} == {"random-search", "evolution"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"task": "digitz"}, "Did you mean `digits`"),
        ({"proposers": {"evolutoin": 1.0}}, "Did you mean `evolution`"),
        ({"warm_start": ["adamv"]}, "The library has no"),
    ],
)
def test_settings_that_name_nothing_are_refused(
    store: Store, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        run(store, **given)
    assert store.runs() == []


@pytest.mark.parametrize(
    "given",
    [
        {"evals": 0},
        {"hours": 0},
        {"workers": 0},
        {"device": "tpu"},
        {"proposers": {}},
        {"hours": float("nan")},
        {"hours": float("inf")},
        {"usd": float("inf")},
        {"reply_timeout": float("inf")},
        {"proposers": {"evolution": float("inf")}},
    ],
)
def test_settings_out_of_range_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"The setting|weight"):
        config(**given)
