"""The house rules that a machine can check."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("agent", "programs", "sandbox", "evaluators", "runs", "bench")
FILES = [p for room in ROOMS for p in (ROOT / room).rglob("*.py") if "library" not in p.parts]


def test_imports_run_one_way() -> None:
    command = [Path(sys.executable).with_name("lint-imports")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_files_read_in_one_sitting() -> None:
    long = {
        str(p.relative_to(ROOT)): n for p in FILES if (n := len(p.read_text().split("\n"))) > 350
    }
    assert not long


def test_every_module_says_what_it_owns() -> None:
    silent = [p for p in FILES if not ast.get_docstring(ast.parse(p.read_text()))]
    assert not silent


@pytest.mark.parametrize("heavy", ["torch", "litellm", "sklearn", "numpy", "pydantic", "rich"])
def test_help_imports_nothing_heavy(heavy: str) -> None:
    code = f"""
import sys
sys.argv = ["cambrian", "--help"]
import runs.cli
try:
    runs.cli.main()
except SystemExit as end:
    assert end.code in (0, None)
assert {heavy!r} not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_parent_process_never_needs_torch() -> None:
    code = "import sys, runs.discover, runs.doctor; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
