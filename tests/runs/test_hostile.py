"""What strangers wrote, in the language or in free-form Python, steers no terminal and no page."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from programs.load import kind_named, library, read_program
from programs.program import Program
from runs.cli import cambrian as group
from runs.store import Store
from runs.tables import one_line
from tests.runs.samples import candidate, new_run
from tests.runs.test_cli import CAMBRIAN

EVIL = "\x1b[2J\x9b31m\u202e[bold]x[/bold]</script>"
FREE = f"""# {EVIL}
import math


def update(w, g, m, lr):
    total = 0
    for _ in range(3):
        total = total + 1
    m = 0.9 * m + g if total == 3 else g  # {EVIL}
    return lr * m, m  # {EVIL}
"""
OURS = f"def update(w, g, lr):\n    return lr * sign(g)  # {EVIL}\n"


@pytest.fixture
def ids(path: Path) -> list[str]:
    """Keep a program of the library, its free-form child and a hostile grandchild."""
    with Store.open(path) as store:
        run = new_run(store)
        parents: tuple[str, ...] = ()
        for index, source in enumerate((library("optimizer")["lion"].source, FREE, OURS)):
            program = read_program(source, kind_named("optimizer"))
            assert isinstance(program, Program)
            evil, score = EVIL if index else "", 0.5 + index / 10
            told = {"operator": evil, "rationale": evil, "parents": parents}
            one = candidate(run.id, index, score, source=source, message=evil, **told)
            store.record(run.id, replace(one, program=program))
            parents = (one.id,)
        store.finish(run.id, "done", EVIL)
        return [c.id for c in store.history(run.id)]


def asked(path: Path, *args: str) -> Result:
    return CliRunner().invoke(group, [*args, "--db", str(path)], env={"COLUMNS": "200"})


LISTINGS = (
    ("top",),
    ("top", "--sort", "operator,source"),
    ("runs",),
    ("digest",),
    ("sql", "SELECT p.source, c.operator FROM program p, candidate c"),
)


@pytest.mark.parametrize("args", LISTINGS)
@pytest.mark.usefixtures("ids")
def test_listings_show_it_inert(path: Path, args: tuple[str, ...]) -> None:
    done = asked(path, *args)
    assert done.exit_code == 0, done.output
    assert not set("\x1b\x9b\u202e") & set(done.output)


@pytest.mark.parametrize("which", [1, 2])
@pytest.mark.parametrize("form", [("show",), *(("lineage", "--as", f) for f in ("tree", "html"))])
def test_one_program_is_shown_inert(
    path: Path, ids: list[str], which: int, form: tuple[str, ...]
) -> None:
    done = asked(path, form[0], ids[which], *form[1:])
    assert done.exit_code == 0, done.output
    assert not set("\x1b\x9b\u202e") & set(done.output)


@pytest.mark.parametrize("command", ["explain", "simplify"])
def test_what_needs_statements_says_so_of_free_form_python(
    path: Path, ids: list[str], command: str
) -> None:
    done = asked(path, command, ids[1])
    assert "free-form Python, which has no statements" in str(done.exception)


def test_a_line_of_a_program_is_one_inert_line() -> None:
    assert one_line("def update(w, g):\n    a = g\n    return a\n") == "a  where a = g"
    assert one_line("x =\x1b 1\n\n\ty\n") == r"x =\x1b 1; y"
    assert one_line("") == ""


@pytest.mark.parametrize(
    "args", [("top",), ("top", "--json"), ("runs",), ("library",), ("tasks",), ("--help",)]
)
@pytest.mark.usefixtures("ids")
def test_a_reader_that_leaves_early_is_no_trouble(path: Path, args: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [CAMBRIAN, *args]
    env = {**os.environ, "CAMBRIAN_DB": str(path)}
    done = subprocess.run(
        command, cwd=path.parent, stdout=writing, stderr=subprocess.PIPE, env=env, check=False
    )
    os.close(writing)
    assert done.stderr == b""
