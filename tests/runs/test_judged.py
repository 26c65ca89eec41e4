"""A network is read again for the task it was judged on, whichever command asks for it."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from evaluators.admit import Admitted, admit_to
from evaluators.bodies import Bodies
from evaluators.candidate import Candidate
from evaluators.evaluator import Evaluator
from evaluators.funnel import Stage
from evaluators.task import find_task
from programs.canonical import structural_key
from programs.errors import InputError
from programs.export import export
from programs.fingerprint import fingerprint
from programs.kinds.architecture import KIND
from programs.kinds.networks.features import Feature
from programs.load import library
from programs.named import kind_named
from programs.parse import untyped
from programs.program import Program
from runs.asked import noted_in
from runs.cli import cambrian
from runs.commands.either import given_program, program_named
from runs.contrast import contrast
from runs.detail import readable
from runs.evidence import exported
from runs.funnel import Funnel
from runs.judged import kind_judged
from runs.notebook import FoundProgram
from runs.record import NOTES, RunRecord
from runs.store import Store
from runs.verifying import judge_quickly
from sandbox.memory import MemorySandbox
from tests.runs.samples import candidate
from tests.runs.test_architecture_runs import TASK

THREE = "def network(x):\n    return x + attention(rms_norm(x), heads=3)\n"
FOUR = "def network(x):\n    return x + linear(relu(rms_norm(x)))\n"


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """Return a task of width 12, which three heads divide; none of the usual widths is."""
    text = TASK.replace("(6, 8)", "(6, 12)").replace("linear(2, 8)", "linear(2, 12)")
    text = text.replace('"signals"', '"twelve"').replace("=700", "=7000")
    (path := tmp_path / "twelve.py").write_text(text)
    return path


@pytest.fixture
def run(store: Store, task: Path) -> RunRecord:
    return store.create_run(str(task), "architecture", 0, {}, "plain", "cpu", "p1", {})


def recorded(store: Store, run: RunRecord, index: int, score: float, source: str) -> Candidate:
    genome = untyped(source, KIND)
    key = structural_key(genome, KIND)  # type: ignore[arg-type]
    one = candidate(run.id, index, score, source=source, seconds=1.0)
    one = replace(one, program=Program("architecture", source, key))
    store.record(run.id, one)
    return store.candidate(one.id)


def test_a_kind_is_as_the_task_settles_it_and_as_it_was_where_the_task_is_gone(task: Path) -> None:
    found = kind_judged(str(task), "architecture").entry.inputs["x"]
    assert found == Feature("sequence", (6, 12))
    assert kind_judged("gone.py", "architecture") is KIND
    assert kind_judged("gone.py", "optimizer") is kind_named("optimizer")


def test_a_program_whose_task_is_gone_is_read_for_what_it_fits(
    store: Store, run: RunRecord, task: Path
) -> None:
    one = recorded(store, run, 0, 1.0, THREE)
    task.unlink()
    assert given_program(one.id, Path(store.path)).program.genome is not None


def test_what_is_exported_is_a_module_for_the_task(
    store: Store, run: RunRecord, tmp_path: Path
) -> None:
    found = recorded(store, run, 0, 0.5, THREE)
    (file := tmp_path / "found.py").write_text(exported(store, found.id, "py"))
    network = runpy.run_path(str(file))["Network"]()
    assert network(torch.zeros(3, 6, 12)).shape == (3, 6, 12)


def test_what_is_shown_is_the_program(store: Store, run: RunRecord) -> None:
    program = readable(recorded(store, run, 0, 0.5, THREE), run.task)
    assert program.genome is not None
    with pytest.raises(InputError, match="of kind `architecture` cannot be exported as latex"):
        export(program, "latex")
    (row,) = store.top(run=run.id)
    assert FoundProgram(row)._repr_latex_() is None


def test_later_results_bear_on_a_note(store: Store, run: RunRecord) -> None:
    for index in range(12):
        source, score = (THREE, 0.1) if index % 2 else (FOUR, 0.5)
        recorded(store, run, index, score + index / 1000, source)
    note = {"place": 0, "feature": "uses attention", "effect": "helps", "text": "why"}
    cited = {"programs": [], "candidates": [], "model": "m"}
    store.event(run.id, NOTES, {"notes": [note | cited]})
    assert [n.refuted for n in noted_in(store, store.run(run.id))] == [True]


def test_a_verdict_judges_it(store: Store, run: RunRecord, task: Path) -> None:
    found = recorded(store, run, 0, 0.5, THREE)
    evaluator = Evaluator(find_task(str(task), "architecture"), MemorySandbox())
    verdict = judge_quickly(store, evaluator, found, 0, 1)
    assert not verdict.tasks[0].failures


def test_a_funnel_sends_it_on_and_says_where_it_does_not_fit(
    store: Store, run: RunRecord, task: Path
) -> None:
    found = recorded(store, run, 0, 9.0, THREE)
    judged = find_task(str(task), "architecture")
    assert isinstance(judged, Bodies)
    reference = library("architecture")[judged.baselines[0]]
    recorded(store, run, 1, 0.1, reference.source)
    other, narrow = task.with_name("longer.py"), task.with_name("narrow.py")
    other.write_text(task.read_text().replace('"twelve"', '"longer"'))
    narrow.write_text(TASK)
    funnel = Funnel(store, run, MemorySandbox(), "cpu", 1, lambda text: None)
    for file, fits in ((other, True), (narrow, False)):
        result = funnel.perform(judged, [Stage(str(file), 1.0)], 1)
        evaluation = result.stages[1].found[found.id]
        assert (evaluation.score is not None) == fits, evaluation.message
        assert ("3 heads do not divide a width of 8" in evaluation.message) != fits


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (path := tmp_path / "three.py").write_text(THREE)
    return path


def test_files_are_read_for_a_task(task: Path, file: Path, tmp_path: Path) -> None:
    admitted = admit_to(find_task(str(task), "architecture"), THREE)
    assert isinstance(admitted, Admitted)
    options = ["--task", str(task), "--json"]
    done = CliRunner().invoke(cambrian, ["hash", str(file), *options], catch_exceptions=False)
    assert json.loads(done.stdout)[0]["fingerprint"] == admitted.fingerprint
    done = CliRunner().invoke(cambrian, ["check", str(file), *options], catch_exceptions=False)
    assert json.loads(done.stdout)[1]["note"] == f"fingerprint {admitted.fingerprint}"
    done = CliRunner().invoke(
        cambrian, ["diff", str(file), "mlp", *options], catch_exceptions=False
    )
    assert json.loads(done.stdout)["a"]["fingerprint"] == admitted.fingerprint
    named = program_named(str(file), tmp_path / "none.db", str(task))
    assert fingerprint(named.genome, named.kind) == admitted.fingerprint
    assert not named.task


def test_check_says_what_a_task_objects_to(task: Path, tmp_path: Path) -> None:
    (file := tmp_path / "big.py").write_text("def network(x):\n    return linear(x, 512)\n")
    done = CliRunner().invoke(cambrian, ["check", str(file), "--task", str(task), "--json"])
    assert done.exit_code == 2
    assert json.loads(done.stdout)[1]["fault"].startswith("too large: ")


def test_a_task_is_named_for_a_program_only(task: Path) -> None:
    done = CliRunner().invoke(cambrian, ["check", str(task), "--task", "digits"])
    assert isinstance(done.exception, InputError)
    assert "--task is for reading a program's file" in str(done.exception)


def test_two_programs_are_held_against_each_other_where_both_fit(
    store: Store, run: RunRecord, file: Path
) -> None:
    found = recorded(store, run, 0, 0.5, THREE)
    one, other = given_program(str(file), store.path), given_program(found.id, store.path)
    assert one.kind is not other.kind
    assert contrast(one, other).same_behaviour
    (six := file.with_name("six.py")).write_text(THREE.replace("heads=3", "heads=6"))
    for name in (str(six), "transformer"):
        assert contrast(one, given_program(name, store.path)).parting is not None
