"""Experiment trackers: what they are told, and that their troubles are never the run's."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evaluators.candidate import Status
from programs.errors import InputError
from runs.config import read_config
from runs.progress import Progress, Silent
from runs.trackers import Tracker, tracker_named
from runs.tracking import Tracked
from tests.runs.samples import candidate
from tests.runs.test_cli import TOY, cambrian

HOSTILE = "def update(w, g, lr):\n    return lr * g  # </pre><script>alert(1)</script>\n"


class Fake:
    """A module with the calls that W&B and Trackio document, which keeps what it is told."""

    def __init__(self, failing: str = "") -> None:
        self.told: list[tuple[str, Any]] = []
        self.failing = failing

    def _take(self, call: str, what: Any) -> None:
        if call == self.failing:
            raise OSError("the network\x1b[2J is gone")
        self.told.append((call, what))

    def init(self, *, project: str, name: str, config: dict, resume: str, id: str = "") -> None:
        self._take("init", (project, name, config, resume, id))

    def log(self, values: dict, step: int) -> None:
        self._take("log", (values, step))

    def finish(self) -> None:
        print("uploading")
        self._take("finish", None)

    def Html(self, data: str, inject: bool) -> str:  # noqa: N802
        return data

    def Markdown(self, text: str) -> str:  # noqa: N802
        return text


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    return installed(monkeypatch, Fake())


def installed(monkeypatch: pytest.MonkeyPatch, module: Fake) -> Fake:
    for package in ("wandb", "trackio"):
        monkeypatch.setitem(sys.modules, package, module)
        vars(module)["__spec__"] = SimpleNamespace(name=package)
    return module


def follow(tracker: Tracker | None, known: int = 0) -> tuple[Progress, list[str]]:
    """Let a tracker follow a run of four candidates, the last of which climbs."""
    assert tracker is not None
    config = read_config(task="toy", evals=4, models={"gpt-4o": 0.5}, usd=1.0, rungs=3)
    progress = Progress("r1", config, "luck", "adamw")
    said: list[str] = []
    seen = Tracked(Silent(), tracker, said.append, known)
    seen.start(progress)
    found = [
        candidate("r1", 0, 0.5),
        candidate("r1", 1, 0.75, source=HOSTILE),
        candidate("r1", 2, 0.5, status=Status.DUPLICATE, duplicate_of="r1-0"),
        candidate("r1", 3, status=Status.INVALID),
    ]
    for each in found:
        progress.add(each)
        progress.usd += 0.25
        seen.show(each, progress)
    climb = replace(found[1].evaluation, rung=1, score=0.625)
    climber = replace(found[1], climbs=(climb,))
    progress.climb(climber)
    seen.show(climber, progress)
    seen.tick(progress)
    seen.stop(progress)
    return progress, said


@pytest.mark.parametrize("package", ["wandb", "trackio"])
def test_a_run_is_logged_by_the_calls_that_are_documented(
    fake: Fake, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    progress, said = follow(tracker_named(f"{package}:my project"))
    assert not said
    assert not progress.news
    calls = [call for call, _ in fake.told]
    assert calls == ["init", *["log"] * 6, "finish"]
    project, name, config, resume, id_ = fake.told[0][1]
    assert (project, name, resume) == ("my project", "r1", "allow")
    assert id_ == ("r1" if package == "wandb" else "")
    assert config["task"] == "toy"
    assert config["usd"] == 1.0
    assert json.loads(config["models"]) == {"gpt-4o": 0.5}
    *logs, (text, _) = [what for call, what in fake.told if call == "log"]
    assert [step for _, step in logs] == [1, 2, 3, 4, 4]
    assert logs[1][0] == {
        "score/search": 0.75,
        "best/search": 0.75,
        "evaluations": 2,
        "duplicates": 0,
        "collisions": 0,
        "rejected": 0,
        "dollars": 0.5,
        "evolution/tried": 2,
        "evolution/kept": 2,
        "evolution/duplicates": 0,
        "evolution/dollars": 0.0,
    }
    assert logs[2][0]["duplicates"] == 1
    assert "score/search" not in logs[3][0]
    assert logs[3][0]["rejected"] == 1
    assert logs[4][0]["score/sure"] == logs[4][0]["best/sure"] == 0.625
    assert "lr * g" in text["winner"]
    assert package == "trackio" or "<script>" not in text["winner"]
    printed = capsys.readouterr()
    assert "uploading" in printed.err
    assert not printed.out


def test_what_an_earlier_sitting_told_is_not_told_again(fake: Fake) -> None:
    follow(tracker_named("wandb:x"), known=2)
    steps = [what[1] for call, what in fake.told if call == "log"]
    assert steps == [3, 4, 4, 4]


@pytest.mark.parametrize("call", ["init", "log", "finish"])
def test_a_tracker_that_fails_is_one_line_and_then_left_alone(
    monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    fake = installed(monkeypatch, Fake(failing=call))
    progress, said = follow(tracker_named("wandb:x"))
    lines = [*progress.news, *said]
    assert lines == [r"tracking ended, the run goes on: the network\x1b[2J is gone"]
    assert progress.tried == 4
    after = {"init": [], "log": ["init"], "finish": ["init", *["log"] * 6]}
    assert [c for c, _ in fake.told] == after[call]


def test_a_tracker_that_is_not_there_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for package in ("tensorboard", "wandb", "trackio"):
        monkeypatch.setattr("runs.trackers.find_spec", lambda name: None)
        with pytest.raises(InputError, match=rf"pip install 'cambrian\[{package}\]'"):
            tracker_named(f"{package}:here")
    assert tracker_named(None) is None
    with pytest.raises(InputError, match="track"):
        read_config(task="toy", track="mlflow:here")


def test_tensorboard_reads_back_what_was_written(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    hparams = pytest.importorskip("tensorboard.plugins.hparams.metadata")
    progress, said = follow(tracker_named(f"tensorboard:{tmp_path / 'board'}"))
    assert not said
    assert not progress.news
    read = events.EventAccumulator(str(tmp_path / "board" / "r1"))
    read.Reload()
    summaries = read.summary_metadata

    def points(tag: str) -> list[tuple[int, float]]:
        return [(e.step, e.value) for e in read.Scalars(tag)]

    assert points("best/search") == [(1, 0.5), (2, 0.75), (3, 0.75), (4, 0.75)]
    assert points("score/sure") == [(4, 0.625)]
    assert points("dollars")[-1] == (4, 1.0)
    assert points("evolution/kept")[-1] == (4, 2.0)
    assert summaries["winner"].plugin_data.plugin_name == "text"
    (winner,) = read.Tensors("winner")
    assert "    return lr * g" in winner.tensor_proto.string_val[0].decode()
    about = summaries[hparams.SESSION_START_INFO_TAG].plugin_data.content
    settings = hparams.parse_session_start_info_plugin_data(about).hparams
    assert settings["task"].string_value == "toy"
    assert settings["evals"].number_value == 4


def test_a_folder_that_cannot_be_written_costs_only_the_tracking(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    (tmp_path / "file").write_text("")
    progress, _ = follow(tracker_named(f"tensorboard:{tmp_path / 'file'}"))
    assert len(progress.news) == 1
    assert progress.news[0].startswith("tracking ended, the run goes on: ")


BROKEN = """
def init(**given):
    print("hello from the tracker")

def log(values, step):
    if step == 3:
        raise RuntimeError("no more")

def finish():
    raise AssertionError("left alone")
"""


def test_a_run_outlives_its_tracker(tmp_path: Path) -> None:
    (tmp_path / "wandb.py").write_text(BROKEN)
    given = ("run", TOY, "--evals", "3", "--display", "plain", "--track", "wandb:x")
    done = cambrian(*given, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("tracking ended, the run goes on: no more") == 1
    assert "hello from the tracker" in done.stderr
    assert "hello" not in done.stdout
    assert "def update(" in done.stdout
