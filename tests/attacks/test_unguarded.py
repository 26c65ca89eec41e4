"""Each attack by a graph or a module succeeds where nothing stands in its way: else it is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from evaluators import modules
from evaluators.evaluator import Evaluator
from sandbox import MIB, Job, Limits, Payload, ProcessSandbox
from tests.attacks import unguarded
from tests.attacks.graphs import HONEST, SMALL
from tests.attacks.test_graphs import program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cage is made of Linux")

LIMITS = Limits(seconds=20.0, memory=1024 * MIB)


def won(sandbox: ProcessSandbox, harness: str, name: str) -> bool:
    job = Job(f"tests.attacks.unguarded:{harness}", Payload({"name": name}), LIMITS)
    outcome = sandbox.run(job)
    assert outcome.result is not None, outcome.message
    return bool(outcome.result.data["won"])


@pytest.mark.parametrize("name", unguarded.WINS)
def test_a_module_cheats_where_it_is_used_as_it_is(name: str, unprotected: ProcessSandbox):
    assert won(unprotected, "module", name)


# Even without a cage no child of ours may write the file that is to be read.
@pytest.mark.parametrize("name", [n for n in unguarded.OPERATIONS if n != "a file"])
def test_an_operation_does_harm_where_any_may_run(name: str, unprotected: ProcessSandbox):
    assert won(unprotected, "operation", name)


def test_a_file_is_read_where_any_operation_may_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert unguarded.OPERATIONS["a file"]()


SEARCH = """
        import sys
        frame = sys._getframe()
        while frame:
            given = frame.f_locals.get("payload")
            if given is not None and "train_y" in given.arrays:
                raise ValueError("won: the training data")
            frame = frame.f_back
"""


def test_only_where_a_module_trains_itself_does_it_find_data(unprotected: ProcessSandbox):
    """Which is why the budget of one that does is called unverified."""
    searching = program(HONEST.replace("        # here\n", SEARCH))
    payload = SMALL.payload(searching, Evaluator(SMALL, unprotected).trial())
    alone = Job("evaluators.harness.freeform.opaque:train", payload, LIMITS)
    assert "won: the training data" in unprotected.run(alone).message
    found = modules.drawn(searching, SMALL.spec, (0,), unprotected)
    assert found.sizes.parameters > 0
