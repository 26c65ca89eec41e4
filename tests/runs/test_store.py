"""What is put into a store comes out as it was."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.errors import InputError, StoreError
from programs.program import Program
from runs.care import compact
from runs.record import candidate_id
from runs.store import Store
from tests.runs.samples import SOURCE, candidate, new_run

TABLES = ("program", "candidate", "parent", "evaluation", "program_fts", "candidate_fts")


def full_candidate(run: str, index: int, parents: tuple[str, ...] = ()) -> Candidate:
    """Return a candidate with nothing left at its default."""
    return Candidate(
        candidate_id(run, index),
        index,
        Program("optimizer", f"# {index} ünïcode\0 and NUL\n" + "x" * 9, f"key{index}"),
        Origin(
            proposer="llm",
            operator="rewrite",
            parents=parents,
            rationale="because 'quotes'; -- and \"more\"",
            model="some/model",
            usage={"prompt_tokens": 12, "usd": 0.25},
            seed=(2**100, 7),
        ),
        Evaluation(
            status=Status.SCORED,
            score=0.1 + 0.2,
            metrics={"loss": 1e-300, "overflow": math.inf, "count": 3},
            by_seed=(0.1, 0.5000000000000001),
            rung=2,
            fingerprint="beef",
            message="a message: with a colon",
            seconds=1.25,
            device="cuda:0",
            tier="landlock",
            checksum="f1a768c38757b83c",
        ),
        duplicate_of=parents[0] if parents else None,
        recalled=bool(parents),
    )


def test_every_field_of_a_candidate_comes_back(store: Store) -> None:
    run = new_run(store).id
    first = full_candidate(run, 0)
    second = full_candidate(run, 1)
    third = full_candidate(run, 2, (second.id, first.id, second.id))
    for each in (first, second, third):
        assert store.record(run, each)
    assert store.history(run) == [first, second, third]
    assert store.candidate(third.id) == third


def test_every_field_of_a_run_comes_back(store: Store) -> None:
    config = {"evals": 10, "nested": {"list": [1, 2.5, None]}, "path": Path("a/b")}
    run = store.create_run(
        "digits", "optimizer", 2**90, config, "landlock", "cpu", "p1", {"torch": "2.8"}
    )
    again = store.run(run.id)
    assert again == run
    assert (run.task, run.kind, run.seed, run.state) == ("digits", "optimizer", 2**90, "running")
    assert run.config == {**config, "path": "a/b"}
    assert (run.tier, run.device, run.protocol) == ("landlock", "cpu", "p1")
    assert run.versions == {"torch": "2.8"}
    assert run.owner is not None
    assert run.owner.alive()
    assert not run.held


def test_numbers_of_other_libraries_and_odd_texts_are_kept(store: Store) -> None:
    run = new_run(store).id
    score = float(np.float32(0.5))
    metrics: Any = {"a": np.float32(0.5), "b": np.int64(3), "c": np.float32("nan")}
    half: Any = np.float32(0.5)
    odd = replace(
        candidate(run, 0, rationale="\ud800 lone"),
        evaluation=Evaluation(Status.SCORED, half, metrics, (half,)),
    )
    store.record(run, odd)
    kept = store.candidate(odd.id)
    assert kept.score == score
    assert kept.evaluation.by_seed == (score,)
    assert kept.evaluation.metrics["a"] == 0.5
    assert kept.evaluation.metrics["b"] == 3
    assert math.isnan(kept.evaluation.metrics["c"])
    assert kept.origin.rationale == "\\ud800 lone"


def test_curves_stand_beside_the_scores_of_the_seeds_that_were_trained(store: Store) -> None:
    run = new_run(store).id
    averaged = candidate(run, 0, 0.5, curves=((2.0, 1.5),))
    store.record(run, averaged)
    store.record(run, candidate(run, 1, 0.5))
    found = store.measured(averaged.id)
    assert [(m.rung, m.seed, m.score, m.curve) for m in found] == [
        (0, 0, 0.5, ()),
        (0, 1, 0.5, (2.0, 1.5)),
    ]
    assert [m.curve for m in store.measured(candidate_id(run, 1))] == [(), ()]


def test_a_score_leads_back_to_its_training(store: Store) -> None:
    first, later = new_run(store), new_run(store)
    trained = candidate(first.id, 0, 0.5, fingerprint="f")
    copy = candidate(
        first.id, 1, 0.5, fingerprint="f", status=Status.DUPLICATE, duplicate_of=trained.id
    )
    recalled = candidate(later.id, 0, 0.5, fingerprint="f", recalled=True)
    other = candidate(new_run(store, "other").id, 0, 0.6, fingerprint="f")
    for run, each in ((first, trained), (first, copy), (later, recalled)):
        store.record(run.id, each)
    assert store.trained_for(other.id) is None
    store.record(store.runs()[0].id, other)
    for each in (trained, copy, recalled):
        assert store.trained_for(each.id) == trained.id
    assert store.trained_for(other.id) == other.id


def test_history_is_in_the_order_of_the_index(store: Store) -> None:
    run, other = new_run(store).id, new_run(store).id
    for index in (3, 0, 2, 1):
        store.record(run, candidate(run, index, index / 10))
    store.record(other, candidate(other, 0, 0.9))
    assert [each.index for each in store.history(run)] == [0, 1, 2, 3]


def test_recording_again_changes_nothing_and_another_is_refused(store: Store) -> None:
    run = new_run(store).id
    first = candidate(run, 0, 0.5)
    assert store.record(run, first)
    assert not store.record(run, candidate(run, 0, 0.7))
    assert store.history(run) == [first]
    with pytest.raises(StoreError, match="already"):
        store.record(run, replace(first, id="another"))
    assert store.history(run) == [first]


def count(store: Store) -> dict[str, int]:
    return {t: store.rows(f"SELECT count(*) AS n FROM {t}")[0]["n"] for t in TABLES}


def test_a_candidate_with_an_unknown_parent_leaves_nothing(store: Store) -> None:
    run = new_run(store).id
    before = count(store)
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.record(run, candidate(run, 0, 0.5, parents=("nobody",)))
    assert count(store) == before


@pytest.mark.parametrize("table", ["program", "candidate", "parent", "evaluation"])
def test_a_failure_in_the_middle_leaves_nothing(store: Store, table: str) -> None:
    run = new_run(store).id
    store.record(run, candidate(run, 0, 0.5))
    before = count(store)
    parents = (candidate_id(run, 0),)
    store.execute(
        f"CREATE TEMP TRIGGER broken AFTER INSERT ON {table} "
        "BEGIN SELECT raise(FAIL, 'made to fail'); END"
    )
    with pytest.raises(StoreError, match="made to fail"):
        store.record(run, candidate(run, 1, 0.5, source="other", parents=parents))
    assert count(store) == before
    store.execute("DROP TRIGGER broken")
    assert store.record(run, candidate(run, 1, 0.5, source="other", parents=parents))


def test_one_program_is_kept_once(store: Store) -> None:
    run = new_run(store).id
    for index in range(3):
        store.record(run, candidate(run, index, 0.5))
    assert count(store)["program"] == 1


def test_an_equal_program_in_other_words_keeps_its_words(store: Store) -> None:
    run = new_run(store).id
    first = candidate(run, 0, 0.5)
    text = SOURCE.replace("lr", "rate")
    second = replace(candidate(run, 1, 0.25), program=replace(first.program, source=text))
    store.record(run, first)
    store.record(run, second)
    assert store.history(run) == [first, second]
    assert [row.source for row in store.top()] == [SOURCE, text]
    assert count(store)["program"] == 1


# Prefixes


def test_a_prefix_names_a_candidate_or_a_run(store: Store) -> None:
    run = new_run(store).id
    for index, id in enumerate(("aabb01", "aabb02", "aacc", "aabb")):
        store.record(run, replace(candidate(run, index, 0.5), id=id))
    assert store.candidate("aac").id == "aacc"
    assert store.candidate("aabb").id == "aabb"
    assert store.run(run[:3]).id == run
    assert store.run_of("aacc").id == run


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("aab", "aabb01, aabb02"),
        ("", "Several"),
        ("abbb01", "did you mean aabb01"),
        ("zzzz", "the newest is aacc"),
        ("%", "newest"),
        ("\udcff", "newest"),
    ],
)
def test_a_prefix_that_fits_none_or_several_is_explained(
    store: Store, prefix: str, said: str
) -> None:
    run = new_run(store).id
    for index, id in enumerate(("aabb01", "aabb02", "aacc")):
        store.record(run, replace(candidate(run, index, 0.5), id=id))
    with pytest.raises(InputError, match=said):
        store.candidate(prefix)


def test_an_id_of_the_other_sort_is_told(store: Store) -> None:
    run = new_run(store).id
    found = candidate(run, 0, 0.5)
    store.record(run, found)
    with pytest.raises(InputError, match=f"{run} is a run: `cambrian top {run}` lists"):
        store.candidate(run[:6])
    with pytest.raises(InputError, match=f"{found.id} is a candidate, of run {run}"):
        store.run(found.id[:6])


def test_an_empty_database_says_how_to_fill_it(store: Store) -> None:
    with pytest.raises(InputError, match="cambrian demo"):
        store.run("abc")


# Runs


def test_runs_are_listed_newest_first_with_their_counts(store: Store) -> None:
    old, new = new_run(store).id, new_run(store).id
    scored = candidate(old, 0, 0.5)
    better = candidate(old, 1, 0.8)
    best_repeated = {"status": Status.DUPLICATE, "duplicate_of": better.id}
    for each in (
        scored,
        better,
        candidate(old, 2, status=Status.PRUNED),
        candidate(old, 3, status=Status.FAILED),
        candidate(old, 4, status=Status.TIMED_OUT),
        candidate(old, 5, status=Status.INVALID),
        candidate(old, 6, 0.8, **best_repeated),
        candidate(old, 7, 0.7, recalled=True),
    ):
        store.record(old, each)
    assert [run.id for run in store.runs()] == [new, old]
    run = store.run(old)
    assert (run.evaluations, run.duplicates, run.rejected) == (5, 2, 1)
    assert (run.best, run.best_id) == (0.8, better.id)
    assert store.run(new).best is None
    spend = {row["run"]: row for row in store.rows("SELECT * FROM spend")}
    assert spend[old]["evaluations"] == 5


def test_a_run_is_finished_with_a_state_and_a_message(store: Store) -> None:
    run = new_run(store).id
    store.finish(run, "stopped", "by hand")
    done = store.run(run)
    assert (done.state, done.message, done.owner) == ("stopped", "by hand", None)
    assert done.ended is not None
    with pytest.raises(ValueError, match="nonsense"):
        store.finish(run, "nonsense")


def test_time_adds_up_over_resumes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("runs.writing.time.monotonic", lambda: clock[0])
    run = new_run(store).id
    clock[0] += 5
    store.beat(run)
    clock[0] += 2
    store.finish(run, "stopped")
    clock[0] += 1000
    assert store.claim(run).seconds == 7
    clock[0] += 3
    store.record(run, candidate(run, 0, 0.5))
    assert store.run(run).seconds == 10
    assert store.run(run).state == "running"


def test_model_calls_add_to_what_a_run_spent(store: Store) -> None:
    run = new_run(store).id
    for usd in (0.25, 0.5):
        store.llm_call(run, model="m", purpose="propose", messages=[{"role": "user"}], usd=usd)
    assert store.run(run).usd == 0.75
    assert store.rows("SELECT usd, calls FROM spend") == [{"usd": 0.75, "calls": 2}]


def test_events_and_verdicts_are_kept(store: Store) -> None:
    run = new_run(store).id
    store.event(run, "began", {"workers": 2})
    store.event(run, "ended")
    assert [(e.name, e.detail) for e in store.events(run)] == [
        ("began", {"workers": 2}),
        ("ended", {}),
    ]
    one = candidate(run, 0, 0.5)
    store.record(run, one)
    assert store.verdict(one.id) is None
    store.save_verdict(one.id, "It is no better.")
    store.save_verdict(one.id, "It is better.", {"p": 0.01})
    verdict = store.verdict(one.id)
    assert verdict is not None
    assert (verdict.sentence, verdict.detail) == ("It is better.", {"p": 0.01})


# Questions


def test_rejections_are_counted_by_their_short_reason(store: Store) -> None:
    run = new_run(store).id
    messages = ["shape: [1] and [2]", "shape: [3] and [4]", "unknown name", ""]
    for index, message in enumerate(messages):
        store.record(run, candidate(run, index, status=Status.INVALID, message=message))
    store.record(run, candidate(run, 4, status=Status.TIMED_OUT, message="10 s passed"))
    store.record(run, candidate(run, 5, 0.5, message="fine"))
    assert store.rejections(run) == {
        "invalid: shape": 2,
        "invalid: ": 1,
        "invalid: unknown name": 1,
        "timed out: 10 s passed": 1,
    }


def test_recall_finds_an_earlier_score_under_the_same_conditions(store: Store) -> None:
    first, second = new_run(store).id, new_run(store).id
    found = candidate(first, 1, 0.5, fingerprint="same")
    store.record(first, candidate(first, 0, status=Status.FAILED, fingerprint="same"))
    store.record(first, found)
    store.record(second, candidate(second, 0, 0.5, fingerprint="same", recalled=True))
    store.record(second, candidate(second, 1, 0.7, fingerprint="same"))
    store.record(second, candidate(second, 2, 0.7, fingerprint=""))
    assert store.recall("digits", "p1", "same") == found
    assert store.recall("digits", "p2", "same") is None
    assert store.recall("moons", "p1", "same") is None
    assert store.recall("digits", "p1", "other") is None
    assert store.recall("digits", "p1", "") is None


def test_top_is_best_first_and_each_behaviour_once(store: Store) -> None:
    run, other = new_run(store).id, new_run(store, task="moons").id
    for index, score in enumerate((0.3, 0.9, 0.5)):
        store.record(run, candidate(run, index, score))
    for index in range(3, 60):
        store.record(run, candidate(run, index, 0.5 + index / 256, fingerprint="crowd"))
    repeat = {"status": Status.DUPLICATE, "duplicate_of": candidate_id(run, 1)}
    store.record(run, candidate(run, 60, 0.99, **repeat))
    store.record(other, candidate(other, 0, 0.95))
    top = store.top(run=run[:6], limit=3)
    assert [row.score for row in top] == [0.9, 0.5 + 59 / 256, 0.5]
    assert {row.baseline for row in top} == {0.3}
    assert [row.score for row in store.top(limit=2)] == [0.95, 0.9]
    assert [row.run for row in store.top(task="moons")] == [other]
    assert store.top(task="nothing") == []
    row = top[0]
    assert (row.id, row.kind, row.task) == (candidate_id(run, 1), "optimizer", "digits")
    assert (row.size, row.stderr, row.proposer) == (2, 0.0, "evolution")


def test_children_and_ancestry_follow_every_parent(store: Store) -> None:
    run = new_run(store).id
    ids = [candidate_id(run, index) for index in range(6)]
    parents = [(), (), (0,), (2, 1), (3, 2), (0,)]
    for index, places in enumerate(parents):
        of = tuple(ids[place] for place in places)
        store.record(run, candidate(run, index, 0.5, parents=of))
    assert [each.index for each in store.ancestry(ids[4])] == [0, 1, 2, 3]
    assert store.ancestry(ids[0]) == []
    assert [each.index for each in store.children(ids[0])] == [2, 5]


def test_ancestry_survives_a_circle(store: Store) -> None:
    run = new_run(store).id
    ids = [candidate_id(run, index) for index in range(2)]
    store.record(run, candidate(run, 0, 0.5))
    store.record(run, candidate(run, 1, 0.5, parents=(ids[0],)))
    store.execute("INSERT INTO parent(child, parent, place) VALUES (?, ?, 0)", ids[0], ids[1])
    assert [each.index for each in store.ancestry(ids[1])] == [0]


def test_search_finds_words_of_source_and_rationale(store: Store) -> None:
    run = new_run(store).id
    store.record(run, candidate(run, 0, 0.5, source="def update(w, g):\n    return sign(g)\n"))
    store.record(run, candidate(run, 1, 0.5, rationale="Momentum damps the noise"))
    store.record(run, candidate(run, 2, 0.5, source="def update(w, g):\n    return rms_norm(g)\n"))

    def found(words: str) -> list[int]:
        return [each.index for each in store.search(words)]

    assert found("sign") == [0]
    assert found("momentum noise") == [1]
    assert found("rms_norm") == [2]
    assert found('sign" OR (') == []
    assert found("  ") == []
    compact(store)
    assert found("sign") == [0]
    assert found("momentum noise") == [1]
    store.execute("UPDATE candidate SET rationale = 'nothing' WHERE idx = 1")
    assert found("momentum") == []


def test_the_file_is_open_to_any_sqlite(store: Store, path: Path) -> None:
    run = new_run(store).id
    one = candidate(run, 0, 0.5)
    two = candidate(run, 1, 0.75, parents=(one.id,))
    store.record(run, one)
    store.record(run, two)
    store.record(run, candidate(run, 2, status=Status.FAILED, message="nan"))
    plain = sqlite3.connect(path)
    try:
        assert plain.execute("SELECT id FROM leaderboard ORDER BY score DESC").fetchall() == [
            (two.id,),
            (one.id,),
        ]
        assert plain.execute("SELECT child, parent, gain FROM edges").fetchall() == [
            (two.id, one.id, 0.25)
        ]
        assert plain.execute("SELECT status, message FROM failures").fetchall() == [
            ("failed", "nan")
        ]
    finally:
        plain.close()
