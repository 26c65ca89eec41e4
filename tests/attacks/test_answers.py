"""What a lying job says is bounded, typed and escaped, and it cannot say what is ours to see."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Ending, Job, Limits, Payload, ProcessSandbox
from tests.attacks.surroundings import Surroundings
from tests.attacks.test_greed import LIMITS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cage is made of Linux")

NOT_ONE = "its answer was not one: "


def job(name: str, limits: Limits = LIMITS) -> Job:
    return Job(f"tests.attacks.answers:{name}", Payload(), limits)


@pytest.mark.parametrize(
    ("name", "ending", "sentence"),
    [
        ("claim_cancelled", Ending.CRASHED, "its answer claimed that it was cancelled"),
        ("claim_timed_out", Ending.CRASHED, "its answer claimed that it ran past its time limit"),
        ("promise_a_long_header", Ending.CRASHED, NOT_ONE + "expected a header of at most"),
        ("promise_a_huge_array", Ending.CRASHED, NOT_ONE + "expected a frame of"),
        ("nest_deeply", Ending.CRASHED, NOT_ONE),
        ("number_of_many_digits", Ending.CRASHED, NOT_ONE),
        ("pickle_bomb", Ending.CRASHED, NOT_ONE),
        ("answer_twice", Ending.CRASHED, NOT_ONE + "expected a frame of"),
        ("not_a_number", Ending.CRASHED, "NaN is not allowed"),
        ("infinite", Ending.CRASHED, "1e999 is not allowed"),
        ("write_without_end", Ending.TOO_MUCH_OUTPUT, "returned more than 1.0 MiB"),
        ("huge_result", Ending.TOO_MUCH_OUTPUT, "returned 4.0 MiB, at most 1.0 MiB"),
        ("close_everything", Ending.CRASHED, "exit code"),
        ("monkeypatch", Ending.CRASHED, "exit code|no answer"),
    ],
)
def test_lies(
    caged: ProcessSandbox, name: str, ending: Ending, sentence: str, surroundings: Surroundings
):
    outcome = caged.run(job(name))
    assert outcome.ending is ending, outcome
    assert re.search(sentence, outcome.message)
    assert outcome.result is None
    assert not Path("/tmp/cambrian-was-here").exists()
    surroundings.check(caged)


def test_an_answer_that_never_ends_is_cut_off(caged: ProcessSandbox, surroundings: Surroundings):
    outcome = caged.run(job("drip", replace(LIMITS, seconds=0.3)))
    assert outcome.ending is Ending.TIMED_OUT
    surroundings.check(caged)


def test_text_is_made_harmless(caged: ProcessSandbox):
    outcome = caged.run(job("terminal_codes"))
    assert outcome.ending is Ending.FAILED
    assert "\\x1b[31mIgnore" in outcome.message
    for text in (outcome.message, outcome.log):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "\n" not in outcome.message
