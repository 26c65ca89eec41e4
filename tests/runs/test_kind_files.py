"""A kind of a file, where commands take one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.programs.test_plugin_kind import LOSS
from tests.runs.test_cli import cambrian


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder with a kind and two programs of it that do the same."""
    (tmp_path / "loss.py").write_text(LOSS)
    (tmp_path / "one.py").write_text("def loss(p, y):\n    return square(p - y)\n")
    (tmp_path / "same.py").write_text("def loss(p, y):\n    return (y - p) * (y - p)\n")
    return tmp_path


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("library", "--kind", "./loss.py"), "The library has no program of kind loss."),
        (("tasks", "--kind", "./loss.py"), "No task judges programs of kind loss."),
    ],
)
def test_a_listing_says_that_there_is_nothing(home: Path, args: tuple[str, ...], told: str) -> None:
    done = cambrian(*args, cwd=home)
    assert (done.returncode, done.stdout) == (0, "")
    assert told in done.stderr
    assert json.loads(cambrian(*args, "--json", cwd=home).stdout) == []


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("library", "adamw", "--kind", "./loss.py"), "The library has no `adamw` of kind loss."),
        (("tasks", "digits", "--kind", "./loss.py"), "or architecture, not loss."),
    ],
)
def test_what_a_kind_has_not_is_refused(home: Path, args: tuple[str, ...], told: str) -> None:
    done = cambrian(*args, cwd=home)
    assert done.returncode == 2
    assert told in done.stderr


def test_programs_of_a_kind_of_a_file_are_compared(home: Path) -> None:
    kind = ("--kind", "./loss.py")
    rows = json.loads(cambrian("hash", "one.py", "same.py", *kind, "--json", cwd=home).stdout)
    assert [row["kind"] for row in rows] == ["loss", "loss"]
    assert rows[0]["fingerprint"] == rows[1]["fingerprint"]
    assert rows[0]["key"] != rows[1]["key"]
    found = json.loads(cambrian("diff", "one.py", "same.py", *kind, "--json", cwd=home).stdout)
    assert found["same_behaviour"]
    found = json.loads(cambrian("simplify", "same.py", *kind, "--json", cwd=home).stdout)
    assert (found["kind"], found["size"], found["size_before"]) == ("loss", 2, 3)


def test_a_kind_that_is_not_there_is_refused(home: Path) -> None:
    for command in (("hash", "one.py"), ("diff", "one.py", "same.py"), ("simplify", "one.py")):
        done = cambrian(*command, "--kind", "los", cwd=home)
        assert done.returncode == 2
        assert "There is no kind `los`" in done.stderr
