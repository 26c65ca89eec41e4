"""A dialogue is a pure function of the replies: what is wrong goes back, at most twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.dialogue import WHOLE, Obtained, obtain
from agent.question import Answer, Dialogue, Question, Sample
from tests.agent.replies import GOOD, fenced
from tests.agent.test_evolution import view

BAD = fenced("m = lerp(m, g, 0.1)\nreturn lr * softsign(m), m")
ASK = Question((("user", "go"),), "7 rewrite")


def hold(dialogue: Dialogue[Any], replies: Sequence[str | Answer]) -> tuple[Any, list[Question]]:
    """Answer a dialogue with these replies; return its end and what it asked."""
    asked = [*next(dialogue)]
    for reply in replies:
        answer = Answer((Sample(reply),)) if isinstance(reply, str) else reply
        try:
            asked += dialogue.send((answer,))
        except StopIteration as end:
            return end.value, asked
    raise AssertionError(f"another reply is owed to: {asked[-1].messages[-1]}")


def test_a_good_reply_needs_one_turn() -> None:
    obtained, asked = hold(obtain(ASK, view([1.0])), [GOOD[0]])
    assert len(obtained.fresh) == 1
    assert obtained.repairs == 0
    assert len(asked) == 1


def test_the_located_fault_goes_back_to_the_model() -> None:
    obtained, asked = hold(obtain(ASK, view([1.0])), [BAD, GOOD[0]])
    assert obtained.repairs == 1
    assert obtained.fresh
    assert asked[1].purpose == "7 rewrite repair 1"
    assert asked[1].messages[1] == ("assistant", BAD)
    complaint = asked[1].messages[2][1]
    assert (
        "line 3, column 17: there is no function `softsign` (did you mean `m / (1 + abs(m))`?)"
        in complaint
    )
    assert "    return lr * softsign(m), m\n                    ^" in complaint


def test_after_two_repairs_the_last_text_is_kept_for_the_record() -> None:
    obtained, asked = hold(obtain(ASK, view([1.0])), [BAD, BAD, BAD])
    assert len(asked) == 3
    assert not obtained.fresh
    assert obtained.drafts[0].problem.startswith("not valid: line 3, column 17")


def test_a_known_behaviour_is_refused_by_name() -> None:
    seen = view([1.0])
    (draft,) = hold(obtain(ASK, seen), [GOOD[0]])[0].fresh
    from dataclasses import replace

    again = replace(
        seen.history[0],
        evaluation=replace(seen.history[0].evaluation, fingerprint=draft.fingerprint),
    )
    obtained, asked = hold(obtain(ASK, replace(seen, history=[again])), [GOOD[0], GOOD[1]])
    assert "computes exactly what program 0, 1.0000, does" in asked[1].messages[2][1]
    assert WHOLE.format(entry="update") in asked[1].messages[2][1]
    assert obtained.fresh


def test_the_form_of_a_reply_is_said_again() -> None:
    asked = hold(obtain(ASK, view([1.0]), again="Edits, please."), [BAD, GOOD[0]])[1]
    assert asked[1].messages[2][1].endswith("Edits, please.")


def test_refusals_and_failed_calls_end_it() -> None:
    refused: Obtained = hold(obtain(ASK, view([1.0])), ["I'm sorry, I can't do that."])[0]
    assert refused.setback == "refused: the model will not answer"
    broken = hold(obtain(ASK, view([1.0])), [Answer(error="no connection: gone")])[0]
    assert broken.setback == "no connection: gone"


def test_silence_is_asked_about() -> None:
    obtained, asked = hold(obtain(ASK, view([1.0])), ["", "Use RMS.", GOOD[0]])
    assert "the reply is empty" in asked[1].messages[2][1]
    assert "holds no program" in asked[2].messages[4][1]
    assert obtained.repairs == 2
