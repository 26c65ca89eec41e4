from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import Ending, Job, MemorySandbox, Outcome, Payload, Sandbox, WireError
from tests.sandbox.running import job


def test_it_runs_the_harness_through_the_wire():
    with MemorySandbox() as sandbox:
        outcome = sandbox.run(job("echo", pair=(1, 2)))
    assert outcome.ending is Ending.FINISHED
    assert outcome.result == Payload({"pair": [1, 2]})
    assert sandbox.tier == "memory"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("raise_exit", "SystemExit: 3"), ("return_nan", "without NaN"), ("return_number", "Payload")],
)
def test_faults_are_values(name: str, sentence: str):
    outcome = MemorySandbox().run(job(name))
    assert outcome.ending is Ending.FAILED
    assert sentence in outcome.message
    assert f"in {'call' if name == 'return_number' else ''}" in outcome.log


def test_a_payload_that_is_not_wire_clean_is_refused():
    with pytest.raises(WireError, match="plain JSON"):
        MemorySandbox().run(job("echo", thing=object()))


def test_it_answers_as_told_and_remembers():
    def answers(job: Job) -> Outcome:
        return Outcome(Ending.TIMED_OUT, message=job.harness)

    sandbox: Sandbox = (fake := MemorySandbox(answers))
    assert sandbox.run(job("echo")).message == "tests.sandbox.harnesses:echo"
    assert [seen.harness for seen in fake.jobs] == ["tests.sandbox.harnesses:echo"]
    sandbox.close()
    assert sandbox.run(job("echo")).ending is Ending.CANCELLED


def test_importing_the_sandbox_does_not_import_torch():
    code = "import sandbox, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
