"""Questions in SQL are answered, bounded, and change nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from programs.errors import InputError
from runs.asking import ask
from runs.commands.sql import command
from runs.filling import fill
from runs.store import Store

DOCS = Path(__file__).parents[2] / "docs" / "database.md"
EXAMPLES = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("asking") / "cambrian.db"
    with Store.open(path) as store:
        fill(store, 300, 2, np.random.default_rng(0), together=100)
        run = store.runs()[0].id
        store.llm_call(run, model="m", purpose="p", messages=[], usd=0.5)
    return path


WRITES = (
    "DELETE FROM run",
    "UPDATE candidate SET score = 1",
    "INSERT INTO event(run, time, name, detail) VALUES ('', '', '', '')",
    "DROP VIEW leaderboard",
    "CREATE TABLE mine(x)",
    "CREATE TEMP TABLE mine(x)",
    "ATTACH 'other.db' AS other",
    "PRAGMA user_version = 9",
    "PRAGMA query_only = OFF",
    "PRAGMA journal_mode = DELETE",
    "VACUUM INTO 'copy.db'",
    "BEGIN IMMEDIATE",
    "SELECT load_extension('x')",
    "INSERT INTO program_fts(program_fts) VALUES ('rebuild')",
)


@pytest.mark.parametrize("sql", WRITES)
def test_nothing_can_be_changed(
    database: Path, sql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = database.read_bytes()
    with pytest.raises(InputError, match="not answered"):
        ask(database, sql)
    assert database.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_is_said_with_what_there_is(database: Path) -> None:
    with pytest.raises(InputError, match="leaderboard, edges"):
        ask(database, "SELECT * FROM leaders")
    with pytest.raises(InputError, match="no such column: scor"):
        ask(database, "SELECT scor FROM leaderboard")
    with pytest.raises(InputError, match="one statement"):
        ask(database, "SELECT 1; SELECT 2")


def test_an_endless_question_ends(database: Path) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT sum(x) FROM n"
    with pytest.raises(InputError, match="longer than"):
        ask(database, endless, seconds=0.2)


def test_rows_are_bounded(database: Path) -> None:
    answer = ask(database, "SELECT id FROM candidate", limit=7)
    assert (len(answer.rows), answer.cut) == (7, True)
    assert not ask(database, "SELECT id FROM candidate LIMIT 7", limit=7).cut


def test_there_are_five_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("sql", EXAMPLES)
def test_the_documented_questions_are_answered(database: Path, sql: str) -> None:
    answer = ask(database, sql)
    assert answer.columns
    if "sign" not in sql:
        assert answer.rows


def test_the_documented_columns_are_those_of_the_views(database: Path) -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| `([^`]+)` \|$", DOCS.read_text(), re.MULTILINE)
    assert len(rows) == 7
    for view, columns in rows:
        assert list(ask(database, f"SELECT * FROM {view} LIMIT 1").columns) == columns.split(", ")


def asked(*args: str) -> str:
    done = CliRunner().invoke(command, list(args), catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_answers_are_tables_json_or_csv(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "SELECT x'00ff' AS bytes, NULL AS empty, 0.5 AS half, 'a, b' AS text"
    row = {"bytes": "00ff", "empty": None, "half": 0.5, "text": "a, b"}
    assert json.loads(asked(sql, "--db", str(database), "--json")) == [row]
    (read,) = csv.DictReader(io.StringIO(asked(sql, "--db", str(database), "--csv")))
    assert read == {"bytes": "00ff", "empty": "", "half": "0.5", "text": "a, b"}
    monkeypatch.setenv("COLUMNS", "60")
    lines = asked("SELECT * FROM spend", "--db", str(database)).splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= 60
    done = CliRunner().invoke(command, [sql, "--db", str(database), "--csv", "--json"])
    assert isinstance(done.exception, InputError)
