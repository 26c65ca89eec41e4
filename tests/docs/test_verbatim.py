"""Every command that the documents show, typed into a shell as it stands: `make docs-commands`.

Nothing is made smaller here: the real tasks, the real sandbox, as many programs as the line says.

    CAMBRIAN_DOCS=20   what takes longer than so many seconds meets Ctrl-C once it has begun; it
                       must end with 130 and have kept its work
    ids                are those of the folder's own database (`ids.py`)
    models             are scripted (`OPENAI_BASE_URL`, so that the line needs no flag)
    clocks             systemctl, journalctl and crontab note what they are told
    packages           `pip` may install what a document says into this Python's environment

A document finds a database with a run that was stopped early, `adamw.py`, `mine.py` and what it
writes itself; the tutorial makes its own database, and the README is in a copy of the source with
its `.venv`. Commands within the text are typed too, in a folder with the files that the documents
write; one that only names a command is not.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest

from programs.load import library
from tests.agent.persona import persona
from tests.agent.server import serving
from tests.docs.ids import resolved
from tests.docs.shown import demand_command, mentioned, shown, words_of
from tests.docs.terminal import Typed, typed
from tests.docs.test_commands import DOCUMENTS, EMPTY, ROOT
from tests.runs.clockwork import stand_in

PATIENCE = float(os.environ.get("CAMBRIAN_DOCS", "0"))

pytestmark = [
    pytest.mark.skipif(not PATIENCE, reason="an hour of commands: `make docs-commands` runs them"),
    pytest.mark.timeout(4 * 3600),
]

SEARCHES = ("cambrian run", "cambrian demo", "cambrian schedule run", "make demo")
LEAVES = ("cambrian watch", "datasette")
"""What Ctrl-C ends as it is meant to be ended."""

NO_CARD = ("--device cuda",)
FILES = {"FILE": "mine.py", "TASK": "digits", "NAME": "adamw", "…": ""}
"""What stands for a name in the text, beside ids."""


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return the environment of somebody with scripted models and clocks."""
    home = tmp_path_factory.mktemp("home")
    (home / ".config" / "fish" / "completions").mkdir(parents=True)
    stand_in(home / "clocks", home / "told")
    path = os.pathsep.join([str(home / "clocks"), str(Path(sys.executable).parent)])
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CAMBRIAN", "PYTEST"))}
    with serving(persona()) as server:
        yield kept | {
            "HOME": str(home),
            "PATH": f"{path}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "120",
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": server.base,
            "OPENAI_API_BASE": server.base,
        }


@pytest.fixture(scope="module")
def begun(env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run that was stopped early, and two program files."""
    folder = tmp_path_factory.mktemp("begun")
    commands = Commands(folder, env)
    commands.run("cambrian run digits --seed 3")
    assert not commands.wrong, commands.wrong
    for name, known in {"adamw.py": "adamw", "mine.py": "lion"}.items():
        (folder / name).write_text(library("optimizer")[known].source)
    return folder


@pytest.mark.parametrize("name", DOCUMENTS)
def test_its_commands_run_as_they_stand(
    name: str, env: dict[str, str], begun: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    if name == "README.md":
        _clone(folder)
    elif name not in EMPTY:
        shutil.copytree(begun, folder, dirs_exist_ok=True)
    with _nothing_left_at_work(folder, env):
        commands = Commands(folder, env)
        for each in shown(DOCUMENTS[name].read_text("utf-8")):
            if each.text:
                (folder / each.line).write_text(each.text)
            else:
                commands.run(each.line)
    assert not commands.wrong, "\n\n".join(commands.wrong)


def test_commands_within_the_text_run_as_they_stand(
    env: dict[str, str], begun: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(begun, tmp_path / "work")
    lines: dict[str, None] = {}
    for document in [path.read_text("utf-8") for path in DOCUMENTS.values()]:
        for each in shown(document):
            if each.line.endswith(".py") and each.text:  # settings would change what comes after
                (folder / each.line).write_text(each.text)
        lines |= dict.fromkeys(line for line in mentioned(document) if _is_whole(line))
    for copy in ("A.db", "B.db"):
        shutil.copy(folder / "cambrian.db", folder / copy)
    with _nothing_left_at_work(folder, env):
        commands = Commands(folder, env)
        for line in lines:
            commands.run(" ".join(FILES.get(word, word.rstrip("…")) for word in line.split(" ")))
    assert not commands.wrong, "\n\n".join(commands.wrong)


class Commands:
    """A shell in a folder: each command must end well, or be stopped without loss."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env
        self.wrong: list[str] = []

    @property
    def database(self) -> Path:
        return self.folder / "cambrian.db"

    def run(self, line: str) -> Typed:
        """Type a line; note what is wrong where it does not do what a reader may expect."""
        before = self.candidates()

        def has_begun(told: str) -> bool:
            if line.startswith(SEARCHES):
                return self.candidates() >= before + 5
            if line.startswith("pip"):
                return False
            return "%]" in told if line.startswith("make") else bool(told)

        with _cluster(line) as address:
            env = self.env | address
            there = resolved(line, self.database)
            done = typed(there, self.folder, env, PATIENCE, has_begun)
        how = "stopped" if done.stopped else "ended"
        print(f"\n{done.seconds:6.1f} s  {how} {done.code}  {line}", end="", flush=True)
        well = done.code in _expected(line, done) and "Traceback" not in done.told
        if done.stopped and line.startswith(SEARCHES):
            well = (well and self.is_kept(before)) or (done.code == 0 and self.state() == "done")
        if not well:
            self.wrong.append(f"{line} {how} {done.code}, saying:\n{done.told[-4000:]}")
        return done

    def candidates(self) -> int:
        """Count what the database holds."""
        return self._one("SELECT count(*) FROM candidate") if self.database.exists() else 0

    def is_kept(self, before: int) -> bool:
        """Tell whether a stopped search left its work and a sound file.

        It is done, and not stopped, where Ctrl-C met the verdict at its end.
        """
        more, over = self.candidates() >= before + 5, self.state() in ("stopped", "done")
        return more and over and self._one("PRAGMA integrity_check") == "ok"

    def state(self) -> str:
        """Return how the newest run stands: done, where it was over as it was to be stopped."""
        return self._one("SELECT state FROM run ORDER BY started DESC LIMIT 1")

    def _one(self, sql: str) -> Any:
        with closing(sqlite3.connect(self.database, timeout=60)) as db:
            return db.execute(sql).fetchone()[0]


def _expected(line: str, done: Typed) -> tuple[int, ...]:
    if done.stopped and line.startswith("make"):
        return (2, 130)  # 2 where make itself could still say that it was stopped
    if done.stopped:
        return (0,) if line.startswith(LEAVES) else (130,)
    return (2,) if any(words in line for words in NO_CARD) and not _has_card() else (0,)


def _has_card() -> bool:
    import torch

    return torch.cuda.is_available()


def _is_whole(line: str) -> bool:
    """Tell whether a command within the text can be typed, or only names a command."""
    try:
        demand_command(line)
    except click.MissingParameter:
        return False
    return line not in ("cambrian run", "cambrian db", "cambrian schedule", "cambrian bench")


def _clone(folder: Path) -> None:
    """Copy the source as a clone would have it, and let it share this environment."""
    left = shutil.ignore_patterns(
        ".git", ".venv", "__pycache__", "*.db*", ".*_cache", ".hypothesis"
    )
    shutil.copytree(ROOT, folder, ignore=left, dirs_exist_ok=True)
    ready = Path(sys.executable).parents[1]
    (folder / ".venv").symlink_to(ready)
    long_ago = (ready / "pyvenv.cfg").stat().st_mtime - 1
    for name in ("pyproject.toml", "constraints.txt"):
        os.utime(folder / name, (long_ago, long_ago))


@contextmanager
def _nothing_left_at_work(folder: Path, env: dict[str, str]) -> Iterator[None]:
    """End whatever a document started in the background, if it did not."""
    try:
        yield
    finally:
        database = folder / "cambrian.db"
        alive = []
        if database.exists():
            with closing(sqlite3.connect(database, timeout=60)) as db:
                alive = db.execute("SELECT id FROM run WHERE state = 'running'").fetchall()
        for (run,) in alive:
            subprocess.run(["cambrian", "stop", run, "--now"], cwd=folder, env=env, check=False)


@contextmanager
def _cluster(line: str) -> Iterator[dict[str, str]]:
    """Start a machine of Ray's for a line that asks for one."""
    if "ray:auto" not in words_of(line):
        yield {}
        return
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed: `make docs-commands` does that")
    from importlib import import_module

    node = {"num_cpus": 2, "object_store_memory": 80 * 2**20, "include_dashboard": False}
    cluster = import_module("ray.cluster_utils").Cluster(initialize_head=True, head_node_args=node)
    try:
        yield {"RAY_ADDRESS": cluster.address}
    finally:
        cluster.shutdown()
