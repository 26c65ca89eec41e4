"""Settings: which of several places counts, where a value is from, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from programs.errors import InputError
from runs import discover
from runs.cli import COMMANDS, cambrian
from runs.commands.run import command as run_command
from runs.config import RunConfig
from runs.defaults import EVERYWHERE, flag_of
from runs.settings import Settings, given, merged

NOT_SETTINGS = {"continue", "detach", "resume", "unsafe_no_sandbox"}
"""Flags that name one run, or give up all safety, are for one command line."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, as a user without settings."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CAMBRIAN_{name.upper()}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "cambrian").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mine(folder: Path, text: str) -> None:
    (folder / "home" / "cambrian" / "config.toml").write_text(text)


def ours(folder: Path, text: str) -> None:
    (folder / "cambrian.toml").write_text(text)


def test_every_option_of_run_is_a_setting() -> None:
    flags = {flag_of(p) for p in run_command.params if isinstance(p, click.Option)}
    assert flags - NOT_SETTINGS == set(Settings.model_fields)
    assert set(Settings.model_fields) >= EVERYWHERE


def test_the_nearest_place_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine(folder, "evals = 1\nhours = 1\nseed = 1\nworkers = 1\n")
    ours(folder, "evals = 2\nhours = 2\nseed = 2\n")
    monkeypatch.setenv("CAMBRIAN_EVALS", "3")
    monkeypatch.setenv("CAMBRIAN_HOURS", "3")
    found = {name: (s.value, Path(s.origin).name) for name, s in given().items()}
    assert found == {
        "workers": (1, "config.toml"),
        "seed": (2, "cambrian.toml"),
        "hours": (3.0, "CAMBRIAN_HOURS"),
        "evals": (3, "CAMBRIAN_EVALS"),
    }
    whole = merged()
    assert set(whole) == set(Settings.model_fields)
    assert (whole["device"].value, whole["device"].origin) == ("cpu", "default")
    assert whole["proposer"].value == ["evolution:1"]


def told(monkeypatch: pytest.MonkeyPatch, *line: str) -> tuple[RunConfig, Path, str | None]:
    """Return what `cambrian run` would do."""
    seen: list[Any] = []

    def catch(config: RunConfig, db: Path, display: str | None, *_: Any, **__: Any) -> int:
        seen.append((config, db, display))
        return 0

    monkeypatch.setattr(discover, "discover", catch)
    done = CliRunner().invoke(cambrian, ["run", *line], catch_exceptions=False)
    assert done.exit_code == 0
    return seen[0]


def test_settings_reach_a_run_and_flags_come_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours(
        folder,
        'evals = 7\nseed = 5\nfresh = true\ndb = "here.db"\ndisplay = "none"\n'
        'model = ["a/b", "c:0.5"]\nproposer = "evolution:2 llambo"\napi_base = "http://x:1"\n',
    )
    config, db, display = told(monkeypatch, "digits", "--seed", "6")
    assert (config.evals, config.seed, config.recall) == (7, 6, False)
    assert config.models == {"a/b": 1.0, "c": 0.5}
    assert config.proposers == {"evolution": 2.0, "llambo": 1.0}
    assert (config.api_base, db, display) == ("http://x:1", Path("here.db"), "none")
    monkeypatch.setenv("CAMBRIAN_DB", "there.db")
    assert told(monkeypatch, "digits")[1] == Path("there.db")
    assert told(monkeypatch, "digits", "--db", "mine.db")[1] == Path("mine.db")


def test_a_resumed_run_keeps_its_own_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours(folder, "evals = 7\nusd = 3\n")
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(discover, "go_on", lambda *_, **budget: seen.append(budget) or 0)
    for line in ([], ["--hours", "2"]):
        CliRunner().invoke(cambrian, ["run", "--resume", "abc", *line], catch_exceptions=False)
    assert [{k: v for k, v in each.items() if k not in ("unsafe", "ready")} for each in seen] == [
        {},
        {"hours": 2.0},
    ]


def test_all_commands_take_the_database_from_settings(folder: Path) -> None:
    ours(folder, 'db = "nowhere.db"\nevals = 3\n')
    for line in (["top"], ["db", "check"], ["sql", "SELECT 1"], ["show", "abc"]):
        done = CliRunner().invoke(cambrian, line)
        assert "nowhere.db" in str(done.exception)


WRONG = {
    "evalz = 1": "cambrian.toml: there is no setting `evalz`: did you mean `evals`",
    "api-base = 'x'": "did you mean `api_base`",
    "nonsense = 1": "there are kind, evals, hours",
    "evals = 'many'": "cambrian.toml: `evals` is wrong",
    "evals = 0": "greater than or equal to 1, not 0",
    "[evals]\na = 1": "`evals` is wrong",
    "device = 'tpu'": "`device` is wrong",
    "display = 'loud'": "`display` is wrong",
    "evals = ": "cambrian.toml is not TOML",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_in_a_file_is_said_with_its_place(folder: Path, text: str) -> None:
    ours(folder, text)
    with pytest.raises(InputError) as caught:
        given()
    assert WRONG[text] in str(caught.value)
    assert "not" not in CliRunner().invoke(cambrian, ["top", "--help"]).stderr


def test_a_folder_in_the_place_of_settings_is_said(folder: Path) -> None:
    (folder / "cambrian.toml").mkdir()
    with pytest.raises(InputError, match=r"cambrian\.toml is no file"):
        given()
    assert "is no file" in str(CliRunner().invoke(cambrian, ["runs"]).exception)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("CAMBRIAN_EVALS", "many", "CAMBRIAN_EVALS: `evals` is wrong"),
        ("CAMBRIAN_WORKER", "2", "did you mean CAMBRIAN_WORKERS"),
    ],
)
def test_what_is_wrong_in_the_environment_is_said(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=says):
        given()


def test_other_variables_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMBRIAN_SOMEBODY_ELSES", "1")
    monkeypatch.setenv("CAMBRIAN_EVALS", "")
    assert given() == {}


def test_config_prints_each_value_and_where_it_is_from(folder: Path) -> None:
    ours(folder, "evals = 9\n")
    done = CliRunner().invoke(cambrian, ["config", "--json"], catch_exceptions=False)
    found = json.loads(done.stdout)
    assert found["evals"] == {"value": 9, "from": "cambrian.toml"}
    assert found["seed"] == {"value": 0, "from": "default"}
    lines = CliRunner().invoke(cambrian, ["config"]).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(Settings.model_fields)


def test_config_is_a_command() -> None:
    assert {"config", "completion", "sql", "db"} <= set(COMMANDS)
