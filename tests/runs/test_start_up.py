"""What people type all day imports next to nothing: no arrays, no models, no validation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runs.filling import fill
from runs.store import Store
from tests.runs.quick import ENV

HEAVY = (
    *("numpy", "scipy", "torch", "pydantic", "sqlite_utils", "litellm", "importlib.metadata"),
    *("platformdirs", "statistics", "socket", "zipfile", "pygments"),
)

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


EARLY = """
import os, signal, sys

moment = sys.argv[1]

class Impatient:
    def find_spec(self, name, *_):
        if name == moment:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Impatient())
from runs.begin import program
sys.argv[1:] = ["top", "--json"]
program()
"""


@pytest.mark.parametrize("module", ["runs.cli", "click", "runs.commands.top", "runs.store"])
def test_ctrl_c_before_anything_began_leaves_no_traceback(module: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EARLY, module],
        capture_output=True,
        text=True,
        env=ENV,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode in (-signal.SIGINT, 130)
    assert done.stderr.strip() == ""


def listing(path: Path, output: int, more: str = "") -> subprocess.CompletedProcess[str]:
    told = ["top", "-n", "60", "--db", str(path), *more.split()]
    return subprocess.run(
        [sys.executable, "-m", "runs.cli", *told],
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        env=ENV,
        check=False,
    )


@pytest.mark.parametrize("more", ["", "--json"])
def test_a_reader_that_leaves_is_no_failure(more: str, line: tuple[str, Path]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = listing(line[1], writing, more)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("more", ["", "--json"])
def test_a_full_disk_is_said_in_a_line(more: str, line: tuple[str, Path]) -> None:
    with Path("/dev/full").open("w") as full:
        done = listing(line[1], full.fileno(), more)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the output cannot be written: No space left")
    assert len(done.stderr.splitlines()) == 1
