"""The conversation that brings notes to self, before a place is filled.

It is part of a place's own dialogue, so that what it brings depends on the view alone, and costs
what it costs there.
"""

from __future__ import annotations

from agent.notes import MAX_TOKENS, PURPOSE, TEMPERATURE, Note, asked, read_notes
from agent.prompts import prompt
from agent.proposer import View
from agent.question import Dialogue, Question

SHOWN = 12


def reflect(view: View, model: str) -> Dialogue[tuple[Note, ...]]:
    """Ask for notes; what is wrong with all of them goes back once."""
    shown = [*view.elites(SHOWN // 2), *view.elites(len(view.history))[-SHOWN // 2 :]]
    distinct = list({c.id: c for c in shown}.values())
    question = Question(
        prompt(view, asked(view.history), shown=distinct).messages,
        f"{view.index} {PURPOSE}",
        max_tokens=MAX_TOKENS,
        temperature=TEMPERATURE,
        json=True,
    )
    (answer,) = yield (question,)
    notes, wrong = read_notes(answer.text, view.history, view.kind, view.index, model)
    if notes or answer.error or not wrong:
        return notes
    complaint = f"None of that can be kept: {'; '.join(wrong)}. Reply with the JSON alone."
    said = answer.text or "(nothing)"
    (answer,) = yield (question.followed_by(said, complaint, f"{question.purpose} repair 1"),)
    return read_notes(answer.text, view.history, view.kind, view.index, model)[0]
