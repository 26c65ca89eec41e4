"""Workers do not wait for models, and what fills in for them is on record: it repeats, resumes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from evaluators.candidate import Candidate
from runs.config import RunConfig, read_config
from runs.pages.facts import shares
from runs.past import recount
from runs.progress import Progress, Silent
from runs.screen import picture
from runs.seating import FILL_IN, SEATED, Seating, seated_in
from runs.start import config_of, perform, prepare
from runs.stop import Stop
from runs.store import Store
from sandbox.memory import MemorySandbox
from tests.agent.persona import persona
from tests.agent.server import Scripted, serving
from tests.agent.test_runs import KEY, MODEL, by_model, lineage, run
from tests.runs.virtual_time import wind_up

LUCK = str(Path(__file__).parents[1] / "agent" / "luck.py")
SLOWLY = (0.02, 0.15)
"""Seconds within which the scripted model replies, where judging takes next to none."""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def config(server: Scripted | None, **given: Any) -> RunConfig:
    base = server.base if server else "http://127.0.0.1:9/v1"
    plain = {"task": LUCK, "evals": 60, "workers": 2, "recall": False, "models": {MODEL: 1.0}}
    return read_config(**plain | {"api_base": base} | given)


def filled(store: Store, run_id: str) -> list[Candidate]:
    return [c for c in store.history(run_id) if c.origin.fills_in]


def sat(store: Store, run_id: str) -> dict[int, int]:
    return seated_in(store.events(run_id))


# -- where the time goes ---------------------------------------------------------------------------


QUICK, SLOW = (2.0, 8.0), (20.0, 60.0)
"""Seconds within which models reply."""


def timed(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    judging: float,
    replies: tuple[float, float] = QUICK,
    **given: Any,
) -> tuple[float, str]:
    """Run by the clock alone; return the share of idle time, and the run."""
    clock = wind_up(monkeypatch, judging, at_once=4, replies=replies)
    run_id, _ = run(store, config(None, **{"evals": 100, "in_flight": 4, "seed": 1} | given))
    return clock.idle(2), run_id


@pytest.mark.parametrize(
    ("judging", "replies", "waited"),
    [(2.0, QUICK, 0.5), (5.0, QUICK, 0.1), (4.0, SLOW, 0.8), (20.0, SLOW, 0.3)],
)
def test_workers_have_something_to_do_while_models_answer(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    judging: float,
    replies: tuple[float, float],
    waited: float,
) -> None:
    plain = [timed(store, monkeypatch, judging, replies, fill=0.0, seed=seed) for seed in (1, 2)]
    seated = [timed(store, monkeypatch, judging, replies, seed=seed) for seed in range(1, 4)]
    assert fmean(idle for idle, _ in plain) > waited
    assert fmean(idle for idle, _ in seated) < 0.06
    for _, run_id in plain:
        assert not filled(store, run_id)
        assert store.run(run_id).evaluations == 100
    for _, run_id in seated:
        assert filled(store, run_id)
        assert by_model(store.history(run_id))
        assert store.run(run_id).evaluations == 100


@pytest.mark.parametrize("seed", range(3))
def test_a_run_does_not_wait_long_at_its_end(
    store: Store, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    idle, run_id = timed(store, monkeypatch, 4.0, SLOW, evals=200, seed=seed)
    draws = sorted(who for who in sat(store, run_id).values() if who != FILL_IN)
    assert idle < 0.06
    assert draws[-1] - len(draws) <= 6, "nobody is asked in vain but the last who were awaited"


def test_fill_ins_take_no_place_that_a_model_was_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With this seed no model is still awaited when the run has made its evaluations.
    _, run_id = timed(store, monkeypatch, 0.2, fill=3.0, seed=3)
    history, places = store.history(run_id), sat(store, run_id)
    draws = [who for _, who in sorted(places.items()) if who != FILL_IN]
    assert sorted(draws) == list(range(1, len(draws) + 1)), "all that were asked got a place"
    assert draws != sorted(draws), "nobody was ever overtaken: the test proves nothing"
    assert len(filled(store, run_id)) <= 3 * (len(draws) + 1)
    assert len(by_model(history)) >= len(draws) // 2, "fill-ins count as places of evolution"


def test_a_smaller_share_may_fill_in(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _, run_id = timed(store, monkeypatch, 0.2, fill=0.5)
    asked = len(store.history(run_id)) - 1 - len(filled(store, run_id))
    assert 0 < len(filled(store, run_id)) <= 0.5 * asked + 1


def test_a_team_in_which_all_ask_models_has_nobody_to_fill_in(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = wind_up(monkeypatch, 2.0, at_once=4)
    run_id, _ = run(store, config(None, proposers={"rewrite": 1.0}))
    assert not filled(store, run_id)
    assert clock.idle(2) > 0.1


def told(store: Store, run_id: str) -> list[str]:
    said = [str(e.detail["message"]) for e in store.events(run_id) if e.name == "model"]
    return [text for text in said if "filled in" in text]


def test_a_run_says_once_that_its_models_are_too_slow_for_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run_id = timed(store, monkeypatch, 1.0, SLOW, evals=200)
    (text,) = told(store, run_id)
    assert re.match(r"answers take up to \d+ s: \d+ of \d+ places were filled in", text)
    _, run_id = timed(store, monkeypatch, 5.0)
    assert not told(store, run_id)


# -- what is on record -----------------------------------------------------------------------------


def test_without_models_nobody_is_written_down(store: Store) -> None:
    run_id, _ = run(store, read_config(task=LUCK, evals=20, workers=2, recall=False))
    assert config_of(store.run(run_id)).window == config_of(store.run(run_id)).lookahead
    assert not [e for e in store.events(run_id) if e.name == SEATED]


def test_a_run_with_fill_ins_is_repeated_from_its_record(store: Store) -> None:
    with serving(persona(after=SLOWLY)) as server:
        first, _ = run(store, config(server))
    draws = [who for _, who in sorted(sat(store, first).items()) if who != FILL_IN]
    assert len(filled(store, first)) > 5
    assert draws != sorted(draws), "nobody was ever overtaken: the test proves nothing"
    again, _ = run(store, config(None, replay=first, workers=4))
    assert lineage(store, again) == lineage(store, first)
    assert sat(store, again) == sat(store, first)
    third, _ = run(store, config(None, replay=again, workers=1, in_flight=1))
    assert lineage(store, third) == lineage(store, first)


class Interrupting(Silent):
    """Stop a run at once after so many candidates."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.ask: Stop | None = None

    def show(self, candidate: Candidate, progress: Progress) -> None:
        if progress.tried == self.after and self.ask is not None:
            self.ask()
            self.ask()


def test_a_run_that_was_stopped_goes_on_with_the_places_it_gave(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(persona(after=SLOWLY)) as server:
        settings = config(server)
        prepared = prepare(store, settings, MemorySandbox())
        run_id, display = prepared.run.id, Interrupting(25)

        def remembered(close: Any) -> Stop:
            display.ask = Stop(close)
            return display.ask

        monkeypatch.setattr("runs.start.Stop", remembered)
        assert perform(prepared, display)[0] == "stopped"
        monkeypatch.undo()
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        given, before = sat(store, run_id), lineage(store, run_id)
        run(store, settings, resume=run_id)
    assert {place: sat(store, run_id)[place] for place in given} == given
    assert [row for row in lineage(store, run_id) if row[0] in {b[0] for b in before}] == before
    assert store.run(run_id).evaluations == 60
    again, _ = run(store, config(None, replay=run_id))
    assert lineage(store, again) == lineage(store, run_id)


@pytest.mark.parametrize(("evals", "kept"), [(60, 0), (5, 1)])
def test_places_that_a_kill_lost_are_filled_by_whom_they_were_given_to(
    store: Store, evals: int, kept: int
) -> None:
    """Of those that are lost, none comes after the last candidate that is kept."""
    with serving(persona(after=SLOWLY)) as server:
        run_id, _ = run(store, config(server))
        whole, asked = lineage(store, run_id), len(server.requests)
        last = store.history(run_id)[-10:]
        needed = {p for c in last for p in c.origin.parents} | {c.duplicate_of for c in last}
        lost = [c.id for c in last[: len(last) - kept] if c.id not in needed][::2]
        assert lost
        for id_ in lost:
            for table, column in (
                ("evaluation", "candidate"),
                ("parent", "child"),
                ("candidate", "id"),
            ):
                store.execute(f"DELETE FROM {table} WHERE {column} = ?", id_)
        run(store, config(server, evals=evals), resume=run_id)
        assert len(server.requests) == asked, "no answer is paid for twice"
    assert store.run(run_id).state == "done"
    assert lineage(store, run_id) == whole


def test_a_run_of_before_there_were_fill_ins_goes_on_without(store: Store) -> None:
    old = config(None).model_dump(mode="json")
    del old["fill"], old["window"]
    made = store.create_run(LUCK, "optimizer", 0, old, "t", "cpu", "p", {})
    found = config_of(made)
    assert not found.fills
    assert found.window == found.lookahead == 16


def test_dollars_are_no_more_than_allowed_with_fill_ins(store: Store) -> None:
    with serving(persona(after=SLOWLY)) as server:
        run_id, _ = run(store, config(server, usd=0.02))
    assert filled(store, run_id)
    assert 0 < store.run(run_id).usd <= 0.02


# -- what is shown ---------------------------------------------------------------------------------


def test_fill_ins_have_a_row_of_their_own(store: Store) -> None:
    with serving(persona(after=SLOWLY)) as server:
        run_id, progress = run(store, config(server))
    count = len(filled(store, run_id))
    assert progress.filled_in == progress.tallies["evolution (fill)"].tried == count
    shown = "\n".join(line.plain for line in picture(progress, 80, 40))
    assert f"evolution (fill)  {count:>5}" in shown
    assert {s.name: s.tried for s in shares(store, run_id)}["evolution (fill)"] == count
    later = Progress(run_id, config(None), "luck", "adamw")
    recount(store, run_id, len(store.history(run_id)), later)
    assert later.filled_in == count
    shown_later, shown_before = (
        {name: replace(tally, usd=round(tally.usd, 9)) for name, tally in each.tallies.items()}
        for each in (later, progress)  # dollars are summed in another order
    )
    assert shown_later == shown_before, "a resumed run shows what it showed before"


# -- who is next -----------------------------------------------------------------------------------


def test_in_turn_every_draw_has_the_place_of_its_number() -> None:
    seating = Seating(read_config(task="t", workers=1), seeds=2, given={})
    seating.advance(40)
    assert seating.first == 40
    assert [seating.known_to(draw) for draw in (0, 1, 2, 17, 18, 40)] == [0, 0, 2, 2, 3, 25]


def test_what_a_draw_may_know_follows_from_who_got_which_place() -> None:
    settings = read_config(task="t", workers=2, models={"m": 1.0}, in_flight=2)
    assert (settings.lookahead, settings.window) == (16, 4)
    given = {1: FILL_IN, 2: 2, 3: FILL_IN, 4: 1, 5: 4, **dict.fromkeys(range(6, 20), FILL_IN)}
    seating = Seating(settings, seeds=1, given=given)
    seating.advance(20)
    assert seating.first == 3
    assert seating.gone(4)
    assert not seating.gone(3)
    assert list(seating.places) == [0, 2, 4, 5]
    assert seating.filled == 16
    # Draw 7 may know what was settled twelve places before that of the fourth draw.
    assert seating.known_to(7) == 1
    assert seating.known_to(8) is None, "the fifth draw has no place yet"
    seating.give(20, 3)
    seating.advance(21)
    assert seating.first == 5
    assert seating.known_to(8) == 20 + 1 - 12
    assert seating.known_to_fill_in(30) == 15


def test_no_more_fill_in_than_may_for_each_that_is_asked_for() -> None:
    settings = read_config(task="t", workers=2, models={"m": 1.0}, fill=2.0)
    seating = Seating(settings, seeds=1, given=dict.fromkeys(range(1, 8), FILL_IN))
    assert not seating.may_fill_in(awaited=0)
    assert seating.may_fill_in(awaited=4)
    seating.advance(8)
    assert seating.filled == 7
    assert seating.may_fill_in(awaited=4)
    assert not seating.may_fill_in(awaited=3), "two for each that is asked for"
