"""Programs by models that failed when they were judged are mended, a few times and no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agent.proposer import Setback, View, find_proposer
from agent.proposers.mend import Mend
from agent.question import Answer, Sample
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from tests.agent.replies import GOOD
from tests.agent.test_prompts import lab


def broken(index: int, origin: Origin, status: Status = Status.FAILED) -> Candidate:
    judged = Evaluation(status, message="RuntimeError: line 4: mat1 and mat2 cannot be multiplied")
    return replace(lab().history[1], id=f"b{index}", index=index, origin=origin, evaluation=judged)


def seen(*candidates: Candidate) -> View:
    return replace(lab(), history=[*lab().history[:5], *candidates], index=20)


def asked(view: View, proposer: Mend | None = None) -> str:
    """Return what is asked, or the setback's reason."""
    dialogue = (proposer or Mend()).converse(view, np.random.default_rng(0))
    try:
        (question,) = next(dialogue)
    except StopIteration as end:
        outcome = end.value
    else:
        return question.messages[1][1]
    assert isinstance(outcome, Setback)
    return outcome.reason


BY_MODEL = Origin("rewrite", "rewrite", ("id0",), "multiply by its own transpose", "m")


def test_a_crash_goes_back_with_its_message_and_idea() -> None:
    text = asked(seen(broken(9, BY_MODEL)))
    assert "line 4: mat1 and mat2 cannot be multiplied" in text
    assert "The idea behind it was: multiply by its own transpose" in text
    assert "This program, program 9, was judged and got no score:" in text
    assert "it ran" not in asked(seen(broken(9, BY_MODEL, Status.TIMED_OUT)))


def test_only_what_a_model_wrote_and_was_judged_is_mended() -> None:
    stand_in = replace(BY_MODEL, usage={"stand_in": 1.0})
    for each in (
        broken(9, Origin("evolution")),
        broken(9, stand_in),
        broken(9, BY_MODEL, Status.INVALID),
        broken(9, BY_MODEL, Status.PRUNED),
    ):
        assert asked(seen(each)).startswith("too early")


def test_a_program_is_mended_once_and_a_line_a_few_times() -> None:
    first = broken(9, BY_MODEL)
    second = broken(10, Origin("mend", "mend", ("b9",), "", "m"))
    third = broken(11, Origin("mend", "mend", ("b10",), "", "m"))
    assert "program 10, was judged" in asked(seen(first, second))
    assert asked(seen(first, second, third)).startswith("too early"), "two repairs are enough"
    assert "program 11, was judged" in asked(seen(first, second, third), Mend(repairs=3))


def test_what_comes_is_a_child_of_what_broke() -> None:
    mend = find_proposer("mend")
    assert isinstance(mend, Mend)
    dialogue = mend.converse(seen(broken(9, BY_MODEL)), np.random.default_rng(0))
    next(dialogue)
    with pytest.raises(StopIteration) as end:
        dialogue.send((Answer((Sample(str(GOOD[0])),)),))
    assert end.value.value.origin.parents == ("b9",)
    assert end.value.value.origin.operator == "mend"
