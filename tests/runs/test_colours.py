"""Tables keep to the width and the colours that the environment asks for."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from runs.cli import cambrian
from runs.filling import fill
from runs.store import Store

LINES = (["top"], ["runs"], ["config"], ["db", "check"], ["sql", "SELECT * FROM spend"])
COLOUR = re.compile(r"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38)[;m]")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path / "cambrian.db") as store:
        fill(store, 60, 2, np.random.default_rng(0), together=60)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "CAMBRIAN_DB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.chdir(tmp_path)


def shown(line: list[str]) -> str:
    done = CliRunner().invoke(cambrian, line, catch_exceptions=False, color=True)
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_no_escapes_off_a_terminal(line: list[str]) -> None:
    assert "\x1b" not in shown(line)


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_colours_are_forced_and_forbidden(line: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in shown(line)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOUR.search(shown(line))


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_tables_keep_to_the_width(
    line: list[str], columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = shown(line).splitlines()
    assert lines
    assert max(map(len, lines)) <= columns
