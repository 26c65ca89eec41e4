"""A free-form optimiser gets gradients and nothing else, whatever it tries.

Each attack is tried twice: in the trainer's own process, where it must succeed, else it proves
nothing; and as the guest of a trainer, at every tier, where the training must come out as if it had
not been tried.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from evaluators import freeform
from programs.errors import Fault
from programs.load import kind_named, read_program
from programs.program import Program
from sandbox import MIB, Ending, Guest, Job, Limits, Outcome, Payload, ProcessSandbox
from tests.attacks.guests import ATTACKS, HONEST, MARK, OUT_OF_TURN, cut_without_seals
from tests.attacks.surroundings import Surroundings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cage is made of Linux")

LIMITS = Limits(seconds=20.0, memory=512 * MIB, result=MIB, output=64 * 1024)
RATES, SEEDS, STEPS = [1e-7, 1e-6], [0, 1], 20
LATE = (
    "import time\ndef update(w, g, lr, step):\n    time.sleep(60.0 * (step == 4))\n    return g\n"
)


def payload(**more: object) -> Payload:
    rng = np.random.default_rng(0)
    x = (MARK + rng.random((64, 32))).astype(np.float32)
    y = (np.arange(64) % 3).astype(np.int64)
    settings = {"model": {"family": "mlp", "widths": [32, 4, 3]}, "loss": "cross-entropy"}
    settings |= {"steps": STEPS, "batch": 16, "learning_rates": RATES, "seeds": SEEDS}
    return Payload({**settings, **more}, {"train_x": x, "train_y": y, "eval_x": x[:8]})


def beside(source: str, **more: object) -> Job:
    """Return the job that trains with `source` as a guest."""
    given = Payload({"source": source, "form": "tensor"})
    guest = Guest("evaluators.harness.freeform.guest:serve", given, 16 * MIB)
    harness = "evaluators.harness.beside:train"
    return Job(harness, payload(**more), LIMITS, trusted=True, guest=guest)


def predictions(outcome: Outcome) -> np.ndarray:
    assert outcome.result is not None, outcome.message
    assert "fault" not in outcome.result.data, outcome.result.data
    return outcome.result.arrays["predictions"]


@pytest.mark.parametrize("name", ATTACKS)
def test_it_works_in_the_trainers_own_process(name: str, unprotected: ProcessSandbox):
    if name == "cut_the_shared_memory_short":
        assert cut_without_seals() == ("a cut by descriptor", 0)
        return
    data = payload(source=ATTACKS[name])
    outcome = unprotected.run(Job("tests.attacks.guests:together", data, LIMITS))
    assert outcome.ending is Ending.FINISHED, outcome.message
    assert outcome.result is not None
    if name == "write_where_the_answer_goes":
        assert outcome.result.data == {"forged": 1}
    elif name == "count_less_time_and_loss":
        honest = unprotected.run(
            Job("tests.attacks.guests:together", payload(source=HONEST), LIMITS)
        )
        assert honest.result is not None
        losses = [o.arrays["losses"].max() for o in (outcome.result, honest.result)]
        assert losses[0] < 0.5 * losses[1]
    else:
        assert outcome.result.data["fault"].startswith("won")


@pytest.mark.parametrize("name", ATTACKS)
def test_a_guest_wins_nothing(name: str, caged: ProcessSandbox, surroundings: Surroundings):
    expected = predictions(caged.run(beside(HONEST)))
    outcome = caged.run(beside(ATTACKS[name]))
    if name == "write_where_the_answer_goes":
        assert outcome.result is not None
        assert outcome.result.data == {"fault": "its process ended, at step 3", "late": False}
    else:
        np.testing.assert_array_equal(predictions(outcome), expected)
    surroundings.check(caged)


@pytest.mark.parametrize("name", [n for n in ATTACKS if n.startswith(("search", "cut", "take"))])
def test_even_without_a_cage_it_holds_nothing_to_find(name: str, unprotected: ProcessSandbox):
    """What it never held cannot be found, though the same data went through here before."""
    expected = predictions(unprotected.run(beside(HONEST)))
    np.testing.assert_array_equal(predictions(unprotected.run(beside(ATTACKS[name]))), expected)


def test_speaking_out_of_turn_is_a_fault(caged: ProcessSandbox, surroundings: Surroundings):
    outcome = caged.run(beside(OUT_OF_TURN))
    assert outcome.result is not None
    assert outcome.result.data["fault"] == "it answered out of turn, at step 3"
    surroundings.check(caged)


def test_a_step_that_takes_too_long_is_cut_off(caged: ProcessSandbox, surroundings: Surroundings):
    outcome = caged.run(beside(LATE, step_seconds=0.3))
    assert outcome.result is not None
    assert outcome.result.data == {"fault": "it took longer than 0.3 s, at step 4", "late": True}
    surroundings.check(caged)


def test_a_guests_memory_is_limited_too(caged: ProcessSandbox, surroundings: Surroundings):
    source = HONEST.replace(
        "    return", "    hoard = [bytes(2**20) for _ in range(600)]\n    return"
    )
    outcome = caged.run(beside(source))
    told = outcome.message if outcome.result is None else outcome.result.data["fault"]
    assert "emory" in told or "used" in told, outcome
    surroundings.check(caged)


def program(source: str, kind: str) -> Program:
    found = read_program(source, kind_named(kind))
    assert not isinstance(found, Fault), found
    assert found.genome is None
    return found


TAMPERED = """
import numpy as np
np.stack = lambda *_, **__: {}

def update(w, g, lr):
    return lr * g
"""


FORGED = ["np.zeros(3)", "np.zeros((5, 2, 337), np.float32)"]


@pytest.mark.parametrize("answer", FORGED)
def test_a_fingerprint_is_made_of_numbers_of_the_right_shape(answer: str, caged: ProcessSandbox):
    with pytest.raises(freeform.Unprobable, match="numbers of double precision"):
        freeform.behaviour(
            program(TAMPERED.format(answer), "optimizer"), caged, kind_named("optimizer")
        )


@pytest.mark.parametrize("answer", FORGED)
def test_without_a_look_at_them_it_is_made_of_whatever_comes(
    answer: str, unprotected: ProcessSandbox
):
    data = Payload({"source": TAMPERED.format(answer), "form": "tensor"})
    outcome = unprotected.run(Job("evaluators.harness.freeform.behaviour:probe", data, LIMITS))
    assert outcome.result is not None, outcome.message
    forged = eval(answer, {"np": np})
    np.testing.assert_array_equal(outcome.result.arrays["outputs"], forged)


JUNK = [
    ("[][step]", "IndexError"),
    ("'much'", "could not convert string to float"),
    ("[1.0, 2.0]", "TypeError"),
    ("exit()", "it ended|exit|SystemExit|no answer"),
]
SCHEDULE = "def schedule(step, total):\n    return {} or [1][0]\n"


@pytest.mark.parametrize(("body", "told"), JUNK)
def test_junk_schedules_are_told_what_is_wrong(body: str, told: str, caged: ProcessSandbox):
    junk = program(SCHEDULE.format(body), "schedule")
    with pytest.raises(freeform.Unprobable, match=told):
        freeform.behaviour(junk, caged, kind_named("schedule"))


@pytest.mark.parametrize("body", [body for body, _ in JUNK])
def test_junk_schedules_end_a_training_that_calls_them(body: str):
    loop = "for step in range(10):\n    rate = 0.1 * schedule(step, 10)\nprint('trained')\n"
    done = subprocess.run(
        [sys.executable, "-c", SCHEDULE.format(body) + loop], capture_output=True, text=True
    )
    assert "trained" not in done.stdout
