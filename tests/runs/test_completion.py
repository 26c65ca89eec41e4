"""What the shell is offered."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from click.shell_completion import CompletionItem, ShellComplete
from click.testing import CliRunner

from evaluators.task import TASKS
from programs.named import builtin_kinds
from runs.cli import COMMANDS, COMPLETING, cambrian
from runs.filling import fill
from runs.store import Store
from tests.runs.samples import send_up


@pytest.fixture(autouse=True)
def asking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(COMPLETING, "bash_complete")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("CAMBRIAN_DB", raising=False)
    monkeypatch.chdir(tmp_path)


def offered(*line: str) -> list[CompletionItem]:
    *args, incomplete = line
    shell = ShellComplete(cambrian, {}, "cambrian", COMPLETING)
    return shell.get_completions(args, incomplete)


def words(*line: str) -> list[str]:
    return [item.value for item in offered(*line) if item.type == "plain"]


def test_commands_and_options_are_offered() -> None:
    assert set(words("")) == set(COMMANDS)
    assert words("com") == ["completion"]
    assert set(words("db", "")) == {"check", "compact", "export", "merge", "backup"}
    assert words("run", "digits", "--resu") == ["--resume"]
    assert words("run", "--display", "p") == ["plain"]


def test_tasks_are_offered_and_else_files() -> None:
    assert words("run", "") == list(TASKS.names())
    assert words("eval", "x.py", "--task", "dig") == [n for n in TASKS.names() if n[:3] == "dig"]
    assert [item.type for item in offered("run", "./my")] == ["file"]


@pytest.mark.parametrize("command", ["run", "top", "tasks", "library", "check"])
def test_kinds_are_offered(command: str) -> None:
    assert set(words(command, "--kind", "")) == set(builtin_kinds())
    assert words(command, "--kind", "sch") == ["schedule"]


@pytest.mark.parametrize("command", ["export", "show", "eval", "hash", "simplify", "diff"])
def test_programs_of_the_library_are_offered_once_something_is_typed(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert {"lion", "lion_raw"} <= set(words(command, "lio"))
    assert "lion" not in words(command, "")


@pytest.mark.parametrize("how", ["flag", "environment", "file"])
def test_ids_come_from_the_database_of_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path = tmp_path / "some.db"
    with Store.open(path) as store:
        (run,) = fill(store, 60, 1, np.random.default_rng(0), together=60)
        best = [row.id for row in store.top(limit=60)]
        every = {each.id for each in store.history(run)}
    flag = ["--db", str(path)] if how == "flag" else []
    if how == "environment":
        monkeypatch.setenv("CAMBRIAN_DB", str(path))
    elif how == "file":
        (tmp_path / "cambrian.toml").write_text('db = "some.db"\n')
    assert set(best[:10]) <= set(words("lineage", *flag, ""))
    assert set(words("lineage", *flag, best[0][:3])) == {i for i in every if i[:3] == best[0][:3]}
    assert words("run", *flag, "--resume", "") == [run]
    assert words("top", *flag, run[:3]) == [run]
    assert set(words("diff", *flag, "x.py", best[0][:5])) == {best[0]}


def test_the_best_are_offered_by_rung_then_score(tmp_path: Path) -> None:
    with Store.open(tmp_path / "cambrian.db") as store:
        (run,) = fill(store, 200, 1, np.random.default_rng(0), together=200)
        send_up(store, run)
        best = store.top(limit=1)[0]
    offer = offered("show", "")[0]
    assert (offer.value, best.rung) == (best.id, 1)
    assert (offer.help or "").startswith(f"{best.score}")


@pytest.mark.parametrize("amiss", ["absent", "text", "settings"])
def test_nothing_is_offered_where_there_is_nothing(tmp_path: Path, amiss: str) -> None:
    if amiss == "text":
        (tmp_path / "cambrian.db").write_text("no database " * 99)
    elif amiss == "settings":
        (tmp_path / "cambrian.toml").write_text("db = [")
    assert words("lineage", "a") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_us(monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.delenv(COMPLETING)
    done = CliRunner().invoke(cambrian, ["completion", shell], catch_exceptions=False)
    assert f"{COMPLETING}={shell}_complete" in done.stdout
    assert isinstance(CliRunner().invoke(cambrian, ["completion", "tcsh"]).exception, SystemExit)
    assert isinstance(cambrian, click.Group)


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_is_offered_whole_sentences_in_our_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(COMPLETING)
    with Store.open(tmp_path / "cambrian.db") as store:
        fill(store, 60, 1, np.random.default_rng(0), together=60)
        best = [row.id for row in store.top(limit=3)]
    script = CliRunner().invoke(cambrian, ["completion", "fish"]).output
    (tmp_path / "cambrian.fish").write_text(script)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")

    def typed(line: str) -> list[str]:
        asked = f"source cambrian.fish; complete --do-complete '{line}'"
        done = subprocess.run(["fish", "-c", asked], capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    assert any("live on a terminal, else" in line for line in typed("cambrian run digits --disp"))
    assert [line.partition("\t")[0] for line in typed("cambrian show ")[:3]] == best


def test_zsh_is_told_to_keep_our_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(COMPLETING)
    script = CliRunner().invoke(cambrian, ["completion", "zsh"]).output
    assert "completions_with_descriptions -U -V unsorted\n" in script
