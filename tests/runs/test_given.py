"""Where a program is asked for, an id, a file or a name of the library will do."""

from __future__ import annotations

import ast
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from programs.load import library
from tests.runs.test_cli import TOY, cambrian

SIGN = "def update(w, g, m, lr):\n    m = lerp(m, g, 0.1)\n    return lr * sign(m), m\n"
LOOP = """
from __future__ import annotations
import torch
def update(w, g, lr):
    for _ in range(3):
        g = g / g.norm() if g.dim() > 1 else torch.sign(g)
    return lr * g
"""
COSINE = "def schedule(step, total):\n    return 0.5 + 0.5 * cos(3.14159265 * step / total)\n"
WIDE = "def network(x):\n    return gelu(linear(flatten(x), 32))\n"
BUILD = """
from torch import nn
def build(spec):
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(32), nn.GELU())
"""
FILES = {"sign": SIGN, "loop": LOOP, "my cosine": COSINE, "wide": WIDE, "built": BUILD}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with programs that no run has seen, and a database of one short run."""
    folder = tmp_path_factory.mktemp("given")
    for name, source in FILES.items():
        (folder / f"{name}.py").write_text(source)
    done = cambrian("run", TOY, "--evals", "3", "--seed", "2", "--display", "none", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def best(home: Path) -> str:
    return json.loads(cambrian("top", "--json", cwd=home).stdout)[0]["id"]


def printed(home: Path, *args: str) -> str:
    done = cambrian(*args, cwd=home)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(home: Path, *args: str) -> str:
    done = cambrian(*args, cwd=home)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def imported(home: Path, *args: str) -> ModuleType:
    """Export a program and import the file."""
    printed(home, "export", *args, "-o", "exported.py")
    spec = importlib.util.spec_from_file_location("exported", home / "exported.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- export --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "called"),
    [("sign.py", "Sign"), ("loop.py", "Evolved"), ("adamw", "AdamW"), ("soap", "Evolved")],
)
def test_an_optimiser_of_yours_or_the_library_trains(home: Path, name: str, called: str) -> None:
    import torch

    module = imported(home, name)
    assert "found by search" not in (module.__doc__ or "")
    weight = torch.nn.Parameter(torch.ones(4, 3))
    (made,) = (value for name, value in vars(module).items() if name.startswith(called))
    optimizer = made([weight], lr=0.1)
    for _ in range(2):
        (weight**2).sum().backward()
        optimizer.step()
    assert bool((weight != 1).all())


def test_a_schedule_of_yours_steps(home: Path) -> None:
    import torch

    module = imported(home, "my cosine.py")
    sgd = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    scheduler = module.MyCosine(sgd, 10)
    for _ in range(5):
        sgd.step()
        scheduler.step()
    assert scheduler.get_last_lr() == [pytest.approx(0.5, abs=1e-6)]


@pytest.mark.parametrize(("name", "made"), [("wide.py", "Network"), ("vgg", "Network")])
def test_a_network_is_made_for_the_inputs_of_the_task_that_is_named(
    home: Path, name: str, made: str
) -> None:
    import torch

    module = imported(home, name, "--task", "digits")
    network = getattr(module, made)()
    assert network(torch.zeros(2, 16, 8, 8)).shape[0] == 2


def test_a_network_without_a_task_is_told_what_it_needs(home: Path) -> None:
    for name in ("wide.py", "vgg"):
        assert f"{name} is a network, and written for the inputs of a task: add --task NAME." in (
            refused(home, "export", name)
        )
    # What is no code has no inputs, and one that builds itself is told them when it is called.
    assert json.loads(printed(home, "export", "vgg", "--as", "json"))["kind"] == "architecture"
    ast.parse(printed(home, "export", "built.py"))


def test_a_task_is_for_networks(home: Path, best: str) -> None:
    for name in ("sign.py", "adamw", best):
        told = refused(home, "export", name, "--task", "digits")
        assert "--task is for the inputs of a network; this program is of kind optimizer." in told


def test_equations_of_yours_and_the_library(home: Path) -> None:
    assert "sign" in printed(home, "export", "sign.py", "--as", "latex")
    assert printed(home, "export", "lion", "--as", "latex") == printed(
        home, "show", "lion", "--as", "latex"
    )


def test_an_export_of_a_file_is_the_program_in_its_header(home: Path) -> None:
    for name in ("sign.py", "my cosine.py"):
        printed(home, "export", name, "-o", "again.py")
        rows = json.loads(printed(home, "hash", "--json", name, "again.py"))
        assert len({row["fingerprint"] for row in rows}) == 1


def test_the_title_of_an_odd_file_name_does_no_harm(home: Path) -> None:
    for name in ('a"""b\\.py', "3.py", "class.py", "adamw (1).py"):
        for source in (SIGN, LOOP):
            (home / name).write_text(source)
            ast.parse(printed(home, "export", name))


# -- the others ----------------------------------------------------------------------------------


def test_a_file_and_a_name_are_shown(home: Path) -> None:
    screen = printed(home, "show", "sign.py")
    assert "sign.py, optimizer, which no run has judged" in screen
    assert "mₜ = 0.9 · mₜ₋₁ + 0.1 · gₜ" in screen
    shown = json.loads(printed(home, "show", "lion", "--json"))
    (row,) = json.loads(printed(home, "hash", "lion", "--json"))
    assert (shown["fingerprint"], shown["key"]) == (row["fingerprint"], row["key"])
    assert shown["source"] == library("optimizer")["lion"].source
    free = json.loads(printed(home, "show", "loop.py", "--json"))
    assert (free["form"], free["fingerprint"], free["formula"]) == ("tensor", None, None)


def test_fingerprints_of_all_three(home: Path, best: str) -> None:
    rows = json.loads(printed(home, "hash", "sign.py", "adam", best[:6], "--json"))
    assert [row["file"] for row in rows] == ["sign.py", "adam", best]
    shown = json.loads(printed(home, "show", best, "--json"))
    assert rows[2]["fingerprint"] == shown["fingerprint"]


def test_all_three_are_judged_a_candidate_on_the_task_of_its_run(home: Path, best: str) -> None:
    for name in ("sign.py", "adam"):
        found = json.loads(printed(home, "eval", name, "--task", TOY, "--json"))
        assert found["status"] == "scored"
        assert f"{name} needs a task to be judged on: add --task NAME." in (
            refused(home, "eval", name)
        )
    found = json.loads(printed(home, "eval", best, "--json"))
    shown = json.loads(printed(home, "show", best, "--json"))
    assert (found["score"], found["by_seed"]) == (shown["score"], shown["by_seed"])


def test_a_program_of_the_library_is_checked(home: Path) -> None:
    assert "the library's adam" in printed(home, "check", "adam")


# -- what will not do ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sign.py", "adam", "absent.py"])
@pytest.mark.parametrize("command", ["verify", "lineage"])
def test_what_needs_a_run_takes_candidates_only(home: Path, command: str, name: str) -> None:
    told = refused(home, command, name)
    assert f"Expected the id of a candidate, found `{name}`" in told


@pytest.mark.parametrize("command", ["export", "show", "hash", "eval", "simplify", "explain"])
def test_a_name_that_is_nearly_one_of_the_library_is_guessed(home: Path, command: str) -> None:
    assert "found `adamww`. Did you mean `adamw`?" in refused(home, command, "adamww")


@pytest.mark.parametrize("command", ["export", "show", "hash", "eval", "verify", "lineage"])
def test_a_run_where_a_program_is_asked_for_is_told_as_one(home: Path, command: str) -> None:
    (run,) = json.loads(cambrian("runs", "--json", cwd=home).stdout)
    told = refused(home, command, run["id"])
    assert f"{run['id']} is a run: `cambrian top {run['id']}` lists its candidates." in told


def test_a_network_of_the_library_is_read_for_the_task_that_is_named(home: Path) -> None:
    (home / "vgg.py").write_text(library("architecture")["vgg"].source)
    names = ("vgg", "vgg.py")
    rows = json.loads(printed(home, "hash", *names, "--task", "digits", "--json"))
    assert rows[0]["fingerprint"] == rows[1]["fingerprint"]
    for name in names:
        told = " ".join(printed(home, "check", name, "--task", "digits").split())
        assert f"fingerprint {rows[0]['fingerprint']}" in told
    assert rows[0]["fingerprint"] not in printed(home, "hash", "vgg")
    assert "gru does not fit the inputs of digits" in refused(
        home, "hash", "gru", "--task", "digits"
    )
