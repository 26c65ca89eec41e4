"""A score belongs to the code that made it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluators import code
from evaluators.evaluator import Evaluator
from evaluators.tasks import digits
from sandbox.memory import MemorySandbox


def test_every_part_is_there() -> None:
    for part in code.PARTS:
        found = code.ROOT / part
        assert found.is_file() or list(found.rglob("*.py")), part


NO_NUMBERS = {
    "evaluators/pareto.py",
    "evaluators/task.py",
    "programs/constants.py",
    "programs/docstrings.py",
    "programs/errors.py",
    "programs/fingerprint.py",
    "programs/plugins.py",
    "programs/program.py",
    "programs/refusal.py",
    "programs/render.py",
    "sandbox/base.py",
    "sandbox/link.py",
    "sandbox/text.py",
}
"""What a score does not depend on: shapes of data, wording, and what protocols hold already."""


@pytest.mark.parametrize(
    "module",
    [
        "evaluators.bodies",
        "evaluators.harness.architecture",
        "evaluators.harness.optimizer",
        "evaluators.harness.schedule",
    ],
)
def test_all_that_a_judgement_imports_counts(module: str) -> None:
    parts = [code.ROOT / part for part in code.PARTS]
    left = {
        str(file.relative_to(code.ROOT))
        for file in imported(module)
        if not any(file == part or part in file.parents for part in parts)
    }
    assert left <= NO_NUMBERS


def imported(module: str) -> set[Path]:
    """Return the files of ours that a module imports, and those that they import."""
    found: set[Path] = set()
    todo = [module]
    while todo:
        place = code.ROOT.joinpath(*(name := todo.pop()).split("."))
        file = next(
            (f for f in (place.with_suffix(".py"), place / "__init__.py") if f.exists()), None
        )
        if (
            file
            and file not in found
            and name.partition(".")[0] in {"programs", "evaluators", "sandbox"}
        ):
            found.add(file)
            todo += named(file)
    return found


def named(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the hash look at a copy of the sources."""
    for part in code.PARTS:
        given = code.ROOT / part
        for file in [given] if given.is_file() else given.rglob("*.py"):
            place = tmp_path / file.relative_to(code.ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())
    monkeypatch.setattr(code, "ROOT", tmp_path)
    return tmp_path


def protocol() -> str:
    code.code_hash.cache_clear()
    try:
        return Evaluator(digits.TASK, MemorySandbox()).protocol({})
    finally:
        code.code_hash.cache_clear()


@pytest.mark.parametrize(
    "changed",
    [
        "evaluators/bodies.py",
        "evaluators/harness/bodies/stack.py",
        "evaluators/harness/training.py",
        "evaluators/harness/models/mlp.py",
        "evaluators/scores.py",
        "programs/interpret.py",
        "programs/kinds/arithmetic.py",
        "programs/kinds/networks/functions/attention.py",
    ],
)
def test_the_protocol_changes_with_the_code_behind_a_score(copy: Path, changed: str) -> None:
    before = protocol()
    assert protocol() == before
    with (copy / changed).open("a") as file:
        file.write("PROGRESS = 0.5\n")
    assert protocol() != before


def test_a_harness_of_ones_own_counts() -> None:
    own = code.code_hash("tests.toy:judge")
    assert own != code.code_hash("evaluators.harness.optimizer:train")
    assert code.code_hash("no_such_module:judge") == code.code_hash(digits.TASK.harness)


def test_sources_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = protocol()
    code.code_hash(digits.TASK.harness)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read again"))
    assert first
    code.code_hash(digits.TASK.harness)
