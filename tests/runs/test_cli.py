"""The command line as its users meet it: output, exit codes, and one sentence for bad input."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from programs.load import library
from runs.cli import COMMANDS

CAMBRIAN = str(Path(sys.executable).with_name("cambrian"))
TESTS = Path(__file__).parents[1]
TOY, SLOW = str(TESTS / "toy.py"), str(TESTS / "slow_toy.py")


def cambrian(
    *args: str | Path, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "120", **(env or {})}
    command = [CAMBRIAN, *map(str, args)]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=240
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a database of one finished run."""
    folder = tmp_path_factory.mktemp("home")
    done = cambrian("run", TOY, "--evals", "30", "--seed", "2", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def listed(home: Path, *args: str) -> list[dict]:
    return json.loads(cambrian(*args, "--json", cwd=home).stdout)


def test_a_run_ends_in_a_verdict_a_program_and_the_way_on(tmp_path: Path) -> None:
    done = cambrian("run", TOY, "--evals", "10", "--display", "plain", cwd=tmp_path)
    assert done.returncode == 0
    assert "tuned adamw" in done.stdout
    assert "def update(" in done.stdout
    assert "Lineage: warm start" in done.stdout
    for command in ("top", "show", "lineage", "export"):
        assert f"cambrian {command} " in done.stdout
    assert str(tmp_path / "cambrian.db") in done.stderr.replace("\n", "")
    assert "isolation" in done.stderr


def test_listings_have_the_keys_that_scripts_rely_on(home: Path) -> None:
    (run,) = listed(home, "runs")
    owed = {
        "id",
        "task",
        "state",
        "evaluations",
        "duplicates",
        "rejected",
        "best",
        "usd",
        "seconds",
    }
    assert owed <= set(run)
    assert run["evaluations"] == 30
    rows = listed(home, "top")
    owed = {"id", "kind", "task", "score", "stderr", "size", "baseline", "proposer", "source"}
    assert owed <= set(rows[0])
    assert [r["score"] for r in rows] == sorted((r["score"] for r in rows), reverse=True)
    assert listed(home, "top", run["id"][:4], "-n", "3") == rows[:3]
    assert {row["rung"] for row in rows} == {"search"}
    assert [stage["name"] for stage in run["stages"]] == ["gate", "first steps", "search"]
    assert run["stages"][1]["judged"] == 30
    assert run["agreement"] == []
    assert {t["name"] for t in listed(home, "tasks")} >= {"digits"}
    assert {p["name"] for p in listed(home, "library")} >= {"adamw", "lion", "nesterov", "sgd"}
    schedules = listed(home, "library", "--kind", "schedule")
    assert {p["kind"] for p in schedules} == {"schedule"}


def test_a_ladder_is_told_of_by_every_listing(tmp_path: Path) -> None:
    args = ("run", TOY, "--evals", "60", "--rungs", "2", "--seed", "2", "--display", "plain")
    done = cambrian(*args, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (run,) = listed(tmp_path, "runs")
    gate, first, quick, search = run["stages"]
    assert gate["judged"] == gate["passed"] + run["rejected"] + run["duplicates"]
    assert first["judged"] == quick["judged"] == run["evaluations"] == 60
    assert 19 <= search["judged"] <= 32
    (agreement,) = run["agreement"]
    assert (agreement["low"], agreement["high"]) == ("quick", "search")
    assert agreement["programs"] == search["passed"]
    assert agreement["interval"][0] <= agreement["spearman"] <= agreement["interval"][1]
    best = listed(tmp_path, "top")[0]
    assert best["rung"] == "search"
    assert run["best_id"] == best["id"]
    shown = json.loads(cambrian("show", best["id"], "--json", cwd=tmp_path).stdout)
    quick, climb = shown["rungs"]
    assert (quick["rung"], climb["rung"], shown["rung"]) == ("quick", "search", "search")
    assert quick["score"] != climb["score"] == shown["score"] == best["score"]
    assert shown["metrics"] == climb["metrics"] != quick["metrics"]
    for text in (done.stdout, done.stderr, cambrian("top", run["id"], cwd=tmp_path).stdout):
        text = " ".join(text.split())
        assert f"quick 60 → search {search['judged']}" in text
        assert f"quick and search agree {agreement['spearman']:.2f}" in text
    assert f"Judging the winner {best['id'][:6]}" in done.stderr
    drawn = cambrian("lineage", best["id"], cwd=tmp_path).stdout.splitlines()
    end = f"{best['score']:.4f} on search"
    assert any(line.startswith(("└─", "──")) and end in line for line in drawn)
    assert re.search(rf"^Lineage: warm start .* {re.escape(end)}$", done.stdout, re.MULTILINE)


def test_show_and_lineage_of_the_best(home: Path) -> None:
    best = listed(home, "top")[0]["id"]
    shown = json.loads(cambrian("show", best[:6], "--json", cwd=home).stdout)
    assert shown["id"] == best
    assert shown["verdict"]
    assert len(shown["by_seed"]) == 2
    screen = cambrian("show", best[:6], cwd=home).stdout
    assert "def update(" in screen
    assert shown["score_name"] == "luck"
    assert re.search("score +luck: higher is better", screen)
    tree = cambrian("lineage", best[:6], "--as", "tree", cwd=home).stdout
    assert best[:6] in tree
    graph = json.loads(cambrian("lineage", best[:6], "--as", "json", cwd=home).stdout)
    assert graph["id"] == best
    assert cambrian("lineage", best, "--as", "mermaid", cwd=home).returncode == 0


def test_hash_sees_through_writing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(library("optimizer")["lion"].source)
    other = """
def update(w, g, velocity, lr):
    unused = exp(g)
    c = 0.9 * velocity + 0.1 * g
    return (sign(c) + w * 0.1) * lr, velocity * 0.99 + g * 0.01
"""
    (tmp_path / "b.py").write_text(other)
    (tmp_path / "c.py").write_text(other.replace("0.99", "0.98"))
    a, b, c = listed(tmp_path, "hash", "a.py", "b.py", "c.py")
    assert set(a) >= {"file", "kind", "key", "fingerprint"}
    assert a["fingerprint"] == b["fingerprint"] != c["fingerprint"]


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_file_that_is_no_program_keeps_no_other_from_being_hashed(
    tmp_path: Path, flags: list[str]
) -> None:
    (tmp_path / "good.py").write_text(library("optimizer")["lion"].source)
    (tmp_path / "bad.py").write_text("def update(w, g, lr):\n    return lr * gg\n")
    alone = cambrian("hash", "good.py", *flags, cwd=tmp_path)
    done = cambrian("hash", "bad.py", "good.py", "absent.py", *flags, cwd=tmp_path)
    assert (alone.returncode, done.returncode) == (0, 2)
    assert "line 2" in done.stderr
    assert "absent.py" in done.stderr
    if not flags:
        assert done.stdout == alone.stdout
        return
    bad, good, absent = json.loads(done.stdout)
    assert [good] == json.loads(alone.stdout)
    assert set(bad) == set(absent) == {"file", "fault"}
    assert "line 2" in bad["fault"]


def test_eval_answers_for_good_and_bad_programs(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(library("optimizer")["lion"].source)
    (tmp_path / "bad.py").write_text("def update(w, g, lr):\n    return torch.sign(g)\n")
    good = cambrian("eval", "good.py", "--task", TOY, "--json", cwd=tmp_path)
    answer = json.loads(good.stdout)
    owed = {"status", "score", "metrics", "by_seed", "fingerprint", "message", "seconds", "device"}
    assert owed | {"tier"} <= set(answer)
    assert answer["status"] == "scored"
    bad = cambrian("eval", "bad.py", "--task", TOY, "--json", cwd=tmp_path)
    assert bad.returncode == 0
    answer = json.loads(bad.stdout)
    assert answer["status"] == "invalid"
    assert "line 2" in answer["message"]
    assert "sign" in answer["message"]


BAD: Sequence[tuple[Sequence[str], str]] = [
    (["run", "digitz"], "Did you mean `digits`"),
    (["run"], "Name a task"),
    (["run", "nowhere.py"], "no task file"),
    (["run", "digits", "--evals", "0"], "evals"),
    (["run", "digits", "--evals", "many"], "evals"),
    (["run", "digits", "--rungs", "4"], "rungs"),
    (["run", "digits", "--rungs", "2", "--eta", "1"], "eta"),
    (["bench", "ladder", "--task", "digitz"], "Did you mean `digits`"),
    (["run", "digits", "--device", "tpu"], "device"),
    (["run", "digits", "--device", "cuda:7"], "cuda:7"),
    (["run", "digits", "--proposer", "evolution:x"], "NAME:WEIGHT"),
    (["run", "digits", "--proposer", "evolutoin"], "Did you mean `evolution`"),
    (["run", "--resume", "abc"], "cambrian.db"),
    (["run", "digits", "--replay", "abc"], "cambrian.db"),
    (["run", "--replay", "abc"], "cambrian.db"),
    (["run", "digits", "--db", "no/such/folder/x.db"], "no/such/folder"),
    (["run", "digits", "--db", "."], "folder"),
    (["run", "digits", "--db", "text.db"], "not a database"),
    (["top", "--db", "text.db"], "not a database"),
    (["top", "--db", "newer.db"], "newer"),
    (["top"], "cambrian demo"),
    (["show", "abc", "--db", "absent.db"], "absent.db"),
    (["eval", "absent.py", "--task", "digits"], "absent.py"),
    (["eval", "text.db", "--task", "digitz"], "digits"),
    (["hash", "absent.py"], "absent.py"),
    (["hash", "broken.py"], "line 2"),
    (["hash", "binary.py"], "cannot be read"),
    (["lineage"], "ID"),
    (["frobnicate"], "no command"),
]


@pytest.mark.parametrize(("args", "says"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_gets_one_clear_sentence(tmp_path: Path, args: Sequence[str], says: str) -> None:
    (tmp_path / "text.db").write_text("this is no database, it only has the name of one\n" * 99)
    (tmp_path / "broken.py").write_text("def update(w, g, lr):\n    return lr * gg\n")
    (tmp_path / "binary.py").write_bytes(bytes(range(256)))
    with sqlite3.connect(tmp_path / "newer.db") as db:
        db.execute("CREATE TABLE run(id)")
        db.execute("PRAGMA user_version = 999")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    done = cambrian(*args, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert says in done.stderr
    assert done.stdout == ""
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_unknown_ids_are_said(home: Path) -> None:
    for command in (["show", "zzz"], ["lineage", "zzz"], ["export", "zzz"], ["top", "zzz"]):
        done = cambrian(*command, cwd=home)
        assert done.returncode == 2
        assert "zzz" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_database_comes_from_flag_then_environment(home: Path, tmp_path: Path) -> None:
    env = {"CAMBRIAN_DB": str(home / "cambrian.db")}
    assert cambrian("runs", cwd=tmp_path, env=env).returncode == 0
    done = cambrian("runs", "--db", "other.db", cwd=tmp_path, env=env)
    assert done.returncode == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, tmp_path: Path) -> None:
    done = cambrian(name, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert f"Example: cambrian {name}" in done.stdout


def test_help_is_quick(tmp_path: Path) -> None:
    times = []
    for _ in range(3):
        began = processor_time_of_children()
        cambrian("--help", cwd=tmp_path)
        times.append(processor_time_of_children() - began)
    assert min(times) < 0.4


def processor_time_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def started(folder: Path, *args: str) -> subprocess.Popen[str]:
    command = [CAMBRIAN, "run", SLOW, "--evals", "60", "--seed", "4", "--display", "json", *args]
    return subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )


def wait_for_candidates(process: subprocess.Popen[str], count: int) -> list[dict]:
    """Read the JSON display until so many candidates are reported, which are then committed."""
    assert process.stderr is not None
    seen: list[dict] = []
    for line in process.stderr:
        if line.startswith("{") and json.loads(line)["event"] == "candidate":
            seen.append(json.loads(line))
            if len(seen) >= count:
                break
    return seen


def outline(folder: Path) -> list[tuple]:
    with sqlite3.connect(folder / "cambrian.db") as db:
        sql = "SELECT idx, program, status, score, operator FROM candidate ORDER BY idx"
        climbs = (
            "SELECT c.idx, k.rung, k.status, k.score, k.metrics FROM climb k "
            "JOIN candidate c ON c.id = k.candidate ORDER BY c.idx, k.rung"
        )
        return [*db.execute(sql).fetchall(), *db.execute(climbs).fetchall()]


@pytest.fixture(scope="module", params=["1", "3"])
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[tuple]]:
    """Return a number of rungs, and what an undisturbed run on so many comes to."""
    folder = tmp_path_factory.mktemp("whole")
    process = started(folder, "--rungs", request.param)
    process.communicate()
    assert process.returncode == 0
    return request.param, outline(folder)


def test_kill_9_loses_nothing_but_what_is_in_flight(
    tmp_path: Path, whole: tuple[str, list[tuple]]
) -> None:
    # Early in a plain run and late on a ladder; `make kills` draws 200 moments of its own.
    rungs, undisturbed = whole
    process = started(tmp_path, "--rungs", rungs)
    seen = wait_for_candidates(process, 2 if rungs == "1" else 25)
    process.kill()
    process.communicate()
    kept = {row[0] for row in outline(tmp_path)}
    assert {c["index"] for c in seen} <= kept
    (run,) = listed(tmp_path, "runs")
    done = cambrian("run", "--resume", run["id"][:5], "--display", "none", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert outline(tmp_path) == undisturbed


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_stops_and_says_how_to_go_on(tmp_path: Path, times: int) -> None:
    process = started(tmp_path)
    wait_for_candidates(process, 5)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    found = re.search(r"cambrian run --resume (\w+)", said)
    assert found is not None
    (run,) = listed(tmp_path, "runs")
    assert run["id"] == found[1]
    assert run["state"] == "stopped"
    assert run["evaluations"] >= 1


def test_a_run_that_somebody_works_on_is_not_taken(tmp_path: Path) -> None:
    process = started(tmp_path, "--evals", "5000")
    wait_for_candidates(process, 2)
    (run,) = listed(tmp_path, "runs")
    done = cambrian("run", "--resume", run["id"], cwd=tmp_path)
    process.kill()
    process.communicate()
    assert done.returncode == 75
    assert "Traceback" not in done.stderr


def test_an_exported_file_trains_where_our_packages_cannot_be_imported(home: Path) -> None:
    best = listed(home, "top")[0]["id"]
    done = cambrian("export", best[:6], "-o", "mine.py", cwd=home)
    assert done.returncode == 0, done.stderr
    code = """
import sys

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"agent", "programs", "sandbox", "evaluators", "runs"}:
            raise ImportError(f"{name} is out of reach")

sys.meta_path.insert(0, Wall())
sys.path.insert(0, ".")
import torch, mine
(made,) = [c for c in vars(mine).values() if isinstance(c, type)]
torch.manual_seed(0)
net = torch.nn.Linear(3, 2)
optimizer = made(net.parameters(), lr=0.01)
assert isinstance(optimizer, torch.optim.Optimizer)
before = net.weight.detach().clone()
for _ in range(3):
    optimizer.zero_grad()
    net(torch.ones(4, 3)).square().mean().backward()
    optimizer.step()
assert not torch.equal(before, net.weight)
try:
    import programs
except ImportError:
    print("trained alone")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=home, capture_output=True, text=True, check=False
    )
    assert done.stdout == "trained alone\n", done.stderr
    assert "verdict" in (home / "mine.py").read_text()


@pytest.mark.parametrize("how", ["flag", "environment"])
def test_a_run_is_repeated_by_its_name_alone(home: Path, tmp_path: Path, how: str) -> None:
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    (run,) = listed(tmp_path, "runs")
    flags, env = ([], {"CAMBRIAN_REPLAY": run["id"]})
    if how == "flag":
        flags, env = (["--replay", run["id"]], {})
    done = cambrian("run", *flags, "--display", "none", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    again, first = listed(tmp_path, "runs")
    assert first["id"] == run["id"]
    assert again["task"] == first["task"]
    lines = (
        f"SELECT program FROM candidate WHERE run = '{each['id']}' ORDER BY idx"
        for each in (again, first)
    )
    told = [[row["program"] for row in listed(tmp_path, "sql", line)] for line in lines]
    assert told[0] == told[1] != []
