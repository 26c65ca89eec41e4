"""Every command that the documents show is run here, in order, one folder for each document.

So that this is quick, commands meet a smaller world than a reader's:

    tasks        train 20 steps at two learning rates with two seeds, on the same data and networks
    searches     take `LESS` in place of what they say
    verify       is `--quick`, unless it names its tasks
    sandbox      trainings run in this process (the sandbox has tests of its own)
    ids          `3fa9c1`, `5d20e7` are the two best candidates, `4b1d` the newest run

A document finds `cambrian.db` with a finished run, `adamw.py` and `mine.py`, except the tutorial,
which makes its own. What is marked as slow must be taken by the command line here;
`test_verbatim.py` runs all of them, as they stand and with the real sandbox.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from evaluators.supervised import Supervised
from evaluators.task import TASKS
from programs.load import library
from programs.plugins import Plugins
from runs.cli import main
from sandbox.memory import MemorySandbox
from tests.docs.ids import resolved
from tests.docs.shown import Shown, demand_command, mentioned, shown, unmarked, words_of

ROOT = Path(__file__).parents[2]
DOCUMENTS = {p.name: p for p in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}

LESS = {
    "--evals": "5",
    "--seeds": "2",
    "--repeats": "1",
    "--top": "1",
    "--programs": "20",
}
"""What these options are given, whatever the document says."""

EMPTY = {"tutorial.md"}
"""Documents that begin without a database."""


def smaller(task: Any) -> Any:
    """Return a task that trains for a moment, whatever kind of program it judges."""
    if not isinstance(task, Supervised):
        return task
    body = task.body and replace(task.body, steps=20, learning_rates=(0.003, 0.01))
    rates = {"learning_rates": (0.003, 0.03), "steps": 20, "seeds": 2}
    return replace(task, **rates, further=(), body=body)


class Here(MemorySandbox):
    """A sandbox in this process that is made as the real one is."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__()


@pytest.fixture(scope="module", autouse=True)
def _small_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    import torch

    import_module("runs.doctor")  # what it looks at is the real sandbox

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    find = Plugins.find
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Plugins,
            "find",
            lambda self, n: smaller(find(self, n)) if self == TASKS else find(self, n),
        )
        patch.setattr("evaluators.statistics.Resamples.__init__.__defaults__", (199,))
        for place in ("runs.start", "runs.behaviours", "runs.bench_evaluate", "sandbox.process"):
            patch.setattr(f"{place}.ProcessSandbox", Here)
        for name in [n for n in os.environ if n.startswith("CAMBRIAN_")]:
            patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("nobody")))
        patch.setenv("COLUMNS", "120")
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished run and two program files."""
    folder = tmp_path_factory.mktemp("begun")
    with contextlib.chdir(folder):
        assert said("cambrian run digits --seed 3 --workers 1")[0] == 0
        known = library("optimizer")
        Path("adamw.py").write_text(known["adamw"].source)
        Path("mine.py").write_text(known["lion"].source)
    return folder


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_it_shows_can_be_typed(name: str, begun: Path, tmp_path: Path) -> None:
    if name not in EMPTY:
        shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    with contextlib.chdir(tmp_path):
        for each in shown(DOCUMENTS[name].read_text("utf-8")):
            if each.text:
                Path(each.line).write_text(each.text)
            else:
                demand(each)


def demand(each: Shown) -> None:
    """Run what is shown, or demand that it could be run."""
    if each.line.startswith("cambrian"):
        demand_command(each.line)
    if each.why:
        return
    assert each.line.startswith(("cambrian ", "python ")), f"mark as slow: {each.line}"
    code, told = said(each.line)
    assert code == 0, f"{each.line}\n{told}"


def said(line: str) -> tuple[int, str]:
    """Run a command in this process; return its exit code and all it said."""
    program, *words = words_of(resolved(line, Path("cambrian.db")))
    output, talk, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(talk):
        try:
            if program == "python":
                with pytest.MonkeyPatch.context() as patch:
                    patch.syspath_prepend(os.getcwd())
                    runpy.run_path(words[0], run_name="__main__")
            else:
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(sys, "argv", ["cambrian", *reduced(words)])
                    main()
        except SystemExit as end:
            code = int(end.code or 0)
    if target := re.search(r" > (\S+)", line):
        Path(target[1]).write_text(output.getvalue())
    return code, output.getvalue() + talk.getvalue()


def reduced(words: list[str]) -> list[str]:
    """Ask for less of whatever takes long."""
    few = [LESS.get(before, word) for before, word in zip(["", *words], words, strict=False)]
    if few[0] in ("run", "demo") and "--evals" not in few and "--resume" not in few:
        few += ["--evals", LESS["--evals"]]
    if few[0] in ("run", "demo", "explain") and "--workers" not in few:
        few += ["--workers", "1"]
    if few[0] == "verify":
        few += ["--quick"] * ("--tasks" not in few) + ["--seeds", LESS["--seeds"]]
    return few


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_stand_where_they_are_run(name: str) -> None:
    document = DOCUMENTS[name].read_text("utf-8")
    assert not unmarked(document), "put these into a ```console block, after `$ `"
    for line in mentioned(document):
        demand_command(line, whole=False)


@pytest.mark.parametrize(
    "line",
    [
        "cambrian rum digits",
        "cambrian run digits --eval 5",
        "cambrian top --sort",
        "cambrian db shrink",
        "cambrian show",
        "cambrian lineage 3fa9c1 --as picture",
    ],
)
def test_what_cannot_be_typed_is_found(line: str) -> None:
    with pytest.raises(click.UsageError):
        demand_command(line)


def test_what_fails_is_found(begun: Path) -> None:
    with contextlib.chdir(begun), pytest.raises(AssertionError, match="No candidate"):
        demand(Shown("cambrian show ffffffffffff"))
