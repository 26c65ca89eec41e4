"""A cluster whose machines have cards: Ray deals them out, and a worker sees the one it was dealt.

The cards are declared to Ray and driven by a stand-in (`tests.sandbox.standin`): what is proven
here is all but CUDA itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from evaluators.task import find_task
from programs.errors import InputError
from runs.config import read_config
from runs.progress import Silent
from runs.start import perform, prepare, sandbox_for, workers_of
from runs.store import Store
from sandbox import Ending, Job, Outcome, Payload, cluster
from tests.sandbox.running import QUICK

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="cards are driven on Linux")

STAND_IN = "tests.sandbox.standin"
DRIVER = f"{STAND_IN}:Card"
TOY = str(Path(__file__).parents[1] / "toy.py")
NODE = {"num_cpus": 2, "object_store_memory": 80 * 2**20}


@pytest.fixture(scope="module")
def machines() -> Iterator[Any]:
    """Start a cluster of a machine with two cards and one with one."""
    pytest.importorskip("ray", reason="Ray is not installed: `make test-ray` does that")
    utils = pytest.importorskip("ray.cluster_utils")
    head = {**NODE, "num_gpus": 2, "include_dashboard": False}
    started = utils.Cluster(initialize_head=True, head_node_args=head)
    started.add_node(**NODE, num_gpus=1)
    yield started
    sys.modules["ray"].shutdown()
    started.shutdown()


@pytest.fixture(scope="module")
def far(machines: Any) -> Iterator[cluster.RaySandbox]:
    with cluster.RaySandbox(machines.address, 3, (STAND_IN,), "cuda", driver=DRIVER) as sandbox:
        yield sandbox


def job(name: str) -> Job:
    return Job(f"{STAND_IN}:{name}", Payload(), QUICK, device="cuda", trusted=True)


def told(outcome: Outcome) -> dict[str, Any]:
    assert outcome.result is not None, outcome.message
    return dict(outcome.result.data)


def test_there_is_room_for_a_worker_a_card(machines: Any):
    address = f"ray:{machines.address}"
    assert workers_of(address, "cuda") == {"workers": 3, "cluster": address}
    assert workers_of(address, "cpu")["workers"] == 4


def test_each_worker_has_a_card_of_its_own_and_each_job_a_context(far: cluster.RaySandbox):
    with ThreadPoolExecutor(3) as threads:
        found = [told(each) for each in threads.map(far.run, [job("linger")] * 3)]
    assert [seen["jobs"] for seen in found] == [1] * 3
    dealt = sorted(seen["environment"]["DEALT"] for seen in found)
    assert dealt == ["0", "0", "1"]  # two machines number theirs from 0
    assert {seen["environment"]["SHARERS"] for seen in found} == {"1"}


def test_a_card_that_runs_out_is_told_and_the_next_job_is_well(far: cluster.RaySandbox):
    outcome = far.run(job("hoard"))
    assert outcome.ending is Ending.OUT_OF_MEMORY
    assert "its share of the card" in outcome.message
    assert told(far.run(job("look")))["jobs"] == 1


def test_a_run_trains_on_the_clusters_cards(
    machines: Any, far: cluster.RaySandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    far.close()  # as many cards are there as the run's workers want
    machines_own = partial(cluster.RaySandbox, driver=DRIVER)
    monkeypatch.setattr("runs.start.RaySandbox", machines_own)
    monkeypatch.setattr("runs.start.demand_device", lambda *_: None)  # it asks PyTorch for CUDA
    monkeypatch.setattr("runs.start.preload", lambda _: (STAND_IN,))
    places = workers_of(f"ray:{machines.address}", "cuda")
    config = read_config(task=TOY, evals=12, recall=False, seed=3, device="cuda", **places)
    task = find_task(TOY)
    with (
        Store.open(tmp_path / "cambrian.db") as store,
        sandbox_for(task, config.workers, "cuda", cluster=config.cluster) as sandbox,
    ):
        prepared = prepare(store, config, sandbox)
        state, _ = perform(prepared, Silent())
        found = store.history(prepared.run.id)
    assert state == "done"
    judged = [c.evaluation for c in found if c.evaluation.score is not None]
    assert judged
    assert {evaluation.device for evaluation in judged} == {"cuda"}


def test_without_cards_the_cluster_says_so(machines: Any, monkeypatch: pytest.MonkeyPatch):
    ray = sys.modules["ray"]
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 4.0})
    with pytest.raises(InputError, match="has no GPU"):
        workers_of(f"ray:{machines.address}", "cuda")
