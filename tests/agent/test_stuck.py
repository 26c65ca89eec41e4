"""Lines that come to nothing are found, and a model is asked why before it writes a program."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agent.proposer import Proposal, Setback, View
from agent.proposers.explain import Explain
from agent.question import Answer
from agent.stuck import stuck
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.load import library
from tests.agent.replies import GOOD
from tests.agent.test_dialogue import hold
from tests.agent.test_prompts import lab

KNOWN = library("optimizer")


def line(*scores: float | None, spread: float = 0.0) -> View:
    """Return a first program of score 0, and a line of children, each of the one before."""
    history = []
    for i, score in enumerate([0.0, *scores]):
        seeds = () if score is None else (score - spread, score + spread)
        found = Evaluation(
            Status.FAILED if score is None else Status.SCORED, score, by_seed=seeds, message="bad"
        )
        origin = Origin("t", "", (f"c{i - 1}",) if i else ())
        history.append(Candidate(f"c{i}", i, KNOWN["sgd"], origin, found))
    return replace(lab(), history=history, index=len(history))


def test_a_line_is_stuck_when_nothing_made_from_it_is_better() -> None:
    (found,) = stuck(line(-0.1, -0.2, None))
    assert found.best.id == "c0"
    assert [c.id for c in found.level] == ["c1", "c2"]
    assert [c.id for c in found.failed] == ["c3"]
    assert not found.failing
    assert stuck(line(None, None, None))[0].failing


def test_two_attempts_or_one_that_is_better_are_not_enough() -> None:
    assert stuck(line(-0.1, -0.2)) == []
    assert [s.best.id for s in stuck(line(0.1, -0.2, None, None))] == ["c1"]


def test_better_within_the_noise_is_no_better() -> None:
    assert "c0" in {s.best.id for s in stuck(line(0.05, -0.2, -0.3, spread=0.1))}
    assert "c0" not in {s.best.id for s in stuck(line(0.05, -0.2, -0.3, spread=0.01))}


def test_programs_found_again_are_no_attempts() -> None:
    view = line(-0.1, -0.2, -0.3)
    copies = [
        replace(c, evaluation=replace(c.evaluation, status=Status.DUPLICATE))
        for c in view.history[1:]
    ]
    assert stuck(replace(view, history=[view.history[0], *copies])) == []


def test_the_reason_comes_first_and_stays_with_the_program() -> None:
    talk = Explain().converse(line(-0.1, None, None), np.random.default_rng(0))
    why = "They all grow with the gradient."
    proposal, asked = hold(talk, [why, GOOD[0]])
    assert [q.purpose for q in asked] == ["4 explain reason", "4 explain"]
    assert "most got no score" in asked[0].messages[-1][1]
    assert "no score (bad)" in asked[0].messages[-1][1]
    assert "Write no program yet" in asked[0].messages[-1][1]
    assert asked[1].messages[-2] == ("assistant", why)
    assert asked[1].max_tokens > asked[0].max_tokens
    assert isinstance(proposal, Proposal)
    assert proposal.origin.rationale == f"{why} Scale by RMS."
    assert proposal.origin.parents == ("c0",)


def test_without_a_stuck_line_or_an_answer_there_is_no_program() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(StopIteration) as end:
        next(Explain().converse(line(), rng))
    assert isinstance(end.value.value, Setback)
    assert end.value.value.reason.startswith("too early")
    broken = Explain().converse(line(-0.1, None, None), rng)
    assert hold(broken, [Answer(error="no connection: gone")])[0] == Setback("no connection: gone")
