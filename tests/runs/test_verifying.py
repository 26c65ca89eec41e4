"""What a comparison says it will take, and how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from rich.console import Console

from evaluators.evaluator import Amend, Evaluator, Judgement
from evaluators.task import Trial
from evaluators.verify import Plan
from programs.load import in_language, library
from programs.program import Program
from runs.commands import verify as command
from runs.commands.verify import _Pace
from runs.store import Store
from runs.verifying import Verification
from sandbox.base import Limits
from sandbox.memory import MemorySandbox
from tests.runs.samples import candidate, new_run
from tests.toy import Toy


class Slow(Evaluator):
    """Every second program takes ten times as long for a step as the others, the first does not."""

    def judge(
        self, program: Program, trial: Trial, limits: Limits, amend: Amend | None = None
    ) -> Judgement:
        names = list(in_language("optimizer"))
        each = 0.1 if names.index(program.source) % 2 else 0.01
        return replace(JUDGED, seconds=0.5 + each * trial.steps)


JUDGED = Evaluator(Toy(), MemorySandbox()).judge(
    library("optimizer")["sgd"], Trial(1, (0.1,), (0,)), Limits()
)


def test_the_time_that_is_said_counts_the_slow_programs_too(store: Store) -> None:
    run = new_run(store).id
    first = candidate(run, 0, 0.5)
    contestants = {n: replace(p, source=n) for n, p in in_language("optimizer").items()}
    evaluators = (Slow(Toy(), MemorySandbox()),)
    plan = Plan(seeds=4)
    one = Verification(store, first, evaluators, contestants, plan, 0, 1).seconds()["toy"]
    # Tuning has 2 x 2 replicas of 2 steps, judging 4; a step of one takes a quarter of all four's.
    owed = sum(2 * 0.5 + 8 * 2 * each / 4 for each in (0.01, 0.1)) / 2 * len(contestants)
    assert one == pytest.approx(owed, rel=0.25)
    two = Verification(store, first, evaluators, contestants, plan, 0, 2).seconds()["toy"]
    assert two == pytest.approx(one / 2)


def test_how_far_it_is_is_said_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Console(width=100, record=True, quiet=False, file=None)
    clock: Iterator[float] = iter(range(0, 10_000, 20))
    monkeypatch.setattr(command.time, "monotonic", lambda: float(next(clock)))
    pace = _Pace(said, {"digits": 600.0})
    pace.begin("digits")
    for done in range(1, 11):
        pace.tell("digits", "judged", done, 10)
    pace.tell("digits", "timed", 1, 10)
    text = said.export_text().splitlines()
    assert text == [
        "  digits: about 10 min",
        "    2 of 10 judged, the others in about 3 min",
        "    5 of 10 judged, the others in about 2 min",
        "    8 of 10 judged, the others in about 40 s",
        "    1 of 10 timed, the others in about 3 min",
    ]
