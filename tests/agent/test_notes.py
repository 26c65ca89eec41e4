"""Notes by models are claims with evidence, checked when written, retired when refuted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from agent.claims import read_claim
from agent.notes import EVERY, detail, due, note_of, read_notes, retired, standing
from agent.prompts import prompt
from programs.load import kind_named
from runs.store import Store
from tests.agent.replies import GOOD
from tests.agent.server import by_hash, serving
from tests.agent.test_insights import record
from tests.agent.test_runs import config, key, lineage, run, store

__all__ = ["key", "store"]
KIND = kind_named("optimizer")
GOOD_LION = record([1.0, 1.1, 1.2, 1.3], [0.1, 0.2, 0.3, 0.4])


def said(**changes: Any) -> str:
    note = {"feature": "uses sign", "effect": "helps", "programs": [3, 2], "text": "Bounded."}
    return "Here you are:\n" + json.dumps({"notes": [note | changes]})


@pytest.mark.parametrize(
    ("feature", "with_it"),
    [
        ("uses sign", "lion"),
        ("size < 4", "sgd"),
        ("size > 4", "lion"),
        ("states > 0", "lion"),
        ("lerp constant < 0.05", "lion"),
        ("edit insert", ""),
    ],
)
def test_claims_can_be_measured(feature: str, with_it: str) -> None:
    claim = read_claim(feature, KIND)
    assert not isinstance(claim, str)
    assert str(claim) == feature
    lion, sgd = GOOD_LION.history[0], GOOD_LION.history[-1]
    assert [claim.holds(lion), claim.holds(sgd)] == [with_it == "lion", with_it == "sgd"]


def test_a_note_is_kept_with_its_evidence() -> None:
    (note,), wrong = read_notes(said(), GOOD_LION.history, KIND, 8, "m")
    assert wrong == ()
    assert note.ids == ("c3", "c2")
    assert str(note) == "`uses sign` helps: Bounded. (from program 3 and 2)"
    assert note_of(json.loads(json.dumps(detail(note))), KIND) == note


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Signs help.", "not JSON"),
        (said(programs=[3, 99]), "no program 99"),
        (said(programs=[]), "`programs`"),
        (said(feature="is elegant"), "not of the form"),
        (said(feature="uses softsign"), "no function `softsign`"),
        (said(effect="maybe"), "`effect`"),
        (said(effect="hurts"), "say the opposite"),
    ],
)
def test_what_cannot_be_checked_is_not_kept(text: str, says: str) -> None:
    notes, (wrong,) = read_notes(text, GOOD_LION.history, KIND, 8)
    assert notes == ()
    assert says in wrong


def test_later_results_retire_a_note_and_earlier_ones_do_not() -> None:
    (note,), _ = read_notes(said(), GOOD_LION.history, KIND, 7)
    later = record([0.1, 0.2, 0.3, 0.4], [1.0, 1.1, 1.2, 1.3]).history
    history = [*GOOD_LION.history, *(replace(c, index=c.index + 8) for c in later)]
    assert standing([note], GOOD_LION.history) == [note]
    assert not retired(note, history[:-1])
    assert retired(note, history)
    assert standing([note], history) == []
    shown = replace(GOOD_LION, notes=[note])
    assert f"- noted before: {note}" in prompt(shown, "Go.").messages[1][1]
    assert "noted before" not in prompt(replace(shown, history=history), "Go.").messages[1][1]


def test_notes_are_due_once_for_every_round_number() -> None:
    history = record([float(i) for i in range(2 * EVERY)], [0.0]).history
    found = [n for n in range(len(history) + 1) if due(history[:n])]
    assert found == [EVERY, 2 * EVERY]


def test_a_run_writes_notes_shows_them_and_repeats_them(store: Store) -> None:
    ordinary = by_hash(*GOOD)

    def script(body: dict[str, Any], seen: int) -> Any:
        asked = body["messages"][-1]["content"]
        if "Reply with JSON alone" in asked:
            return said(feature="size > 0", programs=[0, 1], text="Something is needed.")
        return ordinary(body, seen)

    with serving(script) as server:
        first, progress = run(store, config(server, evals=60))
    (event, *_) = [e for e in store.events(first) if e.name == "insight"]
    (note,) = event.detail["notes"]
    assert note["feature"] == "size > 0"
    history = store.history(first)
    assert note["candidates"] == [history[0].id, history[1].id]
    assert any(n.startswith("noted: `size > 0` helps") for n in progress.news)
    calls = store.llm_calls(first)
    assert [c["purpose"] for c in calls].count(f"{event.detail['place']} insight") == 1
    later = [c for c in calls if "noted before" in json.dumps(c["messages"])]
    assert later
    assert all(int(c["purpose"].split()[0]) > event.detail["place"] for c in later)
    again, _ = run(store, config(None, evals=60, replay=first))
    assert lineage(store, again) == lineage(store, first)
    repeated = [e.detail["place"] for e in store.events(again) if e.name == "insight"]
    assert repeated == [e.detail["place"] for e in store.events(first) if e.name == "insight"]
