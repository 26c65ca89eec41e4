"""Notes are what the record says now: they come with evidence, and go when it turns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.insights import insights
from agent.prompts import prompt
from agent.proposer import View
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.load import library
from tests.agent.test_prompts import lab


def record(lion: list[float], sgd: list[float]) -> View:
    known = library("optimizer")
    scored = [("lion", s) for s in lion] + [("sgd", s) for s in sgd]
    history = [
        Candidate(f"c{i}", i, known[name], Origin("t"), Evaluation(Status.SCORED, score))
        for i, (name, score) in enumerate(scored)
    ]
    return replace(lab(), history=history)


def test_what_good_programs_have_in_common_is_noted() -> None:
    notes = insights(record([1.0, 1.1, 1.2, 1.3], [0.1, 0.2, 0.3, 0.4]))
    sign = next(n for n in notes if n.op == "sign")
    assert sign.effect == pytest.approx(4 / 7)
    assert sign.evidence == (3, 2)
    assert str(sign).startswith("4 programs with `sign` rank 57% above those without it (t = ")


def test_a_note_goes_when_the_evidence_does() -> None:
    mixed = record([1.0, 0.0, 1.1, 0.1], [0.9, 0.05, 1.05, 0.2])
    assert insights(mixed) == []
    assert insights(record([1.0], [0.5])) == []


def test_prompts_show_the_notes() -> None:
    seen = record([1.0, 1.1, 1.2, 1.3], [0.1, 0.2, 0.3, 0.4])
    assert "- 4 programs with `sign` rank" in prompt(seen, "Go.").messages[1][1]
