"""Good programs are shortened: first for nothing, then by a model, and losses do not add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agent.proposer import Proposal, Setback, View
from agent.proposers.simplify import Simplify
from agent.question import Answer, Dialogue
from evaluators.admit import Admitted, admit
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.genome import Genome
from programs.load import kind_named
from tests.agent.replies import fenced
from tests.agent.test_dialogue import hold
from tests.agent.test_prompts import lab

KIND = kind_named("optimizer")
LONG = "def update(w, g, m, lr):\n    a = g + 0.0\n    m = lerp(m, a, 0.1)\n    return lr * m, m\n"
SHORT = "def update(w, g, m, lr):\n    m = lerp(m, g, 0.1)\n    return lr * sign(m), m\n"
SHORTER = fenced("return lr * sign(g)", params="w, g, lr", before="No state.\n\n")


def view(*programs: tuple[str, float, str, tuple[str, ...]]) -> View:
    """Return a view of programs: text, score, proposer and parents; seeds differ by 0.02."""
    history = []
    for i, (source, score, proposer, parents) in enumerate(programs):
        found = admit(source, KIND)
        assert isinstance(found, Admitted)
        spread = (score - 0.01, score + 0.01)
        scored = Evaluation(Status.SCORED, score, by_seed=spread, fingerprint=found.fingerprint)
        history.append(Candidate(f"c{i}", i, found.program, Origin(proposer, "", parents), scored))
    return replace(lab(), history=history, index=len(history))


def end_of(talk: Dialogue[Any], replies: Sequence[str] = ()) -> Any:
    if replies:
        return hold(talk, replies)[0]
    with pytest.raises(StopIteration) as end:
        next(talk)
    return end.value.value


def talk(seen: View, **given: Any) -> Dialogue[Any]:
    return Simplify(**given).converse(seen, np.random.default_rng(0))


def test_what_computes_the_same_in_fewer_statements_costs_no_call() -> None:
    seen = view((LONG, 0.5, "t", ()))
    proposal = end_of(talk(seen))
    assert isinstance(proposal.offer, Genome)
    assert proposal.offer.size < seen.history[0].program.size
    found = admit(proposal.offer, KIND)
    assert found.fingerprint == seen.history[0].evaluation.fingerprint
    assert proposal.origin.parents == ("c0",)


def test_a_model_is_told_the_noise_and_asked_for_fewer_statements() -> None:
    seen = view((SHORT, 0.5, "t", ()))
    asking = talk(seen)
    (asked,) = next(asking)
    assert "fewer than the 3 statements of program 0" in asked.messages[-1][1]
    assert "score the same: 0.5000 or more, where a loss of up to 0.0100" in asked.messages[-1][1]
    proposal = end_of(talk(seen), [SHORTER])
    assert proposal.origin.operator == "simplify"
    assert proposal.origin.rationale == "No state."


def test_what_is_not_shorter_goes_back_and_in_the_end_one_op_is_cut() -> None:
    seen = view((SHORT, 0.5, "t", ()))
    long = fenced("m = lerp(m, g, 0.2)\nreturn lr * sign(m), m")
    proposal, asked = hold(talk(seen), [long, long, long])
    assert "it has 3 statements, not fewer than 3" in asked[1].messages[-1][1]
    assert isinstance(proposal, Proposal)
    assert proposal.origin.operator == "cut"
    found = admit(proposal.offer, KIND)
    assert isinstance(found, Admitted)
    assert found.program.size < 3
    assert found.fingerprint != seen.history[0].evaluation.fingerprint


@pytest.mark.parametrize(("score", "goes_on_from"), [(0.495, "program 1"), (0.48, "program 0")])
def test_only_what_scores_the_same_is_kept(score: float, goes_on_from: str) -> None:
    middle = "def update(w, g, lr):\n    return lr * sign(g)\n"
    seen = view((SHORT, 0.5, "t", ()), (middle, score, "simplify", ("c0",)))
    first = replace(seen.history[1], evaluation=replace(seen.history[1].evaluation, score=score))
    seen = replace(seen, history=[seen.history[0], first])
    asked = [q for s in range(20) for q in _first(seen, s) if "0.5000 or more" in q]
    assert asked
    assert all(f"statements of {goes_on_from} that" in q for q in asked)


def test_small_losses_do_not_add_up() -> None:
    one = "def update(w, g, m, lr):\n    m = lerp(m, g, 0.1)\n    return lr * m, m\n"
    two = "def update(w, g, lr):\n    return lr * g\n"
    seen = view(
        (SHORT, 0.5, "t", ()),
        (one, 0.493, "simplify", ("c0",)),
        (two, 0.486, "simplify", ("c1",)),
    )
    asked = [q for s in range(20) for q in _first(seen, s) if "0.5000 or more" in q]
    assert asked
    assert all("of program 1 that" in q for q in asked), "the second loss is beyond the first's"


def test_an_unreachable_model_is_a_setback() -> None:
    seen = view((SHORT, 0.5, "t", ()))
    assert hold(talk(seen), [Answer(error="no connection: x")])[0] == Setback("no connection: x")


def _first(seen: View, seed: int) -> list[str]:
    try:
        return [next(Simplify().converse(seen, np.random.default_rng(seed)))[0].messages[-1][1]]
    except StopIteration:
        return []
