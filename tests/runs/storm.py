"""Runs that are killed at random instants, and what must be true after every kill.

A victim is a process of its own with real workers; it reports each candidate when the database has
it. This process adopts whatever a victim leaves behind, so that no orphan can hide.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluators.candidate import Candidate
from runs.config import RunConfig, read_config
from runs.progress import Silent
from runs.start import perform, prepare
from runs.store import Store
from sandbox.process import ProcessSandbox

ROOT = Path(__file__).parents[2]
TOY = str(ROOT / "tests" / "slow_toy.py")
ADOPT = 36
"""Linux's PR_SET_CHILD_SUBREAPER."""

PATIENCE = 60.0


class Reporting(Store):
    """A store that says what it has committed."""

    def record(self, run_id: str, candidate: Candidate) -> bool:
        new = super().record(run_id, candidate)
        if new:
            print(json.dumps([candidate.id, candidate.score]), flush=True)
        return new


def settings(seed: int, evals: int) -> RunConfig:
    return read_config(task=TOY, evals=evals, workers=3, seed=seed, recall=False)


def victim(path: str, run: str, seed: int, evals: int) -> None:
    """Begin a run, or go on with one."""
    with Reporting.open(path) as store, ProcessSandbox(3, preload=("tests.toy",)) as sandbox:
        prepared = prepare(store, settings(seed, evals), sandbox, resume=run)
        print(json.dumps(["run", prepared.run.id]), flush=True)
        perform(prepared, Silent())


@dataclass
class Storm:
    """Kills counted, and how each left things; every check raises where something is wrong."""

    path: Path
    chance: random.Random
    kills: int = 0
    reported: dict[str, float | None] = field(default_factory=dict)
    orphans_waited: float = 0.0
    before_the_run: int = 0
    finished: list[str] = field(default_factory=list)

    def run(self, seed: int, evals: int, kills: int, longest: float) -> str:
        """Kill one run up to so often, then let it end; return its id."""
        run, before = "", self.kills
        while self.kills - before < kills and not self._is_done(run):
            run = self._sitting(run, seed, evals, self.chance.uniform(0.0, longest)) or run
        while not self._is_done(run):
            run = self._sitting(run, seed, evals, None) or run
        self.finished.append(run)
        return run

    def _is_done(self, run: str) -> bool:
        with Store.open(self.path) as store:
            return run != "" and store.run(run).state == "done"

    def _sitting(self, run: str, seed: int, evals: int, lasts: float | None) -> str:
        """Let a victim work for so many seconds, kill it, and check what is left.

        One in eight is killed so long after its process began, most while the run is at work.
        """
        code = f"from tests.runs.storm import victim; victim({str(self.path)!r}, {run!r}, "
        command = [sys.executable, "-c", f"{code}{seed}, {evals})"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (self.path.with_suffix(".out")).open("w+") as out:
            process = subprocess.Popen(command, stdout=out, cwd=ROOT, env=env)
            while lasts is not None and self.kills % 8 and out_is_silent(self.path, process):
                time.sleep(0.02)
            try:
                process.wait(lasts)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                self.kills += 1
            else:
                assert process.returncode == 0, f"the victim failed with {process.returncode}"
            out.seek(0)
            lines = [json.loads(line) for line in out.read().splitlines() if line.endswith("]")]
        self._take(lines[1:])
        self._check()
        self.before_the_run += not lines
        return lines[0][1] if lines else ""

    def _take(self, committed: list[tuple[str, float | None]]) -> None:
        again = [id_ for id_, _ in committed if id_ in self.reported]
        assert not again, f"evaluated twice: {again}"
        self.reported.update(dict(committed))

    def _check(self) -> None:
        began = time.monotonic()
        while orphans := adopted():
            assert time.monotonic() - began < PATIENCE, f"orphans: {orphans}"
            time.sleep(0.02)
        self.orphans_waited = max(self.orphans_waited, time.monotonic() - began)
        with Store.open(self.path) as store:
            assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
            assert store.rows("PRAGMA foreign_key_check") == []
            kept = {r["id"]: r["score"] for r in store.rows("SELECT id, score FROM candidate")}
        lost = {id_ for id_, score in self.reported.items() if kept.get(id_, "gone") != score}
        assert not lost, f"committed and lost: {lost}"


def out_is_silent(path: Path, process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a victim has still to begin."""
    return process.poll() is None and not path.with_suffix(".out").stat().st_size


def adopt_orphans(yes: bool = True) -> None:
    """Become the parent of whatever our descendants leave behind."""
    ctypes.CDLL(None).prctl(ADOPT, int(yes), 0, 0, 0)


def adopted() -> list[int]:
    """Return our children, having let go of those that are dead."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [pid for each in children if not _reaped(pid := int(each))]


def _reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def lineage(store: Store, run: str) -> list[tuple[Any, ...]]:
    """Return what must not depend on having been killed."""
    history = store.history(run)
    place = {c.id: c.index for c in history}
    return [
        (
            (c.index, c.program.source, str(c.evaluation.status), c.score, c.evaluation.by_seed),
            (c.origin.operator, tuple(place[p] for p in c.origin.parents)),
        )
        for c in history
    ]
