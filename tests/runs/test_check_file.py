"""A file that is no plug-in is read and never run, whatever command it is given to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluators.task import TASKS
from programs.errors import InputError
from programs.plugins import MAX_CHARACTERS, constants_in
from tests.programs.test_plugin_kind import LOSS
from tests.runs.test_cli import TOY, cambrian

RUN = "open('RUN', 'w').write('x')\n"
"""A first line that leaves a file behind if anyone runs it."""

BODY = "(w, g, lr):\n    return lr * g\n"
TEXTS = {
    "misspelt": (f"{RUN}def updaet{BODY}", "line 1, column 1: expected `def update(…)`"),
    "long": (f"{RUN}def update{BODY}#{'x' * 70_000}\n", "at most 65,536 are read"),
    "huge": (f"def update{BODY}" + "x = 1\n" * 1_700_000, "at most 65,536 are read"),
    "deep": ("x = " + "-" * 20_000 + "1\n", "nested too deeply"),
    "broken": (f"{RUN}def schedule(step, total)\n    return 1\n", "line 2, column 26: not valid"),
    "capital": (f"def Update{BODY}", "line 1, column 1: expected a function `update`"),
    "of a kind": ("def shedule(step, total):\n    return 1\n", "a function `schedule`"),
    "empty": ("", "line 1, column 1: expected a function"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_what_is_no_program_gets_a_located_error(tmp_path: Path, case: str) -> None:
    source, told = TEXTS[case]
    (tmp_path / "mine.py").write_text(source)
    done = cambrian("check", "mine.py", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert told in " ".join(done.stdout.replace("it reads", "").split()), done.stdout
    assert not done.stderr
    assert not (tmp_path / "RUN").exists()


def test_a_plug_in_with_a_mistake_is_told_as_one(tmp_path: Path) -> None:
    for constant, sort in (("TASK", "task"), ("OPERATOR", "operator")):
        (tmp_path / "mine.py").write_text(f"{RUN}{constant} = (1\n")
        done = cambrian("check", "mine.py", cwd=tmp_path)
        assert done.returncode == 2
        assert f"The {sort} file mine.py fails to load: SyntaxError" in done.stderr
        assert not (tmp_path / "RUN").exists()


@pytest.mark.parametrize(
    "command",
    [
        ("run", "mine.py"),
        ("eval", "mine.py", "--task", TOY),
        ("eval", "good.py", "--task", "mine.py"),
        ("hash", "mine.py"),
        ("diff", "good.py", "mine.py"),
        ("simplify", "mine.py"),
        ("explain", "mine.py"),
        ("export", "mine.py"),
        ("tasks", "mine.py"),
    ],
)
def test_no_command_runs_a_text_that_is_no_task(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "mine.py").write_text(TEXTS["misspelt"][0])
    (tmp_path / "good.py").write_text(f"def update{BODY}")
    done = cambrian(*command, cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "RUN").exists(), done.stdout


def test_a_program_of_a_kind_from_a_file_is_checked_as_one(tmp_path: Path) -> None:
    (tmp_path / "loss.py").write_text(LOSS)
    (tmp_path / "mine.py").write_text("def loss(p, y):\n    return square(p - y)\n")
    done = cambrian("check", "mine.py", "--kind", "./loss.py", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "loss, a program of the language" in " ".join(done.stdout.split())
    (tmp_path / "mine.py").write_text("def loss(p, y):\n    return squire(p - y)\n")
    done = cambrian("check", "mine.py", "--kind", "./loss.py", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean" in " ".join(done.stdout.split())
    done = cambrian("check", "mine.py", "--kind", "los", cwd=tmp_path)
    assert done.returncode != 0
    assert "There is no kind `los`" in done.stderr


def test_a_program_that_is_doubted_passes(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def update(w, g, lr):\n    return w - lr * g\n")
    done = cambrian("check", "mine.py", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "warn optimizer as it is meant the new weight" in " ".join(done.stdout.split())
    rows = json.loads(cambrian("check", "mine.py", "--json", cwd=tmp_path).stdout)
    assert [bool(row["doubt"]) for row in rows] == [False, False, False, True]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (f"{RUN}x = 1\n", "defines no constant `TASK`"),
        (f"{RUN}TASK = (\n", "fails to load: SyntaxError"),
        (f"{RUN}TASK = 1\n" + "#" * MAX_CHARACTERS, "at most 1,048,576 are read"),
    ],
)
def test_a_task_file_is_read_before_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(source)
    with pytest.raises(InputError, match=told):
        TASKS.find("mine.py")
    assert not Path("RUN").exists()


@pytest.mark.parametrize(
    "text",
    [
        "TASK = 1",
        "TASK: int = 1",
        "X, TASK = 1, 2",
        "from tasks import TASK",
        "from tasks import mine as TASK",
        "try:\n    from tasks import TASK\nexcept ImportError:\n    pass",
        "if True:\n    TASK = 1",
    ],
)
def test_a_constant_may_be_bound_in_any_way(text: str) -> None:
    assert "TASK" in constants_in(text)


def test_a_local_name_is_no_constant() -> None:
    assert "TASK" not in constants_in("def f():\n    TASK = 1\n# TASK = 1\n'TASK = 1'\nTASK: int\n")
