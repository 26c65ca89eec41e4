"""What models were asked and noted can be read off the record, by candidate and by run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from runs.asked import asked_for, noted_in, told
from runs.cli import cambrian
from runs.config import read_config
from runs.detail import as_dict, as_screen, detail
from runs.pages.report import report_page
from runs.progress import Progress, Silent
from runs.record import NOTES
from runs.start import perform, prepare
from runs.store import Store
from runs.weighing import EVERY, PORTFOLIO, WAITING
from sandbox.memory import MemorySandbox
from tests.agent.persona import persona
from tests.agent.server import serving

TASK = str(Path(__file__).parents[1] / "agent" / "luck.py")
MODEL = "openai/desk"
TEAM = {"evolution": 4.0, "rewrite": 1.0, "diff": 1.0, "llambo:warm,initial=6": 2.0}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str, Progress]]:
    """Search with a scripted model for long enough that notes are written, and read by others."""
    with (
        Store.open(tmp_path_factory.mktemp("asked") / "cambrian.db") as store,
        serving(persona()) as server,
    ):
        asked = {"models": {MODEL: 1.0}, "proposers": TEAM, "api_base": server.base}
        given = {"task": TASK, "evals": 52, "workers": 2, "seed": 9, "lookahead": 8}
        given["fill"] = 0.0  # or so many places are filled in that few are asked for
        prepared = prepare(store, read_config(**given, **asked), MemorySandbox())
        _, progress = perform(prepared, Silent())
        yield store, prepared.run.id, progress


def test_a_candidates_calls_are_those_of_its_place(searched: tuple[Store, str, Progress]) -> None:
    store, run_id, _ = searched
    calls = 0
    for candidate in store.history(run_id):
        asked = asked_for(store, candidate)
        counted = candidate.origin.usage.get("calls", 0)
        assert len(asked) >= counted, "what places share is counted in parts"
        assert bool(asked) == bool(counted)
        own = [call for call in asked if call.purpose.startswith(f"{candidate.origin.seed[1]} ")]
        shared = [call for call in asked if call.purpose.endswith("warm start")]
        assert len(own) + len(shared) == len(asked)
        calls += len(own)
    everything = store.llm_calls(run_id)
    assert calls == sum(not c["purpose"].endswith("warm start") for c in everything)
    started = [
        c.id for c in store.history(run_id) if c.origin.operator == "warm start" and c.origin.model
    ]
    assert started
    sql = "SELECT candidate FROM asked WHERE purpose LIKE '% warm start' ORDER BY candidate"
    assert [row["candidate"] for row in store.rows(sql)] == sorted(started)


def test_notes_are_shown_with_what_they_cite_and_who_was_told(
    searched: tuple[Store, str, Progress],
) -> None:
    store, run_id, _ = searched
    run, history = store.run(run_id), store.history(run_id)
    notes = noted_in(store, run)
    assert notes
    assert all(n.text.startswith("`uses sign` helps: why") for n in notes)
    first = history[0]
    assert noted_in(store, run, first.id) == notes
    later = [c for c in history if told(asked_for(store, c))]
    assert later
    # The same note may be written again later; `notes` has it once, as it was written last.
    written = [e for e in store.events(run_id) if e.name == NOTES]
    assert min(c.index for c in later) > min(n["place"] for n in written[0].detail["notes"])
    shown = StringIO()
    Console(file=shown, width=200).print(as_screen(detail(store, first.id), 200))
    both = f"{first.id[:6]} and {history[1].id[:6]}"
    assert f"`uses sign` helps: why (from {both}) · by {MODEL} at place" in shown.getvalue()
    found = as_dict(detail(store, later[0].id))
    (line,) = found["told"]
    assert line.startswith("`uses sign` helps: why (noted from program 0 (")
    assert found["calls"][0]["purpose"].startswith(f"{later[0].origin.seed[1]} ")
    assert found["notes"] == []


def test_top_and_the_report_show_the_notes_of_a_run(searched: tuple[Store, str, Progress]) -> None:
    store, run_id, _ = searched
    line = ["top", run_id, "--db", str(store.path)]
    done = CliRunner().invoke(cambrian, line, catch_exceptions=False)
    cited = " and ".join(c.id[:6] for c in store.history(run_id)[:2])
    assert f"`uses sign` helps: why (from {cited})" in done.stdout
    as_json = CliRunner().invoke(cambrian, [*line, "--json"], catch_exceptions=False)
    assert json.loads(as_json.stdout)
    page = report_page(store, run_id)
    assert "What models noted" in page
    assert "chance of the next place" in page
    assert "Workers had nothing to do for" in page
    assert page.count("<td>rewrite</td>") == 1, "one line a purpose, whatever the place"


def test_the_portfolios_reasons_are_kept_as_it_goes(searched: tuple[Store, str, Progress]) -> None:
    store, run_id, progress = searched
    events = store.events(run_id)
    kept = [e.detail for e in events if e.name == PORTFOLIO]
    assert len(kept) >= len(store.history(run_id)) // EVERY
    for each in kept:
        assert sum(arm["share"] for arm in each["arms"]) == pytest.approx(1.0)
        assert {(a["proposer"], a["model"]) for a in each["arms"]} == {
            (name, MODEL if name != "evolution" else "") for name in TEAM
        }
    assert set(progress.chances) == {"evolution", *(f"{n} · {MODEL}" for n in list(TEAM)[1:])}
    (waited,) = [e.detail for e in events if e.name == WAITING]
    assert 0 <= waited["idle"] <= waited["seconds"]
