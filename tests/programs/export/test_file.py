"""The exported file as a person meets it: alone in a directory, and on the page."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from programs.errors import InputError
from programs.export import export
from programs.export.evidence import Evidence
from programs.export.latex import export_latex
from programs.export.optimizer import export_optimizer
from programs.load import in_language, library, unreadable
from tests.programs.export.samples import mutants, program

GOLDEN = Path(__file__).parents[2] / "golden"
EVIDENCE = Evidence(("score: 0.912 ± 0.004 (95 %)", "verdict: better than AdamW", "task: digits"))

TRAIN = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("programs", "agent", "evaluators", "sandbox", "runs"):
            raise ImportError(f"{name} must not be needed")

sys.meta_path.insert(0, Refuse())
sys.path.insert(0, ".")
import torch
from exported import Lion

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
x = torch.randn(64, 4)
y = x.prod(1, keepdim=True)
opt = Lion(model.parameters(), lr=0.003)
losses = []
for _ in range(200):
    opt.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    opt.step()
    losses.append(loss.item())
assert losses[-1] < 0.5 * losses[0], losses
print("trained")
"""


def test_it_trains_in_a_process_without_our_packages(tmp_path: Path) -> None:
    (tmp_path / "exported.py").write_text(export(library("optimizer")["lion"]), "utf-8")
    (tmp_path / "train.py").write_text(TRAIN, "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "train.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == "trained", done.stderr


@pytest.mark.parametrize("name", ["adamw", "lion", "muon"])
@pytest.mark.parametrize("form", ["py", "latex"])
def test_the_text_is_as_it_was_read_and_approved(name: str, form: str) -> None:
    """`GOLDEN=write pytest …` writes the files anew; read the difference before committing it."""
    text = export(library("optimizer")[name], form, EVIDENCE)
    file = GOLDEN / f"export_{name}.{'tex' if form == 'latex' else 'py.txt'}"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


@pytest.mark.parametrize("made", [*in_language("optimizer").values(), *mutants(20, seed=5)])
def test_torch_is_the_only_import(made) -> None:  # type: ignore[no-untyped-def]
    tree = ast.parse(export_optimizer(made))
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(n) for n in imports] == ["import torch"]


def test_evidence_cannot_break_out_of_the_header() -> None:
    text = export_optimizer(
        library("optimizer")["sgd"], {"note": '""" + \\N{x} + """', "lr": "0.2"}
    )
    doc = ast.get_docstring(ast.parse(text))
    assert doc is not None
    assert 'note: """ + \\N{x} + """' in doc
    assert "lr=0.2" in text


def test_names_that_the_file_needs_are_kept_free() -> None:
    text = export_optimizer(
        program(
            "def update(w, g, torch, beside, lr):\n    zip = torch + g\n    return lr * zip, zip, g"
        )
    )
    compile(text, "exported.py", "exec")
    assert "torch_" in text


def test_every_program_has_equations() -> None:
    for made in mutants(60, seed=9):
        text = export_latex(made)
        assert text.count("{") == text.count("}")
        assert text.count(r"\left") == text.count(r"\right")


def test_what_cannot_be_exported_is_said() -> None:
    with pytest.raises(InputError, match="free-form Python"):
        export(unreadable("def update(w, g): return g.sin_()", "optimizer"))
    with pytest.raises(InputError, match="did you mean `latex`"):
        export(library("optimizer")["sgd"], "latec")
    other = replace(library("optimizer")["sgd"], kind="loss")
    with pytest.raises(InputError, match="the kind `loss` has no LaTeX; export it `--as json`"):
        export(other, "latex")
    with pytest.raises(InputError, match="`my class`"):
        export_optimizer(library("optimizer")["sgd"], name="my class")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("adamw", "AdamW"),
        ("nesterov", "SGDWithNesterovMomentum"),
        ("sgd", "StochasticGradientDescent"),
        ("schedule_free_sgd", "ScheduleFreeSGD"),
        ("muon_with_adamw", "Muon"),
    ],
)
def test_the_class_is_named_by_the_docstring(name: str, title: str) -> None:
    assert f"class {title}(torch.optim.Optimizer)" in export(library("optimizer")[name])
