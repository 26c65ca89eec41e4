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
    sign = next(n for n in notes if "sign" in n.ops)
    assert sign.effect == pytest.approx(4 / 7)
    assert sign.ops == ("+", "lerp", "sign"), "what the same programs use is one note"
    assert str(sign).startswith(
        "of 8 programs, ranked by score, the 4 with `+` and `lerp` and `sign` stand on average "
        "4 places above those without (t = "
    )
    assert str(sign).endswith("; the best of them: program 3 (1.3000) and program 2 (1.2000))")


def test_examples_fit_the_sign() -> None:
    (note,) = insights(record([0.1, 0.2, 0.3, 0.4], [1.0, 1.1, 1.2, 1.3]))
    assert note.effect < 0
    assert [c.index for c in note.evidence] == [0, 1]
    assert "; the worst of them: program 0 (0.1000) and program 1 (0.2000))" in str(note)


def test_operators_are_written_as_programs_write_them() -> None:
    known = library("optimizer")
    lion = record([1.0, 1.1, 1.2, 1.3], [0.1, 0.2, 0.3, 0.4])
    adamw = [replace(c, program=known["adamw"]) if c.index < 4 else c for c in lion.history]
    (note,) = insights(replace(lion, history=adamw))
    assert {"**", "-", "/"} < set(note.ops)
    assert not {"pow", "sub", "div"} & set(note.ops)


def test_a_note_goes_when_the_evidence_does() -> None:
    mixed = record([1.0, 0.0, 1.1, 0.1], [0.9, 0.05, 1.05, 0.2])
    assert insights(mixed) == []
    assert insights(record([1.0], [0.5])) == []


def test_prompts_show_the_notes() -> None:
    seen = record([1.0, 1.1, 1.2, 1.3], [0.1, 0.2, 0.3, 0.4])
    assert "- of 8 programs, ranked by score, the 4 with" in prompt(seen, "Go.").messages[1][1]
