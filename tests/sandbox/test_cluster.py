"""Many machines: the same answers as here, and nothing lost or counted twice when one dies.

The machines are Ray nodes of this one, each with two processors to give.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from evaluators.candidate import Candidate
from evaluators.task import find_task
from programs.errors import InputError, SandboxUnavailable
from runs.cli import cambrian
from runs.config import read_config
from runs.progress import Progress, Silent
from runs.start import perform, prepare, sandbox_for, workers_of
from runs.store import Store
from sandbox import Ending, Guest, Job, Outcome, Payload, cluster, kernel
from sandbox.messages import pack_outcome, pack_refusal, unpack_outcome
from tests.runs.test_loop import lineage
from tests.sandbox.running import QUICK, gone, job

HARNESSES = ("tests.sandbox.harnesses",)
TOY = str(Path(__file__).parents[1] / "slow_toy.py")
NODE = {"num_cpus": 2, "object_store_memory": 80 * 2**20}


@pytest.fixture(scope="module")
def machines() -> Iterator[Any]:
    """Start a cluster of three machines."""
    pytest.importorskip("ray", reason="Ray is not installed: `make test-ray` does that")
    utils = pytest.importorskip("ray.cluster_utils")
    started = utils.Cluster(
        initialize_head=True, head_node_args={**NODE, "include_dashboard": False}
    )
    for _ in range(2):
        started.add_node(**NODE)
    yield started
    sys.modules["ray"].shutdown()
    started.shutdown()


@pytest.fixture(scope="module")
def far(machines: Any) -> Iterator[cluster.RaySandbox]:
    with cluster.RaySandbox(machines.address, 3, HARNESSES) as sandbox:
        yield sandbox


def zygotes() -> set[int]:
    """List the fork servers of the machines started here, and of nobody else."""
    found = set()
    for pid in kernel.living_below(os.getpid()):
        try:
            if b"sandbox.zygote" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
        except OSError:
            continue
    return found


def all_gone(pids: set[int], within: float = 20.0) -> bool:
    deadline = time.monotonic() + within
    return all(gone(pid, max(deadline - time.monotonic(), 0.1)) for pid in pids)


def test_an_outcome_survives_the_journey():
    arrays = {"x": np.arange(3.0)}
    there = Outcome(Ending.FINISHED, Payload({"a": [1]}, arrays), "m", "log\n", 0.5, 7, "strict")
    here = unpack_outcome(b"".join(pack_outcome(there)))
    assert here.result is not None
    np.testing.assert_array_equal(here.result.arrays["x"], arrays["x"])
    assert replace(here, result=None) == replace(there, result=None)
    failed = Outcome(Ending.CRASHED, message="its process died")
    assert unpack_outcome(b"".join(pack_outcome(failed))) == failed
    with pytest.raises(SandboxUnavailable, match="no cage"):
        unpack_outcome(b"".join(pack_refusal("no cage")))


def test_without_ray_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    done = CliRunner().invoke(cambrian, ["run", "digits", "--workers", "ray:auto"])
    assert done.exit_code == 2 or isinstance(done.exception, InputError)
    with pytest.raises(InputError, match=r"not installed here: `pip install 'cambrian\[ray\]'`"):
        workers_of("ray:auto", "cpu")


@pytest.mark.parametrize("text", ["ray", "ray:", "many", "1.5"])
def test_workers_are_a_number_or_a_cluster(text: str):
    done = CliRunner().invoke(cambrian, ["run", "digits", "--workers", text])
    assert done.exit_code == 2
    assert "expected a number, `ray:auto` or `ray:HOST:PORT`" in done.output


def test_a_cluster_that_is_not_there(machines: Any, monkeypatch: pytest.MonkeyPatch):
    def absent(*_: object, **__: object) -> None:
        raise ConnectionError("Could not find any running Ray instance.\nAnd more.")

    ray = sys.modules["ray"]
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", absent)
    with pytest.raises(InputError, match=r"`auto` \(Could not find any running Ray instance.\)"):
        cluster.connect("auto")


def test_there_is_room_for_a_worker_a_processor(machines: Any):
    assert workers_of(f"ray:{machines.address}", "cpu") == {
        "workers": 6,
        "cluster": f"ray:{machines.address}",
    }
    with pytest.raises(InputError, match="has no GPU"):
        workers_of(f"ray:{machines.address}", "cuda")
    with pytest.raises(InputError, match="Ray picks the GPU"):
        cluster.RaySandbox(machines.address, 1, device="cuda:1")


def test_closing_cancels_what_runs(machines: Any):
    before = zygotes()
    sandbox = cluster.RaySandbox(machines.address, 1, HARNESSES)
    assert sandbox.tier
    started = zygotes() - before
    seen: list[Outcome] = []
    ask = threading.Thread(target=lambda: seen.append(sandbox.run(job("spin"))))
    ask.start()
    sandbox.close()
    ask.join(10)
    assert [outcome.ending for outcome in seen] == [Ending.CANCELLED]
    assert sandbox.run(job("echo")).ending is Ending.CANCELLED
    assert started
    assert all_gone(started)


def test_jobs_end_as_they_do_here(far: cluster.RaySandbox):
    arrays = {"big": np.arange(200_000, dtype=np.float64)}
    given = Payload({"text": "x" * 2_000}, arrays)
    limits = replace(QUICK, result=16 * 2**20)
    done = far.run(Job("tests.sandbox.harnesses:echo", given, limits, trusted=True))
    assert done.result is not None
    np.testing.assert_array_equal(done.result.arrays["big"], arrays["big"])
    assert done.tier == far.tier
    assert far.run(job("segfault")).ending is Ending.CRASHED
    assert "RecursionError" in far.run(job("recurse")).message
    assert far.run(job("spin", replace(QUICK, seconds=0.3))).message == "ran past 0.3 s"
    assert far.run(job("talk")).log.startswith("to stdout \\x1b[2J")


def test_jobs_run_side_by_side(far: cluster.RaySandbox):
    seen: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda: seen.append(far.run(job("sleep", seconds=1.0))))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome.ending for outcome in seen] == [Ending.FINISHED] * 6


def test_a_worker_that_was_killed_is_replaced_and_its_job_done_again(far: cluster.RaySandbox):
    before = zygotes()
    assert before
    seen: list[Outcome] = []
    ask = threading.Thread(target=lambda: seen.append(far.run(job("sleep", seconds=1.0))))
    ask.start()
    for hand in list(far._hands):
        far._ray.kill(hand.actor)
    ask.join()
    assert [outcome.ending for outcome in seen] == [Ending.FINISHED]
    assert all_gone(before)


def test_a_job_under_which_every_machine_dies_is_given_up(
    far: cluster.RaySandbox, monkeypatch: pytest.MonkeyPatch
):
    def die(*_: object) -> None:
        raise cluster._LostError

    monkeypatch.setattr(far, "_ask", die)
    outcome = far.run(job("echo"))
    assert outcome.ending is Ending.CRASHED
    assert outcome.message == "its machine died under it, 3 times"
    monkeypatch.undo()
    assert far.run(job("echo")).ending is Ending.FINISHED


def test_a_machine_with_other_versions_is_refused():
    greeting = {"machine": "far", "tier": "strict", "versions": {"numpy": "0.1"}}
    with pytest.raises(SandboxUnavailable, match=r"far of the Ray cluster has numpy 0.1, this one"):
        cluster._check(greeting)
    with pytest.raises(SandboxUnavailable, match="far of the Ray cluster cannot be used: no torch"):
        cluster._check({"machine": "far", "unavailable": "no torch"})


class Killing(Silent):
    """End a machine while the run is under way."""

    def __init__(self, machines: Any) -> None:
        self.machines, self.shown = machines, 0

    def show(self, candidate: Candidate, progress: Progress) -> None:
        self.shown += 1
        if self.shown == 8:
            self.machines.remove_node(self.machines.worker_nodes.copy().pop(), allow_graceful=False)


def test_a_run_on_a_cluster_has_the_lineage_of_one_here(
    machines: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("runs.start.preload", lambda _: ())
    given = {"task": TOY, "evals": 40, "lookahead": 16, "recall": False, "seed": 3}
    found = []
    with Store.open(tmp_path / "cambrian.db") as store:
        for places, display in (
            ({"workers": 2}, Silent()),
            (workers_of(f"ray:{machines.address}", "cpu"), Killing(machines)),
        ):
            config = read_config(**given, **places)
            task = find_task(TOY)
            with sandbox_for(task, config.workers, "cpu", cluster=config.cluster) as sandbox:
                prepared = prepare(store, config, sandbox)
                state, _ = perform(prepared, display)
            assert state == "done"
            assert store.run(prepared.run.id).evaluations == 40
            found.append(lineage(store, prepared.run.id))
    machines.add_node(**NODE)
    assert found[0] == found[1]


def test_a_guest_goes_along(far: cluster.RaySandbox):
    guest = Guest("tests.sandbox.harnesses:be_a_guest", Payload({"code": 42}))
    outcome = far.run(replace(job("ask_a_guest"), guest=guest))
    assert outcome.result == Payload({"code": 42}), outcome
