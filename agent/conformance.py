"""The conformance suite for proposers: what one must keep to take part in a run.

    for check in proposer_conformance(proposer):
        print(check.name, check.fault or "ok")

A proposer is asked on made-up views of a search: one that has just begun, and one with a history.
One that asks a model gets a reply that holds no program and an error, and must come to an end with
either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import numpy as np

from agent.proposer import Proposal, Proposer, Setback, Talker, View
from agent.question import Answer as Reply
from agent.question import Question, Sample
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.conformance import Answer, Check, until_a_fault
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.load import kind_named, library, make_program

KINDS = ("optimizer", "schedule")
"""Kinds for which a proposer is asked; an architecture's probe would need torch here."""

KNOWN = 12
ASKED = 4
TURNS = 50

REPLIES = (Reply((Sample("I would rather not."),)), Reply(error="down: no server answered"))
"""What no program can be read from."""


def proposer_conformance(proposer: Proposer | Talker) -> Iterator[Check]:
    """Examine a proposer; whether it asks a model shows in its methods."""
    if isinstance(proposer, Proposer):
        return until_a_fault(OF_A_PROPOSER, proposer)
    return until_a_fault(OF_A_TALKER, proposer)


@cache
def _views() -> tuple[View, ...]:
    return tuple(view for kind in KINDS for view in (_view(kind, 1), _view(kind, KNOWN)))


def _view(name: str, known: int) -> View:
    """Return a search on which `known` programs of the library were scored, the first the best.

    Where there are several, one by a model has failed as well.
    """
    kind = kind_named(name)
    programs = [p for p in library(name).values() if p.genome is not None][:known]
    history = []
    for i, program in enumerate(programs):
        assert program.genome is not None
        found = fingerprint(program.genome, kind)
        by_seed = (-i / 10, -i / 10 + 0.01)
        judged = Evaluation(Status.SCORED, sum(by_seed) / 2, {}, by_seed, fingerprint=found)
        origin = Origin("library", "warm start", ("run-0",) if i else ())
        history.append(Candidate(f"run-{i}", i, program, origin, judged))
    if known > 1:
        origin = Origin("rewrite", "rewrite", ("run-0",), "a bolder step", "a model")
        failed = Evaluation(Status.FAILED, message="diverged: some seed at every learning rate")
        history.append(Candidate(f"run-{known}", known, programs[0], origin, failed))
    goal = "Train a small classifier of handwritten digits in 200 steps."
    left = {"evaluations": 100.0, "usd": 1.0}
    return View("digits", goal, kind, {"run-0": programs[0]}, history, left, len(history))


def _offers(proposer: Proposer, view: View, seed: int = 0) -> Sequence[Proposal]:
    return proposer.propose(view, ASKED, np.random.default_rng(seed))


def _described(proposer: Proposer | Talker) -> Answer:
    name = getattr(proposer, "name", None)
    if not isinstance(name, str) or not name:
        return f"`name` is {name!r}, not a word"
    return "", name


def _programs(proposer: Proposer) -> Answer:
    offered = 0
    for view in _views():
        proposals = _offers(proposer, view)
        if len(proposals) > ASKED:
            return f"it was asked for {ASKED} proposals and gave {len(proposals)}"
        for proposal in proposals:
            if fault := _unlike_an_offer(proposal, proposer, view):
                return f"{view.kind.name}: {fault}"
        offered += len(proposals)
    return ("", f"{offered} of {ASKED * len(_views())} asked") if offered else "it offered nothing"


def _unlike_an_offer(proposal: object, proposer: Proposer | Talker, view: View) -> str:
    """Say what is wrong with a proposal for a view, or nothing."""
    if not isinstance(proposal, Proposal):
        return f"expected a Proposal, got a {type(proposal).__name__}"
    offer, origin = proposal.offer, proposal.origin
    if not isinstance(offer, Genome | str) or not offer:
        return f"expected a genome or a text, got {offer!r}"
    if isinstance(offer, Genome) and isinstance(made := make_program(offer, view.kind), Fault):
        return f"a genome that does not type-check: {made}"
    if origin.proposer != proposer.name:
        return f"its origin names the proposer `{origin.proposer}`, not `{proposer.name}`"
    strangers = set(origin.parents) - {c.id for c in view.history}
    return f"unknown parents: {', '.join(sorted(strangers))}" if strangers else ""


def _same(proposer: Proposer) -> Answer:
    first = [_offers(proposer, view) for view in _views()]
    again = [_offers(proposer, view) for view in reversed(_views())]
    if list(map(list, first)) != list(map(list, reversed(again))):
        return (
            "the same view and generator gave other proposals: draw from `rng` only, and keep "
            "nothing between calls"
        )
    return ""


def _others(proposer: Proposer) -> Answer:
    view = _views()[1]
    offers = [tuple(p.offer for p in _offers(proposer, view, seed)) for seed in range(8)]
    if len(set(offers)) < 2:
        return "eight generators gave the same programs: draw from `rng`"
    distinct = {offer for each in offers for offer in each}
    return "", f"{len(distinct)} of {sum(map(len, offers))} distinct"


def _ends(talker: Talker) -> Answer:
    asked = 0
    for view in _views():
        for reply in REPLIES:
            rng, purposes = np.random.default_rng(0), []
            dialogue = talker.converse(view, rng)
            questions: tuple[Question, ...] = ()
            for _ in range(TURNS):
                try:
                    questions = (
                        dialogue.send((reply,) * len(questions)) if questions else next(dialogue)
                    )
                except StopIteration as end:
                    if fault := _unlike_an_end(end.value, talker, view):
                        return fault
                    break
                purposes += [q.purpose for q in questions]
            else:
                return f"it asks on after {TURNS} turns without a program in the replies"
            asked += len(purposes)
    return ("", f"{asked} questions") if asked else "it asks nothing: give it `propose` instead"


def _unlike_an_end(outcome: object, talker: Talker, view: View) -> str:
    if isinstance(outcome, Setback):
        return "" if outcome.reason else "a Setback without a reason"
    return _unlike_an_offer(outcome, talker, view)


def _same_questions(talker: Talker) -> Answer:
    for view in _views():
        first, again = (_first_questions(talker, view) for _ in range(2))
        if first != again:
            return "the same view and generator gave another question: draw from `rng` only"
        if len({q.purpose for q in first}) < len(first):
            return "two questions have the same `purpose`"
    return ""


def _first_questions(talker: Talker, view: View) -> tuple[Question, ...]:
    try:
        return next(talker.converse(view, np.random.default_rng(0)))
    except StopIteration:
        return ()


OF_A_PROPOSER: Mapping[str, Callable[[Proposer], Answer]] = {
    "is described": _described,
    "offers programs": _programs,
    "same view, same offers": _same,
    "other numbers, other offers": _others,
}

OF_A_TALKER: Mapping[str, Callable[[Talker], Answer]] = {
    "is described": _described,
    "comes to an end": _ends,
    "same view, same question": _same_questions,
}
