"""How long answers take is learnt from those that models gave, and waiting has an end."""

from __future__ import annotations

from concurrent.futures import Future

from agent.proposer import Proposal
from evaluators.candidate import Origin
from runs.waits import LATEST, LEAST, PATIENCE, Waits


class Hands:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def came(waits: Waits, clock: Hands, seconds: float, calls: float = 1.0) -> None:
    """Let a proposal come after so long."""
    future: Future[Proposal] = Future()
    waits.time(future)
    clock.now += seconds
    future.set_result(Proposal("", Origin("llambo", "sampler", usage={"calls": calls})))


def test_the_slowest_of_the_latest_answers_is_reckoned_with() -> None:
    clock = Hands()
    waits = Waits(clock)
    assert waits.seconds == 0.0
    came(waits, clock, 30.0)
    came(waits, clock, 5.0)
    assert waits.seconds == 30.0
    for _ in range(LATEST - 1):
        came(waits, clock, 5.0)
    assert waits.seconds == 5.0, "what was long ago is forgotten"


def test_what_asks_no_model_and_what_breaks_tell_nothing() -> None:
    clock = Hands()
    waits = Waits(clock)
    came(waits, clock, 7.0, calls=0.0)
    broken: Future[Proposal] = Future()
    waits.time(broken)
    broken.set_exception(OSError("gone"))
    dropped: Future[Proposal] = Future()
    waits.time(dropped)
    dropped.cancel()
    assert waits.seconds == 0.0


def test_waiting_at_the_end_takes_a_share_of_a_long_run_at_most() -> None:
    clock = Hands()
    waits = Waits(clock)
    came(waits, clock, 1000.0)
    assert not waits.over()
    clock.now += 0.9 * PATIENCE * clock.now
    assert not waits.over()
    clock.now += 0.2 * PATIENCE * clock.now
    assert waits.over()


def test_a_short_run_waits_a_little_longer() -> None:
    clock = Hands()
    waits = Waits(clock)
    came(waits, clock, 1.0)
    assert not waits.over()
    clock.now += 0.9 * LEAST
    assert not waits.over()
    clock.now += 0.2 * LEAST
    assert waits.over()


def test_the_first_answer_is_waited_for() -> None:
    clock = Hands()
    waits = Waits(clock)
    assert not waits.over()
    clock.now += 60.0
    assert not waits.over()
    came(waits, clock, 1.0)
    assert waits.over()
