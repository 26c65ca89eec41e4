"""What models were asked for a candidate, and the notes to self that a run's models wrote.

Asked      a call that a candidate came of
Noted      a note, the candidates it cites, and whether later results contradicted it
asked_for  a candidate's calls, in order
told       the notes that the prompts of those calls carried
noted_in   a run's notes, the oldest first

What reads a model's words is imported where there are any: most candidates come of none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from evaluators.candidate import Candidate
from programs.errors import CambrianError
from runs.judged import kind_judged
from runs.queries import Queries
from runs.record import NOTES, RunRecord

if TYPE_CHECKING:
    from agent.notes import Note
    from programs.kind import Kind


class Asked(NamedTuple):
    """A call that a candidate came of; `carried` are the notes in its prompt."""

    id: int
    model: str
    purpose: str
    prompt_tokens: int
    completion_tokens: int
    usd: float
    seconds: float
    error: str
    carried: tuple[str, ...] = ()


class Noted(NamedTuple):
    """A note that a model wrote at a place; `refuted` says that later results contradict it."""

    place: int
    text: str
    model: str
    candidates: tuple[str, ...]
    refuted: bool


def asked_for(store: Queries, candidate: Candidate) -> list[Asked]:
    """Return the calls that were made for a candidate's place, or that it shared with others."""
    if not candidate.origin.model:
        return []
    sql = """
        SELECT a.*, l.messages FROM asked a JOIN llm_call l ON l.id = a.call
        WHERE a.candidate = ? ORDER BY a.call
    """
    return [
        Asked(
            row["call"],
            row["model"],
            row["purpose"],
            row["prompt_tokens"],
            row["completion_tokens"],
            row["usd"],
            row["seconds"],
            row["error"],
            _carried(row["messages"]),
        )
        for row in store.rows(sql, candidate.id)
    ]


def _carried(messages: str) -> tuple[str, ...]:
    """Return the notes that a recorded prompt holds."""
    from agent.prompts import NOTED

    asked = json.loads(messages)
    said = asked["messages"] if isinstance(asked, dict) else []
    lines = (line for message in said for line in message["content"].split("\n"))
    return tuple(line.removeprefix(NOTED) for line in lines if line.startswith(NOTED))


def told(asked: Sequence[Asked]) -> list[str]:
    """Return each note that the prompts of these calls carried, once."""
    return list(dict.fromkeys(note for call in asked for note in call.carried))


def noted_in(store: Queries, run: RunRecord, citing: str = "") -> list[Noted]:
    """Return the notes of a run, of equal claims the latest, and which of them results refuted.

    With `citing` only those whose evidence names that candidate.
    """
    if not (events := [e for e in store.events(run.id) if e.name == NOTES]):
        return []
    from agent.notes import note_of

    kind = kind_judged(run.task, run.kind)
    listed = (each for e in events for each in e.detail["notes"])
    notes = [n for each in listed if (n := note_of(each, kind))]
    latest = {(n.claim, n.helps): n for n in notes if not citing or citing in n.ids}
    notes = sorted(latest.values(), key=lambda n: n.place)
    history = _history(store, run, kind) if notes else []
    return [_noted(note, history) for note in notes]


def _history(store: Queries, run: RunRecord, kind: Kind) -> list[Candidate]:
    from runs.history import revived

    try:
        return [revived(c, kind) for c in store.history(run.id)]
    except CambrianError:
        # Programs that no longer read say nothing for or against a note.
        return []


def _noted(note: Note, history: Sequence[Candidate]) -> Noted:
    from agent.notes import retired

    return Noted(note.place, note.by_id, note.model, note.ids, retired(note, history))
