"""`cambrian doctor` says each thing when it is known, not when all is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from programs.errors import SandboxUnavailable
from runs import doctor
from runs.cli import cambrian


def test_what_is_known_at_once_does_not_wait_for_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[bool] = []

    class Never:
        def __init__(self, *_: object, **__: object) -> None:
            started.append(True)
            raise SandboxUnavailable("no sandbox today")

    monkeypatch.setattr(doctor, "ProcessSandbox", Never)
    lines = doctor.examine(tmp_path / "cambrian.db")
    assert [next(lines)[0] for _ in range(3)] == ["versions", "system", "workers"]
    assert not started
    assert dict(lines).keys() == {"isolation", "devices", "database"}
    assert started


def test_lines_come_one_by_one_and_json_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"versions": {"cambrian": "0"}, "isolation by landlock": "not here: no [bold]kernel[/]"}
    monkeypatch.setattr(doctor, "examine", lambda _: iter(found.items()))
    text = CliRunner().invoke(cambrian, ["doctor"]).stdout
    assert "cambrian 0" in text
    assert "no [bold]kernel[/]" in text
    assert json.loads(CliRunner().invoke(cambrian, ["doctor", "--json"]).stdout) == found
