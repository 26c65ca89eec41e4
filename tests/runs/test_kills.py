"""`kill -9` at random instants: nothing committed is lost, nobody is left, the run ends as well.

`make kills` does this 200 times and prints its counts; a few times belong to every test run.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

import pytest

from runs.progress import Silent
from runs.start import perform, prepare
from runs.store import Store
from sandbox.memory import MemorySandbox
from tests.runs.storm import Storm, adopt_orphans, adopted, lineage, settings

KILLS = int(os.environ.get("CAMBRIAN_KILLS", "3"))
EACH = 10
"""Kills of one run before it may end."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted as Linux does")


def test_a_run_that_is_killed_ends_as_one_that_is_not(tmp_path: Path) -> None:
    evals, longest = (400, 3.0) if KILLS > EACH else (40, 0.5)
    if adopted():
        pytest.skip("processes of other tests are still about")
    adopt_orphans()
    began = time.monotonic()
    try:
        storm = Storm(tmp_path / "storm.db", random.Random(KILLS))
        while storm.kills < KILLS:
            seed = len(storm.finished)
            run = storm.run(seed, evals, min(EACH, KILLS - storm.kills), longest)
            with Store.open(storm.path) as store:
                assert lineage(store, run) == uninterrupted(tmp_path, seed, evals), broken(store)
    finally:
        adopt_orphans(False)
    print(
        f"\n{storm.kills} kills of {len(storm.finished)} runs, {len(storm.reported)} candidates "
        f"committed: none lost, none evaluated twice; {storm.before_the_run} kills before the run "
        f"was at work; the last process was gone {storm.orphans_waited:.2f} s after its run at "
        f"most; {time.monotonic() - began:.0f} s in all, load {os.getloadavg()[0]:.1f}"
    )


def broken(store: Store) -> str:
    """Say which candidates failed, and why: nothing of the toy task should."""
    sql = "SELECT run, idx, status, message FROM candidate WHERE status IN ('failed', 'timed out')"
    return f"{store.rows(sql)}"


def uninterrupted(folder: Path, seed: int, evals: int) -> list[tuple[object, ...]]:
    with Store.open(folder / "reference.db") as store:
        prepared = prepare(store, settings(seed, evals), MemorySandbox())
        perform(prepared, Silent())
        return lineage(store, prepared.run.id)
