"""Two runs on one pool: however many jobs one of them has waiting, the other gets its half."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runs.config import read_config
from runs.progress import Silent
from runs.start import perform, prepare
from runs.store import Store
from sandbox import Job, Outcome, ProcessSandbox, Sandbox
from sandbox.closing import Closing

TOY = str(Path(__file__).parents[1] / "slow_toy.py")


@dataclass
class Noting(Closing):
    """Notes whose job it was that ended; there is one worker, so that is the order of service."""

    pool: Sandbox
    served: list[str] = field(default_factory=list)
    tier: str = "process"

    def run(self, job: Job) -> Outcome:
        outcome = self.pool.run(job)
        self.served.append(job.owner)
        return outcome

    def close(self) -> None:
        self.pool.close()


def go(path: Path, pool: Sandbox, workers: int, evals: int, seed: int) -> str:
    given = {"task": TOY, "evals": evals, "workers": workers, "recall": False, "seed": seed}
    with Store.open(path) as store:
        prepared = prepare(store, read_config(**given), pool)
        state, _ = perform(prepared, Silent())
        assert state == "done"
        return prepared.run.id


def test_two_runs_take_turns(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("runs.start.interruptible", lambda _: nullcontext())  # no main thread here
    with (
        ProcessSandbox(1, ("tests.toy",), tier="process") as pool,
        ThreadPoolExecutor(2) as threads,
    ):
        pool.start()
        noting = Noting(pool)
        asked = [
            threads.submit(go, path, noting, workers, evals, seed)
            for seed, (workers, evals) in enumerate(((8, 60), (2, 20)))
        ]
        greedy, modest = (future.result() for future in asked)
    assert set(noting.served) == {greedy, modest}
    first = max(noting.served.index(run) for run in (greedy, modest))
    last = min(len(noting.served) - noting.served[::-1].index(r) for r in (greedy, modest))
    both = noting.served[first:last]
    assert len(both) > 20
    assert both.count(modest) > 0.4 * len(both)  # by who came first it would be a fifth
