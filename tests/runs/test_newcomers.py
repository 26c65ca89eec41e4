"""What somebody new to it types, pipes and brings: each ends in a result or a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from programs.errors import InputError
from runs.calling import called
from runs.config import read_config
from runs.evidence import exported
from runs.filling import fill
from runs.store import Store
from tests.runs.quick import ENV, QUICK
from tests.runs.samples import candidate, new_run

CAMBRIAN = str(Path(sys.executable).with_name("cambrian"))
TOY = str(Path(__file__).parents[1] / "toy.py")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder whose database holds a run on a built-in task and one on a file."""
    folder = tmp_path_factory.mktemp("home")
    with Store.open(folder / "cambrian.db") as store:
        fill(store, 20, 1, np.random.default_rng(0))
        run = new_run(store, "./mine/my_task.py")
        store.record(run.id, candidate(run.id, 0, 0.5))
        store.finish(run.id, "done", "")
    return folder


def said(home: Path, *args: str, quick: bool = False, **env: str) -> tuple[int, str, str]:
    command = [*(QUICK if quick else [CAMBRIAN]), *args]
    run = subprocess.run(
        command, cwd=home, env=ENV | env, capture_output=True, check=False, timeout=240
    )
    out, err = (text.decode("utf-8", "replace") for text in (run.stdout, run.stderr))
    assert "Traceback" not in err, err
    return run.returncode, out, err


# -- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["my_task", "my_task.py", "mine/my_task.py", "./mine/my_task.py"])
def test_a_task_of_a_file_is_found_by_its_name_or_path(home: Path, name: str) -> None:
    code, out, _ = said(home, "top", name, "--json")
    assert code == 0
    assert [row["task"] for row in json.loads(out)] == ["./mine/my_task.py"]


def test_a_name_that_nothing_has_is_answered_in_whole_sentences(home: Path) -> None:
    code, _, err = said(home, "top", "zzzz")
    assert code == 2
    assert ". Tasks here: ./mine/my_task.py, digits.\n" in err


def test_programs_of_the_library_are_compared_by_name(home: Path) -> None:
    code, out, _ = said(home, "diff", "adam", "adamw")
    assert code == 0
    assert "They behave differently" in out


def test_one_task_is_shown_with_its_score_and_goal(home: Path) -> None:
    code, out, _ = said(home, "tasks", "regression")
    assert code == 0
    assert "(-squared error)" in out
    assert "The inputs have very different scales" in " ".join(out.split())
    assert "digits" not in out
    assert said(home, "tasks", "regresion")[0] == 2


def test_a_file_without_its_suffix_is_guessed(home: Path) -> None:
    (home / "own.py").write_text("TASK = 3\n")
    assert "Did you mean `./own.py`?" in said(home, "run", "./own")[2]


def test_a_mark_of_the_byte_order_is_no_part_of_a_program(home: Path) -> None:
    file = home / "marked.py"
    file.write_bytes(b"\xef\xbb\xbfdef update(w, g, lr):\r\n    return lr * g\r\n")
    assert said(home, "hash", str(file))[0] == 0


# -- terminals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("args", [("top",), ("runs",), ("library",), ("diff", "adam", "adamw")])
def test_a_terminal_without_our_characters_shows_the_rest(
    home: Path, encoding: str, args: tuple[str, ...]
) -> None:
    code, out, _ = said(home, *args, PYTHONIOENCODING=encoding)
    assert code == 0
    assert out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_formula_is_whole_or_not_there(home: Path, encoding: str) -> None:
    _, out, _ = said(home, "show", "lion", PYTHONIOENCODING=encoding)
    assert "see `--as latex`" in out
    assert "?" not in out
    assert "θₜ = θₜ₋₁ − η" in said(home, "show", "lion", PYTHONIOENCODING="utf-8")[1]
    _, out, _ = said(home, "show", "lion", "--json", PYTHONIOENCODING=encoding)
    assert "θₜ = θₜ₋₁ − η" in json.loads(out)["formula"]


def test_a_closed_output_is_no_failure(home: Path) -> None:
    done = subprocess.run(
        f"{CAMBRIAN} top >&-", cwd=home, env=ENV, shell=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_way_on_can_be_typed_as_it_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "bin" / "cambrian"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert called() == str(script)
    monkeypatch.chdir(tmp_path)
    assert called() == "bin/cambrian"
    monkeypatch.setenv("PATH", str(script.parent))
    assert called() == "cambrian"


# -- settings and plug-ins -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"device": "gpu"}, "`device` is wrong: it is `cpu`, `cuda`, or cards by number such as"),
        ({"track": "foo"}, "it is `tensorboard:FOLDER`, `wandb:PROJECT` or `trackio:PROJECT`"),
        ({"evals": 0}, "greater than or equal to 1, not 0."),
        ({"proposers": {"evolution": -1.0}}, "The settings are wrong: every proposer and model"),
    ],
)
def test_a_wrong_setting_is_told_in_words(setting: dict, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        read_config(task="digits", **setting)
    assert expected in str(caught.value)
    assert "pattern" not in str(caught.value)


BROKEN = '''"""A proposer that goes wrong."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Broken:
    name: str = "broken"

    def propose(self, view, n, rng):
        return {}


PROPOSER = Broken()
'''


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ("1 / 0", "broken.py failed: ZeroDivisionError: division by zero (broken.py, line 11)."),
        ("[3]", "The proposer broken offers a int, expected a Proposal"),
    ],
)
def test_a_plug_in_that_fails_is_named(tmp_path: Path, offers: str, expected: str) -> None:
    (tmp_path / "broken.py").write_text(BROKEN.format(offers))
    args = ("run", TOY, "--proposer", "./broken.py", "--evals", "3", "--display", "none")
    code, _, err = said(tmp_path, *args, quick=True)
    assert code in (1, 2)
    assert expected in err


# -- taking it home ------------------------------------------------------------------------------


def test_an_export_has_the_learning_rate_of_its_verdict(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.db") as store:
        run = new_run(store)
        found = candidate(run.id, 0, 0.5)
        store.record(run.id, found)
        assert "the best of the sweep" in exported(store, found.id, "py")
        standings = [
            {"name": "adamw", "learning_rate": 0.01, "gain": {"mean": 1.0}},
            {"name": found.id[:6], "learning_rate": 0.316, "gain": None},
        ]
        store.save_verdict(found.id, "It is better.", {"tasks": [{"standings": standings}]})
        text = exported(store, found.id, "py")
    assert "learning rate: 0.316, the verdict's" in text
    assert "lr=0.316" in text
