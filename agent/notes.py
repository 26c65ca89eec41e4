"""Notes to self: from time to time a model distils what helped and what did not, with evidence.

    Note       a claim that can be measured, what the model says of it, and the programs it cites
    due        whether whoever proposes next is to write notes first: a rule of the view
    reflect    the conversation that brings notes
    standing   the notes that later results have not contradicted
    as_told    a note as models are told it, with what bears on it

A note belongs to the place where it was written, and is known wherever that place's candidate is.
It is retired when the programs judged after it was written say the opposite of what it claims, or
when all do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.claims import (
    FORMS,
    MEANINGS,
    STRENGTH,
    Claim,
    Contrast,
    cited,
    contrast,
    judged,
    ranks,
    read_claim,
    spelled,
)
from evaluators.candidate import Candidate
from programs.kind import Kind

EVERY = 20
"""Judged candidates after which notes are written again."""

MOST = 4
"""Notes that are taken from one reply."""

CITED = 3
"""Programs that are cited with a note."""

PURPOSE = "insight"
LONGEST = 200
SHORT = 6
"""Characters of an id that are enough to look it up."""

MAX_TOKENS = 900
TEMPERATURE = 0.3

ASK = f"""\
Before you go on, write down what these results teach: at most {MOST} notes on what helped and \
what did not. Each must be a claim that later results can confirm or refute. Reply with JSON alone:

{{"notes": [{{"feature": "uses sign", "effect": "helps", "programs": [3, 7], "text": "why"}}]}}

`feature` is {FORMS}. {MEANINGS}. `effect` is "helps" or "hurts"; `programs` are the numbers of \
programs shown above that are your evidence, at least two; `text` is one sentence that says why \
and stays true when more is known: without counts, ranks and numbers of programs. Notes \
that stand above already need not be written again."""
"""What is asked; `ways` are the words for how the programs known were made."""


@dataclass(frozen=True, slots=True)
class Note:
    """A claim written at `place`; `evidence` are places of candidates, `ids` what they are called.

    `helps` says that programs with the feature rank above those without.
    """

    place: int
    claim: Claim
    helps: bool
    text: str
    evidence: tuple[int, ...]
    ids: tuple[str, ...]
    model: str = ""

    def __str__(self) -> str:
        places = " and ".join(map(str, self.evidence))
        effect = "helps" if self.helps else "hurts"
        return f"`{self.claim}` {effect}: {self.text} (from program {places})"

    @property
    def by_id(self) -> str:
        """Write it for people, who look candidates up by their ids."""
        effect = "helps" if self.helps else "hurts"
        each = " and ".join(i[:SHORT] for i in self.ids)
        return f"`{self.claim}` {effect}: {self.text} (from {each})"


class _Written(BaseModel):
    model_config = ConfigDict(extra="ignore")
    feature: str
    effect: Literal["helps", "hurts"]
    programs: list[int] = Field(min_length=1)
    text: str = ""


def asked(history: Sequence[Candidate]) -> str:
    """Return the request for notes on what is known."""
    ways = sorted({c.origin.operator for c in history if _WAY.fullmatch(c.origin.operator)})
    # The example holds braces, which `format` would take for fields.
    return ASK.replace("{ways}", ", ".join(f"`{way}`" for way in ways) or "none yet")


_WAY = re.compile(r"[a-z][a-z -]*")
"""Words for how a program was made that a claim can name: no figures in them."""


def due(history: Sequence[Candidate], fresh: int = 1) -> bool:
    """Tell whether the last `fresh` candidates make a round number of judged ones.

    They are those that the proposal before did not know, so one in a run is due for each number.
    """
    before = judged(history[: len(history) - fresh])
    return len(judged(history)) // EVERY > len(before) // EVERY


def read_notes(
    text: str, history: Sequence[Candidate], kind: Kind, place: int, model: str = ""
) -> tuple[tuple[Note, ...], tuple[str, ...]]:
    """Return the notes of a reply that hold up, and what is wrong with the others."""
    found = _listed(text)
    if found is None:
        return (), ("the reply is not JSON with a list `notes`",)
    notes: list[Note] = []
    wrong: list[str] = []
    for each in found[:MOST]:
        note = _checked(each, history, kind, place, model)
        if isinstance(note, str):
            wrong.append(note)
        else:
            notes.append(note)
    return tuple(notes), tuple(wrong)


def _listed(text: str) -> list[Any] | None:
    start = text.find("{")
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text[max(start, 0) :])
    except (ValueError, RecursionError):
        return None
    notes = value.get("notes") if isinstance(value, dict) else None
    return notes if isinstance(notes, list) else None


def _checked(
    each: Any, history: Sequence[Candidate], kind: Kind, place: int, model: str
) -> Note | str:
    try:
        written = _Written.model_validate(each)
    except ValidationError as error:
        return f"a note lacks or misspells `{error.errors()[0]['loc'][0]}`"
    claim = read_claim(written.feature, kind)
    if isinstance(claim, str):
        return claim
    by_place = {c.index: c for c in history}
    places = tuple(dict.fromkeys(written.programs))
    if missing := [p for p in places if p not in by_place]:
        return f"there is no program {missing[0]}"
    helps, known = written.effect == "helps", judged(history)
    having = sum(claim.holds(c) for c in known)
    if known and having in (0, len(known)):
        which = "every" if having else "no"
        return f"{which} program so far has `{spelled(claim, kind)}`, so it tells nothing apart"
    if _contradicted(claim, helps, known):
        return f"the results so far say the opposite of `{spelled(claim, kind)}` {written.effect}"
    text = " ".join(written.text.split())[:LONGEST]
    return Note(place, claim, helps, text, places, tuple(by_place[p].id for p in places), model)


def _contradicted(claim: Claim, helps: bool, known: Sequence[Candidate]) -> bool:
    found = _contrast(claim, known)
    return found is not None and (found.strength if helps else -found.strength) <= -STRENGTH


def _contrast(claim: Claim, known: Sequence[Candidate]) -> Contrast | None:
    has = np.array([claim.holds(c) for c in known], dtype=bool)
    return contrast(has, ranks(known)) if len(known) else None


def retired(note: Note, history: Sequence[Candidate]) -> bool:
    """Tell whether the programs judged since a note was written contradict it, or all do."""
    known = judged(history)
    since = [c for c in known if c.index > note.place]
    return any(_contradicted(note.claim, note.helps, part) for part in (since, known))


def as_told(note: Note, history: Sequence[Candidate], kind: Kind) -> str:
    """Write a note for a model: with the scores of what it cites, and what came of it since."""
    by_id = {c.id: c for c in history}
    evidence = " and ".join(cited(by_id[i]) for i in note.ids[:CITED] if i in by_id)
    known = judged(history)
    later = [c for c in known if c.index > note.place]
    having = sum(note.claim.holds(c) for c in later)
    helps = "helps" if note.helps else "hurts"
    return (
        f"`{spelled(note.claim, kind)}` {helps}: {note.text} (noted from {evidence}; since then "
        f"{having} with it and {len(later) - having} without{_bearing(note, later)}; all "
        f"{len(known)} so far{_bearing(note, known) or ' are too alike to tell'})"
    )


def _bearing(note: Note, known: Sequence[Candidate]) -> str:
    """Say how programs bear on a note, or nothing where too few have the feature or lack it."""
    found = _contrast(note.claim, known)
    if found is None:
        return ""
    way = "for" if (found.effect > 0) == note.helps else "against"
    says = "speak" if abs(found.strength) >= STRENGTH else "lean"
    return f" {says} {way} it (|t| = {abs(found.strength):.1f})"


def borne_out(notes: Sequence[Note], history: Sequence[Candidate]) -> list[Note]:
    """Return the standing notes that all results so far do not so much as lean against."""
    known = judged(history)
    found = [(note, _contrast(note.claim, known)) for note in standing(notes, history)]
    return [n for n, c in found if c is None or (c.effect > 0) == n.helps]


def standing(notes: Sequence[Note], history: Sequence[Candidate]) -> list[Note]:
    """Return the notes that are not retired, the newest first; of equal claims, the newest."""
    newest = {note.claim: note for note in notes}
    kept = [note for note in newest.values() if not retired(note, history)]
    return sorted(kept, key=lambda n: -n.place)


def detail(note: Note) -> dict[str, Any]:
    """Return a note as an event holds it."""
    return {
        "place": note.place,
        "feature": str(note.claim),
        "effect": "helps" if note.helps else "hurts",
        "text": note.text,
        "programs": list(note.evidence),
        "candidates": list(note.ids),
        "model": note.model,
    }


def note_of(found: Mapping[str, Any], kind: Kind) -> Note | None:
    """Read back what `detail` wrote; `None` where its claim is no longer one."""
    claim = read_claim(found["feature"], kind)
    if isinstance(claim, str):
        return None
    return Note(
        found["place"],
        claim,
        found["effect"] == "helps",
        found["text"],
        tuple(found["programs"]),
        tuple(found["candidates"]),
        found["model"],
    )
