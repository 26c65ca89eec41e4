"""What people type all day imports next to nothing: no arrays, no models, no validation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runs.filling import fill
from runs.store import Store
from tests.runs.quick import ENV

HEAVY = ("numpy", "scipy", "torch", "pydantic", "sqlite_utils", "litellm", "importlib.metadata")

CODE = f"""
import sys
from runs.cli import cambrian
sys.stdout = open("/dev/null", "w")
try:
    cambrian.main(sys.argv[1:], standalone_mode=False)
finally:
    print(*(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    import numpy as np

    path = tmp_path_factory.mktemp("start") / "c.db"
    with Store.open(path) as store:
        fill(store, 60, 1, np.random.default_rng(0), 60)
        return store.top(limit=1)[0].id, path


@pytest.mark.parametrize("words", ["--help", "top", "runs", "show ID", "lineage ID", "sql SELECT"])
def test_it_imports_nothing_heavy(words: str, line: tuple[str, Path], tmp_path: Path) -> None:
    id_, path = line
    told = [{"ID": id_, "SELECT": "SELECT id FROM run"}.get(word, word) for word in words.split()]
    if words != "--help":
        told += ["--db", str(path)]
    env = {k: v for k, v in ENV.items() if not k.startswith("CAMBRIAN")} | {"HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", CODE, *told], capture_output=True, text=True, env=env, check=True
    )
    assert done.stderr.split() == []
