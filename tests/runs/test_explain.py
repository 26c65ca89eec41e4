"""What a statement is worth, by leaving it out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from evaluators.candidate import Evaluation, Status
from evaluators.tasks import digits
from programs.errors import Fault, InputError
from programs.genome import Genome
from programs.kind import Kind
from programs.load import kind_named, library
from programs.parse import parse
from runs.explain import Explained, Job, cuts, explain
from runs.explaining import keep, recalling
from runs.store import Store
from tests.evaluators.bodies.small import RECALL
from tests.runs.samples import candidate, new_run
from tests.runs.test_cli import TOY, cambrian

KIND = kind_named("optimizer")
SOURCE = """
def update(w, g, m, lr):
    g = sign(g)
    m = lerp(m, g, 0.1)
    twice = abs(abs(m))
    return lr * (m + twice), m
"""


def genome(source: str = SOURCE, kind: Kind = KIND) -> Genome:
    made = parse(source, kind)
    assert not isinstance(made, Fault)
    return made


class Judge:
    """Scores a program by whether it says `sign`, with noise that the seed brings to all alike."""

    def __init__(self, fails: str = "no such op") -> None:
        self.fails = fails
        self.jobs: list[Job] = []

    def __call__(self, jobs: Sequence[Job]) -> list[Evaluation]:
        self.jobs += jobs
        return [self.judged(job) for job in jobs]

    def judged(self, job: Job) -> Evaluation:
        program, fingerprint, repeat = job
        if self.fails in program.source:
            return Evaluation(Status.FAILED, message="diverged: at once", fingerprint=fingerprint)
        noise = (0.1 * repeat, 0.2 * repeat, 0.4 * repeat)
        own = (0.01, 0.02, 0.03) if "lerp" in program.source else (0.0, 0.0, 0.0)
        value = 2.0 if "sign" in program.source else 1.5
        scores = tuple(value + a + b for a, b in zip(noise, own, strict=True))
        return Evaluation(Status.SCORED, sum(scores) / 3, by_seed=scores, fingerprint=fingerprint)


def explained(judge: Judge, repeats: tuple[int, ...] = (1,)) -> Explained:
    return explain(genome(), digits.TASK, repeats, judge, lambda *_: None)


def test_a_statement_is_left_out_as_a_person_would_leave_out_its_line() -> None:
    found = [(cut.what, cut.becomes) for cut in cuts(genome(), KIND)]
    assert found == [
        ("g = sign(g)", "g"),
        ("m = lerp(m, g, 0.1)", "m"),
        ("abs(m)", "m"),
        ("twice = abs(abs(m))", "abs(m)"),
        ("m + twice", "m"),
        ("lr * (m + twice)", "m + twice"),
    ]


def test_helpers_of_an_architecture_are_explained_too() -> None:
    kind = kind_named("architecture")
    block = "def block(x):\n    return x + relu(x)\n"
    made = genome(f"{block}\n\ndef network(x):\n    return block(x)\n", kind)
    assert [cut.what for cut in cuts(made, kind)] == ["relu(x)", "x + relu(x)", "block(x)"]


@pytest.mark.parametrize("name", ["lion", "adamw", "muon"])
def test_every_cut_of_a_known_program_reads_well(name: str) -> None:
    made = library("optimizer")[name].genome
    assert made is not None
    for cut in cuts(made, KIND):
        assert cut.what.strip()
        assert cut.genome is not None
        assert cut.genome != made


def test_gains_are_paired_by_seed_and_clear_of_its_noise() -> None:
    found = explained(Judge(), (1, 2))
    rows = {row.cut.what: row for row in found.rows}
    sign = rows["g = sign(g)"]
    assert sign.gain is not None
    assert sign.gain.mean == pytest.approx(0.5)
    assert sign.gain.half == pytest.approx(0.0, abs=1e-9)
    assert sign.verdict == "is worth it"
    assert found.seeds == 6


def test_what_behaves_alike_is_judged_once_and_makes_no_difference() -> None:
    judge = Judge()
    found = explained(judge)
    rows = {row.cut.what: row for row in found.rows}
    # The outer `abs` of two changes nothing at all; without either the same program is left.
    for what in ("abs(m)", "twice = abs(abs(m))"):
        assert rows[what].same
        assert "makes no difference" in rows[what].verdict
    prints = [job[1] for job in judge.jobs]
    assert len(prints) == len(set(prints)) == found.judged


def test_a_program_that_fails_without_a_statement_is_told() -> None:
    rows = {row.cut.what: row for row in explained(Judge(fails="m + m")).rows}
    assert all(row.verdict for row in rows.values())
    lost = rows["m = lerp(m, g, 0.1)"]
    assert lost.gain is None
    assert lost.verdict.startswith("no score without it")


def test_a_program_that_fails_itself_is_the_users_mistake() -> None:
    with pytest.raises(InputError, match="diverged"):
        explained(Judge(fails="sign"))


def test_what_a_task_refuses_is_not_trained_to_explain() -> None:
    judge = Judge()
    whole = "def network(x):\n    return linear(x, 64)\n"
    made = genome(whole, RECALL.language)
    with pytest.raises(InputError, match=r"too large: .* parameters, recall allows 700"):
        explain(made, replace(RECALL, most_parameters=700), (1,), judge, lambda *_: None)
    assert judge.jobs == []


def test_what_was_judged_before_is_not_judged_again(store: Store) -> None:
    run = new_run(store)
    recall = recalling(store, run, "p1", "digits")
    first = Judge()
    found = explain(genome(), digits.TASK, (1,), first, recall)
    keep(store, run, "p1", found, {"id": "x", "rows": []})
    again = Judge()
    second = explain(genome(), digits.TASK, (1,), again, recalling(store, run, "p1", "digits"))
    assert again.jobs == []
    assert [row.gain for row in second.rows] == [row.gain for row in found.rows]
    other = Judge()
    explain(genome(), digits.TASK, (1,), other, recalling(store, run, "p2", "digits"))
    assert len(other.jobs) == len(first.jobs)


def test_the_searchs_own_seeds_are_repeat_zero(store: Store) -> None:
    run = new_run(store)
    store.record(run.id, candidate(run.id, 0, 0.5, fingerprint="known"))
    recall = recalling(store, run, "p1", "digits")
    known = recall("known", 0)
    assert known is not None
    assert known.by_seed == (0.5, 0.5)
    assert recall("known", 1) is None


def test_the_command_explains_a_file_and_a_candidate(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SOURCE)
    done = cambrian("explain", "mine.py", "--task", TOY, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert [row["what"] for row in answer["rows"]][:2] == ["g = sign(g)", "m = lerp(m, g, 0.1)"]
    assert answer["seeds"] == 4
    assert cambrian("explain", "mine.py", cwd=tmp_path).returncode == 2
