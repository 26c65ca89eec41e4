"""Programs that share a fingerprint by chance are marked and named apart, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluators.admit import Admitted
from evaluators.cache import as_copy, completed
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from evaluators.collisions import COLLISION, Separate, compared, marked
from programs.load import kind_named, read_program
from programs.program import Program

PLAIN = "def schedule(step, total):\n    return step / total\n"
ALIKE = "def schedule(step, total):\n    return (step * 2) / (total * 2)\n"
LATE = "def schedule(step, total):\n    return where(step > 2000, 0, step / total)\n"
FREE = "def schedule(step, total):\n    return sorted([step / total])[0]\n"
KIND = kind_named("schedule")


def candidate(source: str) -> Candidate:
    program = read_program(source, KIND)
    assert isinstance(program, Program)
    evaluation = Evaluation(Status.SCORED, 1.0, {"loss": 2.0}, (1.0,), fingerprint="f")
    return Candidate(source[-9:], 0, program, Origin("evolution"), evaluation)


def collides(one: str, other: str, seed: int = 0) -> bool:
    found = compared(candidate(one), candidate(other).program, KIND, np.random.default_rng(seed))
    assert found.evaluation.metrics["loss"] == 2.0
    marked = COLLISION in found.evaluation.metrics
    assert (found.evaluation.fingerprint != "f") == marked
    return marked


def test_what_fresh_inputs_tell_apart_is_a_collision() -> None:
    assert collides(PLAIN, LATE)
    assert collides(LATE, PLAIN)


@pytest.mark.parametrize("other", [PLAIN, ALIKE, FREE])
def test_what_is_the_same_or_cannot_be_compared_is_none(other: str) -> None:
    assert not any(collides(PLAIN, other, seed) or collides(other, PLAIN, seed) for seed in (1, 2))


def test_what_does_the_same_gets_the_same_name() -> None:
    much_later = "def schedule(step, total):\n    return where(step > 4000, 0, step / total)\n"
    again = "def schedule(step, total):\n    return where(2000 < step, 0, 2 * step / (2 * total))\n"
    names = {}
    for source in (LATE, much_later, again):
        found = compared(
            candidate(source), candidate(PLAIN).program, KIND, np.random.default_rng(0)
        )
        names[source] = found.evaluation.fingerprint
    assert names[LATE] == names[again] != names[much_later]
    assert names[LATE].startswith("apart-")


def test_a_few_programs_side_by_side_are_named_apart() -> None:
    separate = Separate(KIND)
    named = [
        separate.named(Admitted(candidate(source).program, "f")).fingerprint
        for source in (PLAIN, ALIKE, LATE, FREE, PLAIN, LATE)
    ]
    assert named[0] == named[1] == named[3] == named[4] == "f"
    assert named[2] == named[5] != "f"


def test_a_stored_program_is_read_again() -> None:
    stored = replace(candidate(LATE).program, genome=None)
    found = compared(candidate(PLAIN), stored, KIND, np.random.default_rng(0))
    assert COLLISION in found.evaluation.metrics


def test_the_mark_goes_with_the_candidate_and_not_with_the_result() -> None:
    first = candidate(PLAIN)
    second = compared(candidate(LATE), first.program, KIND, np.random.default_rng(0))
    assert COLLISION in completed(as_copy(second), first).evaluation.metrics
    third = completed(as_copy(candidate(ALIKE)), second)
    assert dict(third.evaluation.metrics) == {"loss": 2.0}
    assert COLLISION in marked(first.evaluation, second.evaluation).metrics
    averaged = completed(second, first).evaluation
    assert averaged.metrics[COLLISION] == 1.0
