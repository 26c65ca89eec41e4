"""Whole runs with a scripted model: they go on whatever it says, cost what was allowed, replay."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evaluators.candidate import Candidate, Status
from programs.errors import InputError
from runs.config import RunConfig, parse_models, parse_proposers, read_config
from runs.discover import repeating
from runs.progress import Progress, Silent
from runs.start import perform, prepare
from runs.store import Store
from sandbox.memory import MemorySandbox
from tests.agent.replies import GOOD, HOPELESS, REPAIRABLE
from tests.agent.server import Reply, Scripted, by_hash, in_turn, serving

TASK = str(Path(__file__).with_name("luck.py"))
MODEL = "openai/gpt-4o-mini"
KEY = "sk-testtesttesttesttest1234567890"
SIMPLE = {"evolution": 1.0, "rewrite": 1.0, "diff": 1.0, "crossover": 1.0}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def config(server: Scripted | None, **given: Any) -> RunConfig:
    base = server.base if server else "http://127.0.0.1:9/v1"
    plain = {"task": TASK, "evals": 30, "workers": 2, "recall": False, "models": {MODEL: 1.0}}
    # Judging takes next to no time here: nothing would be left for models to propose.
    usual = {"proposers": SIMPLE, "api_base": base, "fill": 3.0}
    return read_config(**plain | usual | given)


def run(store: Store, settings: RunConfig, resume: str = "") -> tuple[str, Progress]:
    prepared = prepare(store, settings, MemorySandbox(), resume)
    _, progress = perform(prepared, Silent())
    return prepared.run.id, progress


def lineage(store: Store, run_id: str) -> list[tuple[Any, ...]]:
    history = store.history(run_id)
    place = {c.id: c.index for c in history}
    return [
        (
            c.index,
            c.program.source,
            c.evaluation.status,
            c.score,
            c.origin.operator,
            c.origin.rationale,
            c.origin.model,
            c.origin.usage,
            tuple(place[p] for p in c.origin.parents),
        )
        for c in history
    ]


def by_model(history: list[Candidate]) -> list[Candidate]:
    return [c for c in history if c.origin.model]


def test_a_run_takes_what_is_good_and_pays_for_everything(store: Store) -> None:
    with serving(by_hash(*GOOD, *REPAIRABLE, *HOPELESS)) as server:
        run_id, progress = run(store, config(server))
    record, history = store.run(run_id), store.history(run_id)
    calls = store.llm_calls(run_id)
    assert record.state == "done"
    assert record.evaluations == 30
    written = [c for c in by_model(history) if c.evaluation.status is Status.SCORED]
    assert any(not c.origin.usage.get("stand_in") for c in written)
    assert len(calls) == len(server.requests)
    assert 0 < record.usd <= 1.0
    assert record.usd == pytest.approx(sum(c["usd"] for c in calls))
    assert progress.usd == pytest.approx(record.usd)
    draws = {c["purpose"].split()[0] for c in calls}
    assert {str(c.origin.seed[1]) for c in by_model(history)} <= draws


def test_a_run_is_repeated_from_its_recorded_replies(store: Store) -> None:
    troubled = (*GOOD, *REPAIRABLE, *HOPELESS, Reply(status=401))
    with serving(by_hash(*troubled)) as server:
        first, _ = run(store, config(server, proposers={**SIMPLE, "llambo": 1.0, "iterate": 1.0}))
    again, _ = run(
        store,
        config(None, proposers={**SIMPLE, "llambo": 1.0, "iterate": 1.0}, replay=first, workers=4),
    )
    assert lineage(store, again) == lineage(store, first)
    assert len(store.llm_calls(again)) > 0
    assert store.run(first).spent == pytest.approx(store.run(again).usd)
    assert store.run(again).spent == 0.0 < store.run(again).usd
    third, _ = run(
        store, config(None, proposers={**SIMPLE, "llambo": 1.0, "iterate": 1.0}, replay=again)
    )
    assert lineage(store, third) == lineage(store, first)


def test_a_resumed_run_pays_for_no_answer_twice(store: Store) -> None:
    with serving(by_hash(*GOOD, *REPAIRABLE)) as server:
        whole, _ = run(store, config(server))
        part, _ = run(store, config(server, evals=12))
        asked = len(server.requests)
        lost = store.history(part)[-3:]
        for candidate in reversed(lost):  # a later one may be the child of one before
            for table, column in (
                ("evaluation", "candidate"),
                ("parent", "child"),
                ("candidate", "id"),
            ):
                store.execute(f"DELETE FROM {table} WHERE {column} = ?", candidate.id)
        run(store, config(server, evals=12), resume=part)
        assert len(server.requests) == asked
        run(store, config(server), resume=part)
    assert store.run(part).evaluations == store.run(whole).evaluations == 30


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I'm sorry, but I can't help with that.",
        Reply(status=401),
        Reply(status=400),
        Reply(raw="nonsense"),
        "Use momentum.",
    ],
)
def test_a_useless_model_leaves_the_run_to_evolution(store: Store, reply: Reply | str) -> None:
    with serving(in_turn(reply)) as server:
        run_id, progress = run(store, config(server, evals=20, proposers={"rewrite": 1.0}))
    history = store.history(run_id)
    assert store.run(run_id).evaluations == 20
    assert all(c.origin.proposer == "evolution" for c in history[1:])
    assert all(
        "in place of rewrite by openai/gpt-4o-mini:" in c.origin.rationale for c in history[1:]
    )
    said = Counter(e.name for e in store.events(run_id))
    assert 1 <= said["model"] == len(progress.news) <= 2


def test_a_model_whose_programs_never_read_is_named_once_and_counted(store: Store) -> None:
    cut_off = Reply(("```python\ndef update(w, g, m, lr):\n    u = m /",), finish="length")
    with serving(in_turn(cut_off)) as server:
        team = {"rewrite": 1.0, "evolution": 1.0}
        run_id, progress = run(store, config(server, evals=10, proposers=team))
    assert store.run(run_id).evaluations == 10
    said, counted = (n for n in progress.news if "no valid program" in n)
    assert said.startswith("rewrite by openai/gpt-4o-mini: no valid program: line 2")
    assert said.endswith("What is rejected costs no evaluation.")
    assert re.fullmatch(r"openai/gpt-4o-mini: \d+ × no valid program", counted)


def test_the_same_program_ten_times_is_trained_once(store: Store) -> None:
    with serving(in_turn(GOOD[0])) as server:
        run_id, _ = run(
            store, config(server, evals=15, proposers={"rewrite": 1.0, "evolution": 1.0})
        )
    history = store.history(run_id)
    mine = [c for c in by_model(history) if not c.origin.usage.get("stand_in")]
    assert sum(c.evaluation.status is Status.SCORED for c in mine) == 1
    assert sum(c.evaluation.status is Status.DUPLICATE for c in mine) >= 2


def test_a_model_that_only_repeats_itself_leaves_the_run_to_evolution(store: Store) -> None:
    with serving(in_turn(GOOD[0])) as server:
        given = {"evals": 12, "lookahead": 2, "proposers": {"rewrite": 1.0}}
        run_id, progress = run(store, config(server, **given))
        again, _ = run(store, config(None, **given, replay=run_id))
    history = store.history(run_id)
    assert store.run(run_id).evaluations == 12
    assert sum(bool(c.origin.usage.get("stand_in")) for c in history) >= 10
    (said,) = [n for n in progress.news if "Symbolic evolution fills its places" in n]
    assert said.startswith("rewrite by openai/gpt-4o-mini: repeats: its last 10 programs did")
    assert any(re.fullmatch(r"openai/gpt-4o-mini: \d+ × repeats", n) for n in progress.news)
    assert lineage(store, again) == lineage(store, run_id)


def test_dollars_end_a_run_that_nothing_else_ends(store: Store) -> None:
    with serving(by_hash(*GOOD)) as server:
        settings = config(server, evals=None, usd=0.03)
        assert settings.evals is None
        run_id, _ = run(store, settings)
    record = store.run(run_id)
    assert record.state == "done"
    assert "no room for another call" in record.message
    assert 0.015 < record.usd <= 0.03


def test_the_key_is_nowhere_in_the_database(store: Store) -> None:
    script = in_turn(f"your key is {KEY}", Reply(status=401, message=f"bad key {KEY}"))
    with serving(script) as server:
        run_id, progress = run(store, config(server, evals=10))
    assert store.llm_calls(run_id)
    text = "\n".join(sqlite3.connect(store.path).iterdump())
    assert KEY not in text
    assert "[key]" in text
    assert all(KEY not in news for news in progress.news)


def test_an_unpriced_model_needs_another_limit(store: Store) -> None:
    with pytest.raises(InputError, match="price of `openai/desk` is not known"):
        run(store, config(None, evals=None, usd=1.0, models={"openai/desk": 1.0}))
    with serving(by_hash(*GOOD)) as server:
        run_id, _ = run(store, config(server, evals=12, models={"openai/desk": 1.0}))
    assert store.run(run_id).usd == 0
    assert sum(c["completion_tokens"] for c in store.llm_calls(run_id)) > 0


def test_several_models_share_the_places(store: Store) -> None:
    models = {"openai/gpt-4o-mini": 1.0, "openai/gpt-4.1-nano": 1.0}
    with serving(by_hash(*GOOD)) as server:
        run_id, _ = run(store, config(server, models=models))
    assert {c["model"] for c in store.llm_calls(run_id)} == set(models)
    assert {r["model"] for r in server.requests} == {"gpt-4o-mini", "gpt-4.1-nano"}


def test_a_run_is_repeated_by_its_name_alone(store: Store) -> None:
    with serving(by_hash(*GOOD)) as server:
        settings = config(server, seed=5, evals=20, proposers={**SIMPLE, "iterate": 2.0})
        first, _ = run(store, settings)
    settings = repeating(first, store.path)
    assert (settings.seed, settings.evals, settings.replay) == (5, 20, first)
    again, _ = run(store, settings)
    assert lineage(store, again) == lineage(store, first)
    assert repeating(first, store.path, task=TASK, workers=3).workers == 3
    with pytest.raises(InputError, match="repeats just that"):
        repeating(first, store.path, task="digits")


def test_a_repetition_ends_where_its_run_was_stopped(store: Store) -> None:
    made = store.create_run(TASK, "optimizer", 2, {"task": TASK, "hours": 4.0}, "t", "cpu", "p", {})
    store.finish(made.id, "stopped", "by hand")
    settings = repeating(made.id, store.path)
    assert (settings.hours, settings.evals) == (None, 1)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"models": {}}, "asks a model: name one with `--model`"),
        ({"proposers": {"evolution": 1.0}}, "No proposer asks the model"),
        ({"api_base": "http://user:secret@127.0.0.1/v1"}, "api_base"),
        ({"usd": 0.0}, "usd"),
        ({"proposers": {"rewrite:hotness=1": 1.0}}, "no option `hotness`"),
        ({"proposers": {"rewrite:budget=lots": 1.0}}, "needs a value of sort int"),
        ({"replay": "nothing"}, "run"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    store: Store, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        run(store, config(None, **given))


def test_models_and_proposers_have_weights_and_options() -> None:
    assert parse_models(("a", "b:0.3", "ollama/llama3:8b", "c:8b:2.0")) == {
        "a": 1.0, "b": 0.3, "ollama/llama3:8b": 1.0, "c:8b": 2.0,
    }  # fmt: skip
    assert parse_proposers(("evolution:2", "rewrite", "llambo:alpha=0.1", "diff:budget=9:3")) == {
        "evolution": 2.0, "rewrite": 1.0, "llambo:alpha=0.1": 1.0, "diff:budget=9": 3.0,
    }  # fmt: skip
    assert set(read_config(task="t", models={"m": 1.0}).proposers) > {"evolution", "llambo"}
