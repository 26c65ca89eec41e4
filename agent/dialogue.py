"""The repair loop: ask for programs, and send back what is wrong with them, a few times.

    Draft      a program that a model wrote, and what is wrong with it, if anything
    Obtained   the drafts of a conversation, the usable ones first, or why there are none

A program that reads but does what is known already is sent back like one that does not read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from agent.prompts import named, score_of
from agent.proposer import Proposal, Setback, View
from agent.question import Answer, Dialogue, Question
from agent.reply import Flawed, Offer, Reading, read_reply
from agent.worth import Worth
from evaluators.admit import Rejected, admit
from evaluators.candidate import Origin
from programs.errors import Fault
from programs.kind import Kind
from programs.program import Program

REPAIRS = 2
KNOWN = "computes exactly what"

WHOLE = "Reply with one ```python block that holds a whole `def {entry}(…)`."
"""In what form to reply once more, unless a proposer asks for another."""

Reader = Callable[[str, Kind, bool], Reading]
"""Reads a reply; the flag says that it was cut off."""

Objection = Callable[[Program], str]
"""What a proposer has against a program that reads: a clause, or nothing."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text with the fingerprint of what it does; `problem` says why it is of no use.

    In place of a fingerprint, which only the sandbox could find, free-form Python has its key.
    """

    source: str
    rationale: str = ""
    fingerprint: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Obtained:
    """What a conversation brought; `setback` is set when there is no draft at all."""

    drafts: tuple[Draft, ...] = ()
    setback: str = ""
    repairs: int = 0

    @property
    def fresh(self) -> tuple[Draft, ...]:
        """Return the drafts worth judging."""
        return tuple(d for d in self.drafts if not d.problem)


def obtain(
    question: Question,
    view: View,
    read: Reader = read_reply,
    repairs: int = REPAIRS,
    objection: Objection | None = None,
    again: str = "",
) -> Dialogue[Obtained]:
    """Ask; while nothing fresh comes, say what is wrong and ask again, in the form `again` says."""
    again = again or WHOLE.format(entry=view.kind.entry.name)
    drafts: tuple[Draft, ...] = ()
    turn = 0
    while True:
        (answer,) = yield (question,)
        if answer.error:
            return Obtained(drafts, "" if drafts else answer.error, turn)
        readings = [read(s.text, view.kind, s.cut_off) for s in answer.samples]
        worth = next((r.worth for r in readings if r.worth is Worth.PROGRAM), readings[0].worth)
        drafts = _sorted(_drafts(readings, view, objection)) or drafts
        done = bool(drafts) and not drafts[0].problem
        if done or worth is Worth.REFUSED or turn == repairs:
            return Obtained(drafts, "" if drafts else f"{worth}: {_MEANING[worth]}", turn)
        turn += 1
        purpose = f"{question.purpose.partition(' repair')[0]} repair {turn}"
        complaint = _complaint(readings[0], drafts, again)
        question = question.followed_by(_said(answer), complaint, purpose)


def offered(obtained: Obtained, origin: Origin) -> Proposal | Setback:
    """Turn the best draft into a proposal; one with a problem is still worth recording."""
    if not obtained.drafts:
        return Setback(obtained.setback)
    return proposal(obtained.drafts[0], origin, obtained.repairs)


def proposal(draft: Draft, origin: Origin, repairs: int) -> Proposal:
    """Return a draft as a proposal, with the model's own reason."""
    rationale = draft.rationale or origin.rationale
    usage = {**origin.usage, "repairs": float(repairs)}
    return Proposal(draft.source, replace(origin, rationale=rationale, usage=usage))


def known_behaviours(view: View) -> dict[str, str]:
    """Return who first did what: fingerprints, keys of free-form texts, and who, in words."""
    known: dict[str, str] = {}
    for candidate in view.history:
        if candidate.evaluation.fingerprint:
            scored = f"{named(candidate)}, {score_of(candidate)},"
            known.setdefault(candidate.evaluation.fingerprint, scored)
            if candidate.program.genome is None:
                known.setdefault(candidate.program.key, scored)
    return known


def _drafts(readings: list[Reading], view: View, objection: Objection | None = None) -> list[Draft]:
    known = known_behaviours(view)
    drafts: list[Draft] = []
    for reading in readings:
        for offer in reading.offers:
            draft = _draft(offer, view.kind, known)
            if objection is not None and not draft.problem:
                draft = replace(draft, problem=objection(offer.program))
            drafts.append(draft)
            mark = draft.fingerprint or draft.source
            known.setdefault(mark, "an earlier program of this reply")
        drafts += [_flawed(each) for each in reading.flawed]
    return drafts


def _draft(offer: Offer, kind: Kind, known: Mapping[str, str]) -> Draft:
    """Judge a program that reads by what can be known of it without the sandbox."""
    program = offer.program
    if program.genome is None:
        # Only the sandbox can say what free-form Python does; here it is told apart by its text.
        twin = known.get(program.key)
        problem = f"{KNOWN} {twin} does" if twin else ""
        return Draft(program.source, offer.rationale, program.key, problem)
    found = admit(program.source, kind)
    problem = found.reason if isinstance(found, Rejected) else ""
    if not problem and (twin := known.get(found.fingerprint)):
        problem = f"{KNOWN} {twin} does"
    return Draft(program.source, offer.rationale, found.fingerprint, problem)


def _flawed(flawed: Flawed) -> Draft:
    return Draft(flawed.source, flawed.rationale, problem=f"not valid: {flawed.fault}")


def _sorted(drafts: list[Draft]) -> tuple[Draft, ...]:
    """Put fresh drafts first, then those that read."""
    return tuple(sorted(drafts, key=lambda d: (bool(d.problem), not d.fingerprint)))


# -- what is said to the model ---------------------------------------------------------------------

_MEANING = {
    Worth.PROGRAM: "a program",
    Worth.EMPTY: "the reply is empty",
    Worth.REFUSED: "the model will not answer",
    Worth.CUT_OFF: "the reply ends before the program does",
    Worth.MALFORMED: "the reply is JSON that cannot be read",
    Worth.SIGNATURE: "the program has another signature",
    Worth.OUTSIDE: "the program is outside the language",
    Worth.FOREIGN: "the program is in another language",
    Worth.PROSE: "the reply holds no program",
}


def _complaint(reading: Reading, drafts: tuple[Draft, ...], again: str) -> str:
    if reading.worth is Worth.PROGRAM and drafts:
        return f"{_refusal(drafts[0])} {again}"
    if reading.worth is Worth.CUT_OFF:
        return f"Your reply was cut off before the program ended. Write less. {again}"
    if reading.flawed:
        first = reading.flawed[0]
        return f"That program cannot be used:\n\n{located(first.source, first.fault)}\n\n{again}"
    return f"That cannot be used: {_MEANING[reading.worth]}. {again}"


def _refusal(draft: Draft) -> str:
    if not draft.problem.startswith(KNOWN):
        return f"That program reads, but it will not do: {draft.problem}. Propose another."
    return (
        f"However it is written, that program {draft.problem}: on every input that programs are "
        "probed with, the same numbers come out, and what differs shows in none. It is not trained "
        "again. Propose one that computes something else."
    )


def located(source: str, fault: Fault) -> str:
    """Show a fault below the line where it is."""
    lines = source.split("\n")
    if fault.line is None or not 0 < fault.line <= len(lines):
        return str(fault)
    mark = " " * max((fault.column or 1) - 1, 0) + "^"
    return f"{fault}\n\n    {lines[fault.line - 1]}\n    {mark}"


def _said(answer: Answer) -> str:
    return answer.text or "(nothing)"
