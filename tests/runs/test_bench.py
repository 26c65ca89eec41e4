"""The benchmarks' shape, on sizes too small to mean anything."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import programs.operator as operators
from programs.check import without_dead_code
from programs.errors import InputError
from programs.load import builtin_kinds, kind_named
from runs.bench import STAGES, evolve, labels, language
from runs.bench_export import MODELS, overhead
from runs.commands.bench import command
from tests.programs.test_plugin_kind import LOSS


def test_every_kind_is_measured() -> None:
    for figures, kind in zip(language((), 15, 0), builtin_kinds(), strict=True):
        record = figures.as_json()
        assert record["kind"] == kind
        assert record["programs"] == 15
        assert figures.cleaned.per_second > 0
        assert figures.cleaned.per_second_remembering >= figures.cleaned.per_second
        assert all(figures.cleaned.microseconds(stage) > 0 for stage in STAGES)
        for share in ("dead_children", "dead_statements_uncleaned", "key_hits", "fingerprint_hits"):
            assert 0 <= float(str(record[share])) <= 1


def test_the_same_seed_breeds_the_same_children() -> None:
    kind = kind_named("schedule")
    one, other = (evolve(kind, 400, np.random.default_rng(3)) for _ in range(2))
    assert (one.key_hits, one.print_hits, one.dead_statements, one.idle) == (
        other.key_hits,
        other.print_hits,
        other.dead_statements,
        other.idle,
    )
    assert one.print_hits >= one.key_hits > 0


def test_operators_clean_again_afterwards() -> None:
    evolve(kind_named("schedule"), 5, np.random.default_rng(0), clean=False)
    assert operators.without_dead_code is without_dead_code


def test_dead_code_heaps_up_where_nobody_cleans() -> None:
    kind = kind_named("optimizer")
    cleaned, raw = (evolve(kind, 120, np.random.default_rng(0), clean=c) for c in (True, False))
    assert raw.dead_statements / raw.statements > cleaned.dead_statements / cleaned.statements


def test_labels_are_judged_in_a_checkout() -> None:
    (row,) = labels(("schedule",))
    assert list(row) == ["kind", "equivalent", "false_splits", "near", "false_merges"]


def test_the_exported_adamw_is_no_slower_than_torch() -> None:
    rows = overhead(turns=7)
    assert [row["model"] for row in rows] == list(MODELS)
    # The bound that is promised is 1.15; a busy machine blurs seven turns.
    assert all(0.1 < row["ratio"] < 1.4 for row in rows), rows


def test_json_is_one_record() -> None:
    done = CliRunner().invoke(
        command, ["language", "--programs", "5", "--kind", "schedule", "--json"]
    )
    record = json.loads(done.output)
    assert [k["kind"] for k in record["kinds"]] == ["schedule"]
    assert set(record["kinds"][0]["microseconds"]) == set(STAGES)


def test_the_tables_fit_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = CliRunner().invoke(command, ["language", "--programs", "5", "--kind", "schedule"])
    assert done.exit_code == 0
    assert "programs/s" in done.output
    assert "…" not in done.output


def test_an_unknown_kind_is_said() -> None:
    with pytest.raises(InputError, match="There is no kind"):
        language(("optimiser",), 1, 0)


def test_a_kind_of_a_file_is_bred_from_programs_drawn_at_random(tmp_path: Path) -> None:
    path = tmp_path / "loss.py"
    path.write_text(LOSS)
    done = CliRunner().invoke(
        command, ["language", "--programs", "5", "--kind", str(path), "--json"]
    )
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.output)["kinds"]
    assert (row["kind"], row["programs"]) == ("loss", 5)


def test_a_kind_that_no_program_can_be_drawn_of_is_said(tmp_path: Path) -> None:
    path = tmp_path / "loss.py"
    path.write_text(LOSS.replace('required=("p", "y")', "required=()"))
    with pytest.raises(InputError, match="No loss can be drawn to breed from: no required input"):
        language((str(path),), 1, 0)


@pytest.mark.parametrize(
    "args",
    [
        ("language", "--programs", "0"),
        ("language", "--programs", "-3"),
        ("sandbox", "--rounds", "0"),
        *((bench, "--seed", "-1") for bench in ("language", "ladder", "proxies", "store")),
    ],
)
def test_a_number_that_measures_nothing_is_refused(args: tuple[str, ...]) -> None:
    done = CliRunner().invoke(command, args)
    assert done.exit_code == 2
    assert "is not in the range x>=" in done.output


def test_evaluation_is_measured_on_tasks_of_a_kind() -> None:
    arguments = ["evaluate", "--rounds", "1", "--task", "regression", "--kind", "schedule"]
    done = CliRunner().invoke(command, [*arguments, "--candidates", "2", "--json"])
    record = json.loads(done.stdout)
    rows = {row["replicas"]: row for row in record["stacked"]}
    assert set(rows) == {"by hand", "1", "8", "16", "32", "64"}
    for row in rows.values():
        assert row["speed_up"] > 0
    assert rows["1"]["speed_up"] == rows["by hand"]["against_by_hand"] == 1
    (judged,) = record["tasks"]
    assert (judged["task"], judged["kind"], judged["scored"]) == ("regression", "schedule", 2)
    assert judged["per_minute"] > 0
    assert record["mnist1d"] == []
