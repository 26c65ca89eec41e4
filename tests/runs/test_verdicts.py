"""`cambrian verify` and `cambrian funnel` as their users meet them."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from evaluators.candidate import APART
from programs.errors import InputError
from programs.load import library
from runs.cli import cambrian as entry
from runs.store import Store
from tests.runs.samples import candidate, new_run
from tests.runs.test_cli import TESTS, TOY, cambrian

FAR = str(TESTS / "far_toy.py")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verdicts")
    done = cambrian("run", TOY, "--evals", "12", "--seed", "3", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def best(home: Path) -> str:
    return json.loads(cambrian("top", "--json", cwd=home).stdout)[0]["id"]


def test_verify_judges_beside_every_baseline_and_keeps_the_verdict(home: Path, best: str) -> None:
    done = cambrian("verify", best, "--tasks", FAR, "--seeds", "4", "--json", cwd=home)
    assert done.returncode == 0, done.stderr
    assert "programs on 2 tasks" in done.stderr
    verdict = json.loads(done.stdout)
    assert [table["task"] for table in verdict["tasks"]] == ["toy", "far-toy"]
    names = {s["name"] for s in verdict["tasks"][0]["standings"]}
    known = set(library("optimizer"))
    assert {"adamw", "lion", "muon", "sgd"} <= names
    assert len(names & known) >= len(known) - 4  # some of the library do the same as others
    gain = next(s for s in verdict["tasks"][0]["standings"] if s["name"] == "sgd")["gain"]
    assert {"mean", "low", "high", "p", "corrected", "outcome"} <= set(gain)
    assert verdict["sentence"].startswith(best[:6])
    with Store.open(home / "cambrian.db", create=False) as store:
        kept = store.verdict(best)
    assert kept is not None
    assert kept.sentence == verdict["sentence"]
    assert kept.detail == verdict
    assert verdict["sentence"] in cambrian("show", best, "--json", cwd=home).stdout
    exported = cambrian("export", best, cwd=home).stdout
    assert "tasks that search never saw" in " ".join(exported.replace("#", " ").split())


def test_a_quick_verdict_has_one_table_that_fits_the_screen(home: Path, best: str) -> None:
    done = cambrian("verify", best[:6], "--quick", cwd=home, env={"COLUMNS": "80"})
    assert done.returncode == 0, done.stderr
    assert "versus" not in done.stdout
    assert "tuned adamw on toy" in " ".join(done.stdout.split())
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_a_funnel_is_shown_and_says_what_it_trains(home: Path) -> None:
    (run,) = json.loads(cambrian("runs", "--json", cwd=home).stdout)
    asked = ("funnel", run["id"], "--stages", f"{FAR}:10", "--top", "2")
    shown = cambrian(*asked, cwd=home, env={"COLUMNS": "80"})
    assert shown.returncode == 0, shown.stderr
    assert "10 times the search's cost" in " ".join(shown.stderr.split())
    assert "better than tuned adamw on toy" in " ".join(shown.stdout.split())


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["verify", "{best}", "--tasks", "digitz"], "Did you mean `digits`"),
        (["verify", "{best}", "--seeds", "1"], "x>=2|range"),
        (["verify", "nobody"], "nobody"),
        (["funnel", "nowhere"], "nowhere"),
        (["funnel", "{run}"], "--stages"),
        (["funnel", "{run}", "--stages", "toy.py:x"], "toy.py:x"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(
    home: Path, best: str, args: list[str], said: str
) -> None:
    with Store.open(home / "cambrian.db", create=False) as store:
        run = store.runs()[0].id
    given = [*(a.format(best=best, run=run) for a in args), "--db", str(home / "cambrian.db")]
    with pytest.raises((InputError, click.UsageError), match=said):
        entry.main(given, standalone_mode=False)


@pytest.mark.parametrize("tier", APART)
def test_what_is_ranked_apart_gets_no_verdict(store: Store, tier: str) -> None:
    run = new_run(store)
    store.record(run.id, apart := candidate(run.id, 0, -0.1, tier=tier))
    with pytest.raises(InputError, match=f"judged as `{tier}`: its score is ranked apart"):
        entry.main(["verify", apart.id, "--db", str(store.path)], standalone_mode=False)
