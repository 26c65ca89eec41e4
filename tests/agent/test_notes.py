"""Notes by models are claims with evidence, checked when written, retired when refuted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from agent.claims import read_claim
from agent.notes import (
    EVERY,
    asked,
    borne_out,
    detail,
    due,
    note_of,
    read_notes,
    retired,
    standing,
)
from agent.prompts import prompt
from programs.load import kind_named
from runs.store import Store
from tests.agent.replies import GOOD
from tests.agent.server import by_hash, serving
from tests.agent.test_insights import record
from tests.agent.test_runs import config, key, lineage, run

__all__ = ["key"]
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
        (said(feature="uses tanh"), "no program so far has `uses tanh`"),
        (said(feature="size > 0"), "every program so far has `size > 0`"),
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
    line = prompt(shown, "Go.").messages[1][1].partition("- noted before: ")[2].partition("\n")[0]
    assert line == (
        "`uses sign` helps: Bounded. (noted from program 3 (1.3000) and program 2 (1.2000); since "
        "then 0 with it and 0 without; all 8 so far speak for it (|t| = 5.1))"
    )
    assert "noted before" not in prompt(replace(shown, history=history), "Go.").messages[1][1]


def test_notes_are_due_once_for_every_round_number() -> None:
    history = record([float(i) for i in range(2 * EVERY)], [0.0]).history
    found = [n for n in range(len(history) + 1) if due(history[:n])]
    assert found == [EVERY, 2 * EVERY]
    every_third = [n for n in range(3, len(history) + 1, 3) if due(history[:n], fresh=3)]
    assert every_third == [21], "the round number was passed, and the next is not reached"
    assert not due(history[:EVERY], fresh=0)


def test_a_run_writes_notes_shows_them_and_repeats_them(store: Store) -> None:
    ordinary = by_hash(*GOOD)

    def script(body: dict[str, Any], seen: int) -> Any:
        asked = body["messages"][-1]["content"]
        if "Reply with JSON alone" in asked:
            return said(feature="size > 8", programs=[0, 1], text="Something is needed.")
        return ordinary(body, seen)

    with serving(script) as server:
        first, progress = run(store, config(server, evals=60, fill=0.0))
    (event, *_) = [e for e in store.events(first) if e.name == "insight"]
    (note,) = event.detail["notes"]
    assert note["feature"] == "size > 8"
    history = store.history(first)
    assert note["candidates"] == [history[0].id, history[1].id]
    assert any(n.startswith("noted: `size > 8` helps") for n in progress.news)
    calls = store.llm_calls(first)
    assert [c["purpose"] for c in calls].count(f"{event.detail['place']} insight") == 1
    later = [c for c in calls if "noted before" in json.dumps(c["messages"])]
    assert later
    assert all(int(c["purpose"].split()[0]) > event.detail["place"] for c in later)
    again, _ = run(store, config(None, evals=60, replay=first))
    assert lineage(store, again) == lineage(store, first)
    repeated = [e.detail["place"] for e in store.events(again) if e.name == "insight"]
    assert repeated == [e.detail["place"] for e in store.events(first) if e.name == "insight"]


def test_a_note_that_all_results_lean_against_is_not_shown() -> None:
    (note,), _ = read_notes(said(), GOOD_LION.history, KIND, 8)
    mixed = record([1.0, 0.1, 0.2, 0.3], [0.9, 0.15, 0.25, 0.35]).history
    assert borne_out([note], GOOD_LION.history) == [note]
    assert standing([note], mixed) == [note], "nothing refutes it yet"
    assert borne_out([note], mixed) == []


@pytest.mark.parametrize(
    ("feature", "reads_as"),
    [("uses **", "uses pow"), ("* constant < 0.05", "mul constant < 0.05"), ("reads w", "reads w")],
)
def test_claims_may_name_operators_and_inputs(feature: str, reads_as: str) -> None:
    claim = read_claim(feature, KIND)
    assert not isinstance(claim, str)
    assert str(claim) == reads_as
    assert read_claim("reads q", KIND) == "there is no input `q`"
    lion, sgd = GOOD_LION.history[0], GOOD_LION.history[-1]
    decays = read_claim("reads w", KIND)
    assert not isinstance(decays, str)
    assert [decays.holds(lion), decays.holds(sgd)] == [True, False]


def test_the_request_for_notes_says_how_programs_were_made() -> None:
    made = [replace(c, origin=replace(c.origin, operator="edit")) for c in GOOD_LION.history]
    assert "was made: `edit`;" in asked(made)
    assert '{"notes": [{"feature"' in asked(made)
    assert "was made: none yet;" in asked([])
