"""Runs that the clock starts: when, by whom, one at a time, on from the best."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from programs.errors import CambrianError, InputError, RunLocked
from runs import roster, shifts
from runs.bulletin import bulletin
from runs.calendar import read_rhythm
from runs.commands.schedule import command
from runs.digest import digest, keep, kept
from runs.progress import Silent
from runs.record import Owner
from runs.roster import Schedule
from runs.start import perform, prepare
from runs.store import Store
from runs.timers import KEEPERS, Cron, Systemd, keeper_here
from sandbox.memory import MemorySandbox
from tests.runs.clockwork import stand_in
from tests.runs.quick import ENV, QUICK
from tests.runs.samples import new_run
from tests.runs.test_loop import TOY, config

WEDNESDAY = datetime(2026, 1, 14, 12, 30)

HOURS = ",".join(map(str, range(24)))

RHYTHMS = [
    ("1d", "02:00", "2026-01-15 02:00", "*-*-* 02:00:00", "0 2 * * *"),
    ("1d", "13:05", "2026-01-14 13:05", "*-*-* 13:05:00", "5 13 * * *"),
    ("6h", "02:30", "2026-01-14 14:30", "*-*-* 02/6:30:00", "30 2,8,14,20 * * *"),
    ("20m", "00:05", "2026-01-14 12:45", "*-*-* *:05/20:00", "5,25,45 * * * *"),
    (
        "1h",
        "00:15",
        "2026-01-14 13:15",
        "*-*-* 00/1:15:00",
        f"15 {HOURS} * * *",
    ),
    ("1w", "mon 02:00", "2026-01-19 02:00", "Mon *-*-* 02:00:00", "0 2 * * 1"),
    ("1w", "sun 02:00", "2026-01-18 02:00", "Sun *-*-* 02:00:00", "0 2 * * 0"),
    ("1w", "Wednesday 12:30", "2026-01-21 12:30", "Wed *-*-* 12:30:00", "30 12 * * 3"),
]


@pytest.mark.parametrize(("every", "at", "due", "systemd", "cron"), RHYTHMS)
def test_three_clocks_agree(every: str, at: str, due: str, systemd: str, cron: str) -> None:
    rhythm = read_rhythm(every, at)
    assert rhythm.next(WEDNESDAY) == datetime.fromisoformat(due)
    assert rhythm.last(rhythm.next(WEDNESDAY)) == rhythm.next(WEDNESDAY)
    assert rhythm.last(WEDNESDAY) <= WEDNESDAY
    assert (rhythm.systemd, rhythm.cron) == (systemd, cron)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize("row", RHYTHMS)
def test_systemd_reads_our_calendar_as_we_do(row: tuple[str, ...]) -> None:
    due, systemd = row[2:4]
    done = subprocess.run(
        ["systemd-analyze", "calendar", "--base-time=2026-01-14 12:30:00 UTC", systemd],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TZ": "UTC"},
    )
    assert due in done.stdout.partition("Next elapse")[2], done.stdout


@pytest.mark.parametrize(
    ("every", "at", "says"),
    [
        ("7h", "02:00", "No clock keeps"),
        ("2d", "02:00", "No clock keeps"),
        ("1m", "02:00", "No clock keeps"),
        ("daily", "02:00", "no rhythm"),
        ("1d", "26:00", "no time of day"),
        ("1d", "2", "no time of day"),
        ("1d", "mon 02:00", "names a day"),
    ],
)
def test_what_no_clock_keeps_is_refused(every: str, at: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_rhythm(every, at)


def schedule(keeper: str = "systemd", folder: str = "/home/me") -> Schedule:
    words = ("run", TOY, "--evals", "5")
    return Schedule("nightly", words, "1d", "02:00", keeper, folder)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the record of what a machine's systemctl and crontab were told."""
    record, programs = tmp_path / "told", tmp_path / "bin"
    stand_in(programs, record)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return record


def test_systemd_is_given_a_service_and_a_timer(machine: Path, tmp_path: Path) -> None:
    keeper = keeper_here()
    assert keeper.name == "systemd"
    database = tmp_path / "my runs" / "100%.db"
    keeper.install(schedule(), database)
    units = tmp_path / "config" / "systemd" / "user"
    service = (units / "cambrian-nightly.service").read_text()
    timer = (units / "cambrian-nightly.timer").read_text()
    assert "Type=oneshot" in service
    assert f'schedule run nightly --due --db "{tmp_path}/my runs/100%%.db"' in service
    assert "Persistent=true" in timer
    assert "OnCalendar=*-*-* 02:00:00" in timer
    assert keeper.text(schedule(), database).count("[Unit]") == 2
    with pytest.raises(InputError, match="there already"):
        keeper.install(schedule(), database)
    keeper.pause("nightly")
    keeper.resume(schedule(), database)
    assert keeper.log("nightly", database, 7) == "said\n"
    keeper.remove("nightly")
    assert not list(units.iterdir())
    timer = "cambrian-nightly.timer"
    assert machine.read_text().splitlines() == [
        "systemctl --user show-environment",
        "systemctl --user daemon-reload",
        f"systemctl --user enable --now {timer}",
        f"systemctl --user disable --now {timer}",
        f"systemctl --user enable --now {timer}",
        "journalctl --user --no-pager -n 7 -u cambrian-nightly.service",
        f"systemctl --user disable --now {timer}",
        "systemctl --user daemon-reload",
    ]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path, machine: Path) -> None:
    Systemd().install(schedule(folder=str(tmp_path)), tmp_path / "cambrian.db")
    units = sorted((tmp_path / "config" / "systemd" / "user").iterdir())
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *map(str, units)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_cron_keeps_what_else_is_in_the_table(machine: Path, tmp_path: Path) -> None:
    table = Path(f"{machine}.tab")
    table.write_text("MAILTO=me\n0 5 * * * backup # cambrian nightly-2\n")
    before, cron, database = table.read_text(), Cron(), tmp_path / "100%.db"
    cron.install(schedule("cron"), database)
    lines = table.read_text().splitlines()
    assert lines[:2] == before.splitlines()
    assert lines[2].startswith("0 2 * * * cd /home/me && ")
    assert lines[3].startswith("@reboot cd /home/me && ")
    assert "schedule run nightly --due" in lines[2]
    assert "100\\%.db" in lines[2]
    with pytest.raises(InputError, match="another database"):
        cron.install(schedule("cron"), database)
    cron.pause("nightly")
    assert table.read_text() == before
    cron.resume(schedule("cron"), database)
    assert table.read_text().splitlines() == lines
    cron.remove("nightly")
    assert table.read_text() == before


def test_a_machine_without_a_clock_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CambrianError, match="--print"):
        keeper_here()


Words = list[Sequence[str]]


def starter(path: Path, done: Words, code: int = 0, **given: object) -> shifts.Start:
    """Return what carries out a command here, and notes its words."""

    def start(words: Sequence[str], ready: Callable[[str], None]) -> int:
        done.append(words)
        resume = words[2] if words[1] == "--resume" else ""
        with Store.open(path) as store:
            settings = config(evals=8, recall=True, onward=not resume, **given)
            prepared = prepare(store, settings, MemorySandbox(), resume=resume)
            ready(prepared.run.id)
            perform(prepared, Silent())
        return code

    return start


@pytest.fixture
def nightly(store: Store) -> Store:
    roster.add(store, schedule())
    return store


def test_a_scheduled_run_goes_on_from_the_best(nightly: Store, path: Path) -> None:
    done: Words = []
    for _ in range(2):
        assert shifts.work(path, "nightly", starter(path, done), print) == 0
    assert [words[-1] for words in done] == ["--continue"] * 2
    second, first = (nightly.run(s.run or "") for s in roster.shifts(nightly, "nightly"))
    assert (first.evaluations, second.evaluations) == (8, 8)
    assert second.seed != first.seed
    history = nightly.history(second.id)
    carried = [c for c in history if c.origin.operator == "carried on"]
    best = [r for r in nightly.top(run=first.id, limit=16) if r.operator != "warm start"]
    assert [c.origin.parents for c in carried] == [(row.id,) for row in best]
    assert all(c.recalled or c.duplicate_of for c in carried)
    fresh = {c.evaluation.fingerprint for c in history if c.score and not c.recalled}
    assert not fresh & {c.evaluation.fingerprint for c in nightly.history(first.id)} - {
        c.evaluation.fingerprint for c in history if c.recalled
    }
    assert second.best is not None
    assert first.best is not None
    assert second.best >= first.best
    assert roster.best_of(nightly, "nightly") == second.best


def test_a_shift_at_work_locks_the_others_out(nightly: Store, path: Path) -> None:
    done: Words = []

    def start(words: Sequence[str], ready: Callable[[str], None]) -> int:
        with pytest.raises(RunLocked, match="at work since") as caught:
            shifts.work(path, "nightly", starter(path, done), print)
        assert caught.value.exit_code == 75
        return 0

    assert shifts.work(path, "nightly", start, print) == 0
    assert done == []


def died(store: Store, run: str | None = None) -> None:
    """Begin a shift, and take its machine away."""
    shift = roster.begin(store, "nightly")
    gone = Owner("", 1, "1").to_json().replace('"host": ""', f'"host": "{Owner.here().host}"')
    store.execute("UPDATE shift SET owner = ? WHERE id = ?", gone, shift)
    if run is not None:
        roster.note_run(store, shift, run)
        store.execute("UPDATE run SET owner = ? WHERE id = ?", gone, run)


def test_what_died_with_its_machine_is_picked_up(nightly: Store, path: Path) -> None:
    settings = config(evals=8, recall=True, onward=True)
    left = prepare(nightly, settings, MemorySandbox()).run
    died(nightly, left.id)
    assert nightly.run(left.id).condition == "dead"
    done: Words = []
    assert shifts.work(path, "nightly", starter(path, done), print, due_only=True) == 0
    assert done == [["run", "--resume", left.id]]
    assert nightly.run(left.id).state == "done"
    latest, dead = roster.shifts(nightly, "nightly")
    assert (latest.run, latest.code, dead.message) == (left.id, 0, roster.DIED)
    assert shifts.work(path, "nightly", starter(path, done), print, due_only=True) == 0
    assert len(done) == 1


def test_a_shift_of_another_machine_is_judged_by_its_heartbeat(nightly: Store, path: Path) -> None:
    shift = roster.begin(nightly, "nightly")
    afar = Owner("elsewhere", 1, "1").to_json()
    nightly.execute("UPDATE shift SET owner = ? WHERE id = ?", afar, shift)
    with pytest.raises(RunLocked, match="elsewhere"):
        roster.begin(nightly, "nightly")
    long_ago = "2020-01-01T00:00:00+00:00"
    nightly.execute("UPDATE shift SET started = ? WHERE id = ?", long_ago, shift)
    assert roster.begin(nightly, "nightly")


def test_a_missed_time_is_made_up_for_and_a_kept_one_is_not(nightly: Store, path: Path) -> None:
    done: Words = []
    assert shifts.work(path, "nightly", starter(path, done), print, due_only=True) == 0
    assert done == []
    nightly.execute("UPDATE schedule SET created = '2026-01-01T00:00:00.000+00:00'")
    for _ in range(2):
        assert shifts.work(path, "nightly", starter(path, done), print, due_only=True) == 0
    assert len(done) == 1
    roster.pause(nightly, "nightly", True)
    nightly.execute("UPDATE shift SET started = '2026-01-01T00:00:00.000+00:00'")
    assert shifts.work(path, "nightly", starter(path, done), print, due_only=True) == 0
    assert len(done) == 1


def test_a_failure_is_noted_with_its_reason(nightly: Store, path: Path) -> None:
    def start(words: Sequence[str], ready: Callable[[str], None]) -> int:
        raise CambrianError("the disk is full")

    with pytest.raises(CambrianError):
        shifts.work(path, "nightly", start, print)
    (latest,) = roster.shifts(nightly, "nightly")
    assert (latest.code, latest.message, latest.at_work) == (1, "the disk is full", False)


def test_a_digest_tells_what_is_new_once(store: Store) -> None:
    prepared = prepare(store, config(evals=30, seed=3), MemorySandbox())
    perform(prepared, Silent())
    first = digest(store)
    (best,) = first.bests
    assert (best.id, best.before) == (store.run(prepared.run.id).best_id, None)
    assert sum(row.tried for row in first.tried) == len(store.history(prepared.run.id))
    assert [run.condition for run in first.runs] == ["done"]
    assert "new best" in bulletin(first)
    keep(store, first)
    second = digest(store)
    assert (second.since, second.bests, second.tried) == (first.created, (), ())
    assert "new best  none" in bulletin(second)
    assert digest(store, scope="nightly").bests == first.bests
    run = new_run(store).id
    store.llm_call(run, model="m", purpose="rewrite", messages=[], usd=0.25)
    assert "$0.25 for 1 questions" in bulletin(digest(store))
    assert [each["created"] for each in kept(store, 5)] == [first.created]


def cambrian(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**ENV, **{name: os.environ[name] for name in ("PATH", "XDG_CONFIG_HOME")}}
    return subprocess.run(
        [*QUICK, *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_the_life_of_a_schedule(machine: Path, tmp_path: Path) -> None:
    shown = cambrian(tmp_path, "schedule", "add", "nightly", "--print", "--", "run", TOY)
    assert "OnCalendar=*-*-* 02:00:00" in shown.stdout
    assert not (tmp_path / "cambrian.db").exists()
    words = ("run", TOY, "--evals", "5")
    added = cambrian(tmp_path, "schedule", "add", "nightly", "--every", "1d", "--", *words)
    assert added.returncode == 0, added.stderr
    ran = cambrian(tmp_path, "schedule", "run", "nightly")
    assert ran.returncode == 0, ran.stderr
    assert "New since the beginning (nightly)" in ran.stdout
    (listed,) = json.loads(cambrian(tmp_path, "schedule", "list", "--json").stdout)
    assert {"name", "next", "last", "exit", "best", "state", "command"} <= set(listed)
    assert (listed["exit"], listed["state"]) == (0, "waiting")
    assert listed["best"] is not None
    gone = cambrian(tmp_path, "schedule", "remove", "nightly")
    assert gone.returncode == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "Nightly!", "--", "run", TOY), "cannot name a schedule"),
        (("add", "n", "--", "top"), "Only `run` can be scheduled"),
        (("add", "n", "--", "run"), "Name a task"),
        (("add", "n", "--", "run", "digitz"), "Did you mean `digits`"),
        (("add", "n", "--", "run", TOY, "--proposer", "evolutoin"), "Did you mean `evolution`"),
        (("add", "n", "--", "run", TOY, "--evals", "0"), "greater than or equal to 1"),
        (("add", "n", "--", "run", TOY, "--evls", "3"), "--evals"),
        (("add", "n", "--", "run", TOY, "--detach"), "takes no `--detach`"),
        (("add", "n", "--every", "2d", "--", "run", TOY), "No clock keeps"),
    ],
)
def test_what_could_not_run_at_night_is_refused_by_day(
    words: tuple[str, ...], says: str, tmp_path: Path, machine: Path
) -> None:
    add, name, *rest = words
    database = tmp_path / "cambrian.db"
    done = CliRunner().invoke(command, [add, name, "--db", str(database), *rest])
    assert isinstance(done.exception, InputError) or done.exit_code == 2
    assert says in f"{done.exception} {done.output}"
    assert not database.exists()


def test_keepers_are_known_by_the_name_that_is_stored() -> None:
    assert {name: keeper.name for name, keeper in KEEPERS.items()} == {
        "systemd": "systemd",
        "cron": "cron",
    }
