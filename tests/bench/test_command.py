"""The command: it refuses in a sentence, keeps every answer, and asks nothing twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.peers import __main__, peer, private, trial
from tests.bench.rival import Fake


def run(*words: str) -> Result:
    return CliRunner().invoke(__main__.main, list(words))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    if why := private.refusal():
        pytest.skip(why)
    monkeypatch.setattr(peer, "find", lambda name: Fake())
    monkeypatch.setattr(trial, "LINGER", 0.3)


def test_where_no_network_of_its_own_is_to_be_had_it_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise private.NoPrivacy("No network of loopback alone.")

    monkeypatch.setattr(private, "privately", refuse)
    found = run("--only", "openevolve")
    assert found.exit_code == 1
    assert found.stderr.strip() == "Error: No network of loopback alone."


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(private, "refusal", lambda: "")
    found = run("--only", "openevolve", "--only", "levi", "--cache", str(tmp_path))
    assert found.exit_code == 2
    assert "Not installed: openevolve, levi-evolve. Give --install" in found.stderr


def test_a_file_that_holds_no_answers_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(private, "refusal", lambda: "")
    (tmp_path / "other.json").write_text("[]")
    found = run("--only", "cambrian", "--keep", str(tmp_path / "other.json"))
    assert found.exit_code == 2
    assert "holds no answers" in found.stderr


@pytest.mark.usefixtures("fake")
def test_answers_are_kept_and_not_asked_again(tmp_path: Path) -> None:
    keep = tmp_path / "kept.json"
    words = ("--only", "openevolve", "--question", "same", "--quick", "--keep", str(keep))
    first = run(*words, "--json")
    assert first.exit_code == 0, first.output
    assert first.stderr == "Fake: same\n"
    said = json.loads(first.stdout)
    assert said == json.loads(keep.read_text())
    (answer,) = said["answers"]
    assert (answer["question"], answer["evaluated"], answer["of"]) == ("same", 6, 6)
    second = run(*words)
    assert second.stderr == ""
    assert "6 of 6" in second.stdout


@pytest.mark.usefixtures("fake")
def test_it_begins_no_trial_after_its_time(tmp_path: Path) -> None:
    found = run("--only", "openevolve", "--minutes", "0.000000001")
    assert found.exit_code == 0
    assert "Stopped after 1e-09 minutes" in found.stderr


@pytest.mark.usefixtures("fake")
def test_a_trial_that_breaks_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fake, "command", lambda *_: ["/no/such/program"])
    found = run("--only", "openevolve", "--question", "same", "--quick", "--json")
    (answer,) = json.loads(found.stdout)["answers"]
    assert answer["failed"].startswith("FileNotFoundError: ")
