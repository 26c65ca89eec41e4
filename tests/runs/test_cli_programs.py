"""`cambrian simplify` and `cambrian diff`: programs by id or file, in text and JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from programs.export import export
from programs.load import kind_named, library, read_program
from programs.program import Program
from tests.runs.test_cli import TOY, cambrian

ROUNDABOUT = """
def update(w, g, m, lr):
    unused = exp(g)
    c = 0.9 * m + 0.1 * g
    m = m + 0.01 * (g - m)
    return (c / abs(c) + w * 0.1) * lr, m
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with some program files and a database of one finished run."""
    folder = tmp_path_factory.mktemp("programs")
    for name in ("lion", "adamw"):
        (folder / f"{name}.py").write_text(library("optimizer")[name].source)
    (folder / "gru.py").write_text(library("architecture")["gru"].source)
    (folder / "roundabout.py").write_text(ROUNDABOUT)
    done = cambrian("run", TOY, "--evals", "8", "--seed", "2", "--display", "none", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def best(home: Path) -> str:
    return json.loads(cambrian("top", "--json", cwd=home).stdout)[0]["id"]


def answer(home: Path, *args: str) -> dict:
    done = cambrian(*args, "--json", cwd=home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_simplify_gives_the_plain_program_and_what_was_done(home: Path) -> None:
    found = answer(home, "simplify", "roundabout.py")
    lion = library("optimizer")["lion"]
    assert found["key"] == lion.key
    assert found["same_behaviour"]
    assert found["size"] == lion.size == found["size_before"] - found["removed"]
    assert any("sign(x)" in step["what"] for step in found["steps"])
    assert isinstance(read_program(found["source"], kind_named("optimizer")), Program)


def test_simplify_prints_a_program_with_remarks(home: Path) -> None:
    text = cambrian("simplify", "roundabout.py", cwd=home).stdout
    program = read_program(text, kind_named("optimizer"))
    assert isinstance(program, Program)
    assert program.key == library("optimizer")["lion"].key
    assert f"became {program.size}, which behave the same" in text


def test_simplify_takes_an_id(home: Path, best: str) -> None:
    found = answer(home, "simplify", best[:6])
    assert found["name"] == best
    assert found["same_behaviour"]


def test_within_a_tolerance_says_what_was_measured(home: Path) -> None:
    found = answer(home, "simplify", "lion.py", "--tolerance", "0.6", "--task", TOY)
    assert found["size"] < library("optimizer")["lion"].size
    assert not found["same_behaviour"]
    assert found["holds"]
    assert found["evaluations"] > 5
    for side in ("search", "fresh"):
        measured = found[side]
        assert measured["seeds"] == 2
        assert measured["difference"] == pytest.approx(measured["after"] - measured["before"])
        assert measured["difference"] >= -0.6
    cuts = [s["score"] for s in found["steps"] if s["score"] is not None]
    assert cuts
    assert min(cuts) >= found["search"]["before"] - 0.6
    assert "fresh seeds" in found["measured"]
    assert found["cut_by"] == "score less its standard error"
    done = cambrian("simplify", "lion.py", "--tolerance", "0.6", "--task", TOY, cwd=home)
    assert "(score less its standard error " in done.stdout
    assert re.search(
        r"judged: \d+ statements, \S+ against the original$", done.stderr, re.MULTILINE
    )


def test_an_optimiser_is_simplified_by_agreement_without_a_task(home: Path) -> None:
    """Program 8 of the Lion paper, as evolution left it, becomes Lion (Chen et al. 2023, §3)."""
    found = answer(home, "simplify", "lion_raw", "--tolerance", "0.1")
    lion = read_program(LION_OF_PROGRAM_8, kind_named("optimizer"))
    assert isinstance(lion, Program)
    assert found["key"] == lion.key
    assert 0.9 <= found["agreement"] < 1
    assert found["measured"].startswith("On two small models its weights come within ")
    assert found["cut_by"] == "agreement"


def test_what_is_left_out_within_a_tolerance_is_not_called_the_same(home: Path) -> None:
    """No model of the agreement has 100 rows, so that the score does not see what goes."""
    source = "def update(w, g, lr):\n    return lr * where(row_count(w) > 100, g, sign(g))\n"
    (home / "tall.py").write_text(source)
    found = answer(home, "simplify", "tall.py", "--tolerance", "0.1")
    assert found["size"] == 2
    assert found["agreement"] == 1
    assert not found["same_behaviour"]
    assert (
        "behave the same"
        not in cambrian("simplify", "tall.py", "--tolerance", "0.1", cwd=home).stdout
    )


def test_the_task_of_a_candidate_is_that_of_its_run(home: Path, best: str) -> None:
    found = answer(home, "simplify", best, "--tolerance", "0")
    assert found["task"] == "toy"
    assert found["search"]["difference"] >= 0.0


def test_diff_by_statement_and_by_behaviour(home: Path) -> None:
    found = answer(home, "diff", "lion.py", "roundabout.py")
    assert found["same_behaviour"]
    assert not found["same_statements"]
    assert found["parting"] is None
    assert "--- lion.py" in found["lines"]
    assert not any('"""' in line for line in found["lines"])
    found = answer(home, "diff", "lion.py", "adamw.py")
    assert not found["same_behaviour"]
    parting = found["parting"]
    first = parting["first"]
    assert first["a"] != first["b"]
    assert len(first["output"]) == len(parting["of"])
    assert first["where"].startswith("step 1, learning rate 0.00524, element 0 of the 30 × 1")
    assert 0 < parting["largest_relative_difference"] <= 2


def test_diff_says_its_verdict_in_a_sentence(home: Path, best: str) -> None:
    says = {
        ("lion.py", "lion.py"): "The statements are the same.\nThey behave the same",
        ("lion.py", "adamw.py"): "probe outputs are not equal.\n  first    step 1",
        ("lion.py", "gru.py"): "different kinds, optimizer and architecture",
        (best, best): "They behave the same",
    }
    for (a, b), words in says.items():
        assert words in cambrian("diff", a, b, cwd=home).stdout


def test_diff_asks_random_inputs_where_the_fingerprints_are_one(home: Path) -> None:
    """No probe has a tensor of more than 100 elements."""
    head, rest = "def update(w, g, lr):\n    return lr * ", "where(numel(w) > 100, g, sign(g))\n"
    (home / "plain.py").write_text(f"{head}sign(g)\n")
    (home / "large.py").write_text(f"{head}{rest}")
    found = json.loads(cambrian("diff", "plain.py", "large.py", "--json", cwd=home).stdout)
    assert found["a"]["fingerprint"] == found["b"]["fingerprint"]
    assert found["collision"]
    assert not found["same_behaviour"]
    told = cambrian("diff", "plain.py", "large.py", cwd=home).stdout
    assert "They have one fingerprint" in told
    assert "They behave the same" not in told
    checked = " ".join(cambrian("check", "large.py", cwd=home).stdout.split())
    assert "the same as the library's sign_sgd on the fixed probes, but not" in checked
    head = "import torch\ndef update(w, g, lr):\n    "
    (home / "kernels.py").write_text(f"{head}return lr * (g if w.ndim > 2 else g.sign())\n")
    assert json.loads(cambrian("diff", "plain.py", "kernels.py", "--json", cwd=home).stdout)[
        "collision"
    ]


LION_OF_PROGRAM_8 = """
def update(w, g, lr, m):
    direction = sign(lerp(m, g, 0.100000023842))
    m = lerp(m, g, 0.0017803218158)
    return lr * 0.000217176173464 * (direction + 0.460197836161 * w), m
"""

BAD = [
    (["simplify", "absent.py"], "absent.py"),
    (["simplify", "zzz"], "zzz"),
    (["simplify", "lion.py", "--task", "digits"], "--tolerance"),
    (["simplify", "gru.py", "--tolerance", "0.1"], "--task"),
    (["simplify", "lion.py", "--tolerance", "-1", "--task", "digits"], "tolerance"),
    (["simplify", "lion.py", "--tolerance", "nan"], "expected a finite number, saw `nan`"),
    (["sql", "SELECT 1", "--seconds", "inf"], "expected a finite number, saw `inf`"),
    (["simplify", "gru.py", "--tolerance", "0.1", "--task", TOY], "optimizer"),
    (["diff", "lion.py"], "B"),
    (["diff", "lion.py", "absent.py"], "absent.py"),
]


@pytest.mark.parametrize(("args", "says"), BAD)
def test_bad_input_gets_one_clear_sentence(home: Path, args: list[str], says: str) -> None:
    done = cambrian(*args, cwd=home)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert says in done.stderr
    assert done.stdout == ""


def test_the_library_marks_what_is_free_form(home: Path) -> None:
    done = cambrian("library", "--json", cwd=home)
    listed = {p["name"]: p["form"] for p in json.loads(done.stdout)}
    assert listed["soap"] == listed["shampoo"] == "tensor"
    assert listed["adamw"] == ""


def test_every_exported_file_of_the_library_hashes_as_its_program(tmp_path: Path) -> None:
    expected: dict[str, str] = {}
    for kind in ("optimizer", "schedule", "architecture"):
        for name, program in library(kind).items():
            (tmp_path / f"{kind}-{name}.py").write_text(export(program))
            (tmp_path / f"{kind}-{name}-before.py").write_text(program.source)
            expected[f"{kind}-{name}.py"] = f"{kind}-{name}-before.py"
    done = cambrian("hash", "--json", *expected, *expected.values(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    prints = {row["file"]: row["fingerprint"] for row in json.loads(done.stdout)}
    assert len(expected) > 90
    assert {name: prints[name] for name in expected} == {
        name: prints[before] for name, before in expected.items()
    }


def test_an_exported_file_that_was_changed_is_no_longer_its_header(tmp_path: Path) -> None:
    text = export(library("optimizer")["adamw"])
    (tmp_path / "mine.py").write_text(text.replace("c1 = 1 - 0.9**step", "c1 = 1 - 0.5**step"))
    done = cambrian("hash", "mine.py", cwd=tmp_path)
    assert done.returncode == 2
    assert "the code below it is not what this version writes" in done.stderr


def test_an_exported_candidate_hashes_as_it_did_and_is_judged(home: Path, best: str) -> None:
    assert cambrian("export", best, "-o", "exported.py", cwd=home).returncode == 0
    known = json.loads(cambrian("show", best, "--json", cwd=home).stdout)
    done = cambrian("hash", "--json", "exported.py", cwd=home)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["fingerprint"] == known["fingerprint"]
    judged = answer(home, "eval", "exported.py", "--task", TOY)
    assert (judged["status"], judged["fingerprint"]) == ("scored", known["fingerprint"])
