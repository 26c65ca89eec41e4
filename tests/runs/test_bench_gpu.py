"""The measurement of a card, without one: on the processor, and with an `nvidia-smi` of our own."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from programs.errors import InputError
from runs import bench_evaluate, bench_gpu, utilization
from runs.commands.bench import command
from runs.utilization import Utilization
from sandbox.cuda import missing

without_card = pytest.mark.skipif(not missing(), reason="there is a card")


def smi(folder: Path, script: str) -> None:
    """Put an `nvidia-smi` into a folder, which notes what it was asked."""
    path = folder / "nvidia-smi"
    path.write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\n{script}\n')
    path.chmod(0o755)


def kind(percent: float | None, samples: int, why: str) -> dict[str, Any]:
    speed = {"per_minute": 12.0, "seconds": 5.0, "scored": 8, "of": 8}
    busy = {"busy_percent": percent, "busy_samples": samples, "busy_why": why}
    return {"kind": "architecture", "task": "digits", **speed, **busy}


def shown(monkeypatch: pytest.MonkeyPatch, *kinds: dict[str, Any]) -> str:
    """Return what is printed where a card gave these figures."""
    row = {"device": "cuda", "replicas": "64 replayed", "microseconds": 5.0}
    row |= {"speed_up": 30.0, "against_by_hand": 25.0}
    found = {"cold_s": 9.0, "warm_s": 0.02, "stacked": [row], "kinds": list(kinds)}
    monkeypatch.setattr(bench_gpu, "measure", lambda *_: found)
    monkeypatch.setenv("COLUMNS", "80")
    done = CliRunner().invoke(command, ["gpu"])
    assert done.exit_code == 0, done.output
    return done.stdout


def sampled(device: str = "cuda") -> dict[str, Any]:
    with Utilization(device) as use:
        time.sleep(0.5)
    return use.as_json()


def test_every_figure_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    smi(tmp_path, "echo 40")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(utilization, "PERIOD", 0.02)
    monkeypatch.setattr(bench_gpu, "TASK", "regression")
    monkeypatch.setattr(bench_gpu, "_STEPS", 3)
    monkeypatch.setattr(bench_gpu, "_ROUNDS", 1)
    found = bench_gpu.measure("cpu", workers=1, candidates=1)
    sizes = {row["replicas"] for row in found["stacked"]}
    assert sizes >= {"by hand", "1", "8", "16", "32", "64"}
    assert all(row["speed_up"] > 0 for row in found["stacked"])
    assert [row["kind"] for row in found["kinds"]] == ["optimizer", "schedule"]
    for row in found["kinds"]:
        assert (row["task"], row["workers"], row["scored"], row["of"]) == ("regression", 1, 1, 1)
        assert row["per_minute"] > 0
        assert row["busy_percent"] == 40
        assert row["busy_samples"] > 0
        assert row["busy_why"] == ""


def test_json_is_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    figures = {"kinds": [kind(40.0, 3, "")]}
    monkeypatch.setattr(bench_gpu, "measure", lambda *given: asked.append(given) or figures)
    words = ["gpu", "--workers", "3", "--candidates", "5", "--json"]
    assert json.loads(CliRunner().invoke(command, words).stdout) == figures
    assert asked == [("cuda", 3, 5)]


def test_the_table_says_how_busy_the_card_was(monkeypatch: pytest.MonkeyPatch) -> None:
    said = shown(monkeypatch, kind(70.4, 24, ""))
    assert "candidates/min" in said
    assert "GPU busy %" in said
    (row,) = [line.split() for line in said.splitlines() if "architecture" in line]
    assert row == ["architecture", "12.0", "5.00", "70", "24", "8", "of", "8"]
    assert "2 workers share the card; candidates train on digits" in said
    assert "…" not in said


def test_an_unknown_share_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    why = "there is no `nvidia-smi` here"
    said = shown(monkeypatch, kind(None, 0, why), kind(None, 0, why))
    assert "unknown" in said
    assert said.count(why) == 1


def test_without_nvidia_smi_the_share_is_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(utilization, "PERIOD", 0.02)
    assert sampled() == {
        "busy_percent": None,
        "busy_samples": 0,
        "busy_why": "there is no `nvidia-smi` here",
    }


@without_card
def test_without_a_card_one_sentence_says_so() -> None:
    done = CliRunner().invoke(command, ["gpu"])
    assert done.exit_code == 0
    assert done.stdout == "No GPU can be measured here: " + missing() + ".\n"


def test_a_device_that_is_none_is_said() -> None:
    with pytest.raises(InputError, match="`device` is wrong"):
        CliRunner().invoke(command, ["gpu", "--device", "gpu"], catch_exceptions=False)


def test_the_share_is_the_mean_of_the_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smi(
        tmp_path,
        f"if [ -e {tmp_path}/again ]; then echo 60; else : > {tmp_path}/again; echo 20; fi",
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(utilization, "PERIOD", 0.2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-5,GPU-7")
    found = sampled("cuda:1")
    count = found["busy_samples"]
    assert count >= 2
    assert found["busy_percent"] == pytest.approx((20 + 60 * (count - 1)) / count)
    for line in (tmp_path / "asked").read_text().splitlines():
        assert line == "--query-gpu=utilization.gpu --format=csv,noheader,nounits -i GPU-7"


def test_two_cards_are_both_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smi(tmp_path, 'case "$*" in *-i\\ 0) echo 10;; *) echo 50;; esac')
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(utilization, "PERIOD", 0.02)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert sampled("cuda:0,1")["busy_percent"] == 30


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'No devices were found'; exit 6", "ended with code 6 and said `No devices were f"),
        ("echo 'no driver' >&2; exit 9", "ended with code 9 and said `no driver`"),
        ("echo '[N/A]'", "says `[N/A]` where a percentage belongs"),
        ("sleep 30", "gave no answer"),
    ],
)
def test_what_does_not_tell_is_said(
    script: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smi(tmp_path, script)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(utilization, "PERIOD", 0.02)
    monkeypatch.setattr(utilization, "_PATIENCE", 0.3)
    found = sampled()
    assert (found["busy_percent"], found["busy_samples"]) == (None, 0)
    assert why in found["busy_why"]


def test_what_is_over_at_once_has_no_sample(tmp_path: Path) -> None:
    with Utilization("cuda") as use:
        pass
    assert "before the first sample" in use.as_json()["busy_why"]


@without_card
def test_a_card_is_timed_only_where_one_is() -> None:
    assert bench_evaluate.devices_named("auto") == ["cpu"]
    with pytest.raises(InputError, match="There is no device `cuda`"):
        bench_evaluate.stacked(1, "cuda")
    with pytest.raises(InputError, match="`device` is wrong"):
        CliRunner().invoke(command, ["evaluate", "--device", "gpu"], catch_exceptions=False)


def test_a_card_that_auto_finds_is_timed_beside_the_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stacked(rounds: int, device: str) -> list[dict[str, Any]]:
        if device == "cuda" and rounds > 1:
            raise InputError("There is no device `cuda` to be used here: it is broken.")
        row = {"replicas": "1", "microseconds": 5.0, "speed_up": 1.0, "against_by_hand": 1.0}
        return [{"device": device, **row}]

    monkeypatch.setattr(bench_evaluate, "missing", lambda: "")
    monkeypatch.setattr(bench_evaluate, "stacked", stacked)
    said = CliRunner().invoke(command, ["evaluate", "--rounds", "1"]).stdout
    assert "1, cpu" in said
    assert "1, cuda" in said
    broken = CliRunner().invoke(command, ["evaluate", "--rounds", "2"])
    assert broken.exit_code == 0
    assert "it is broken" in broken.stderr
    assert "cuda" not in broken.stdout.partition("load average")[0]


def test_evaluate_says_what_prints_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_evaluate, "stacked", lambda rounds, device: [])
    said = CliRunner().invoke(command, ["evaluate", "--device", "cpu"]).stdout
    for command_ in ("bench ladder", "bench proxies", "bench gpu", "--task all", "--mnist1d"):
        assert command_ in said
