"""Prompts are pure functions of the view that a person can read: see tests/golden/*.md.

Write them anew with CAMBRIAN_GOLDEN=1 after a change, and read the difference.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agent import llambo
from agent.prompts import Section, fitted, prompt, tokens
from agent.proposer import PROPOSERS, Proposer, View, find_proposer
from agent.question import Answer, Question, Sample
from agent.reflect import reflect
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from evaluators.card import Card
from programs.load import kind_named, library, read_program
from programs.program import Program

GOLDEN = Path(__file__).parents[1] / "golden"
KIND = kind_named("optimizer")
KNOWN = library("optimizer")


def lab() -> View:
    """Return a small laboratory book: five known programs, failures and a duplicate."""
    scores = {"adamw": -0.1132, "lion": -0.2083, "nesterov": -0.1187, "muon": -0.0961, "sgd": -0.31}
    history = [
        Candidate(
            f"id{i}",
            i,
            KNOWN[name],
            Origin("library" if i == 0 else "iterate", "", ("id0",) if i else ()),
            Evaluation(Status.SCORED, score, by_seed=(score - 0.002, score + 0.002)),
        )
        for i, (name, score) in enumerate(scores.items())
    ]
    copy = replace(history[1], id="id5", index=5, duplicate_of="id1")
    copy = replace(copy, evaluation=replace(copy.evaluation, status=Status.DUPLICATE))
    failed = [
        replace(
            history[3],
            program=_soft(KNOWN["muon"]) if status is Status.INVALID else _child_of_muon(i),
            id=f"id{6 + i}",
            index=6 + i,
            origin=Origin("iterate", "", ("id3",), "Let the sign decide.", "m"),
            evaluation=Evaluation(status, message=m),
        )
        for i, (status, m) in enumerate(
            [
                (Status.FAILED, "diverged: some seed at every learning rate"),
                (Status.INVALID, "not valid: line 4, column 25: there is no function `softsign`"),
                (Status.FAILED, "diverged: some seed at every learning rate"),
            ]
        )
    ]
    facts = {
        "model": "a perceptron 64-32-32-10, relu",
        "score": "-cross-entropy, the mean over 5 seeds at the best learning rate",
        "training": "200 steps",
        "learning rates tried": "9 from 0.001 to 10, each 3.16 times the one before",
        "size": "how long a program is has no part in its score",
        "budget of the search": "60 programs are judged and $1 for models",
    }
    seeds = {"id0": KNOWN["adamw"]}
    goal = "Find an update rule that trains a small classifier in 200 steps."
    return View("digits", goal, KIND, seeds, [*history, copy, *failed], index=9, facts=facts)


def _child_of_muon(i: int) -> Program:
    """Return Muon with another number at one place."""
    source = KNOWN["muon"].source.replace("0.95", f"{i + 2}.5")
    child = read_program(source, KIND)
    assert isinstance(child, Program)
    return child


def _soft(program: Program) -> Program:
    """Return a program that cannot be read, for it calls what is not there."""
    bare = program.source.rpartition('"""')[2].lstrip()
    return replace(program, source=bare.replace("orthogonalize", "softsign"), genome=None)


def first_prompt(name: str) -> str:
    proposer = find_proposer(name)
    assert not isinstance(proposer, Proposer)
    question, *_ = next(proposer.converse(lab(), np.random.default_rng(4)))
    return written(question)


def written(question: Question) -> str:
    return "\n\n".join(f"# {role}\n\n{text}" for role, text in question.messages) + "\n"


def judging(view: View, sources: list[str]) -> Mapping[str, Question]:
    """Return a question of each sort that brings no program."""
    rng = np.random.default_rng(4)
    (guess,) = llambo.guess_questions(view, sources, llambo.orders(2, 1, rng), rng, "9 llambo")
    (label,) = llambo.label_questions(view, sources[:1], 1, rng, "9 llambo")
    (notes,) = next(reflect(view, "m"))
    return {"guess": guess, "label": label, "notes": notes}


def warm_start(context: str) -> str:
    """Return the warm start's prompt where all is known that may be told."""
    proposer = find_proposer(f"llambo:warm,initial=4,context={context}")
    assert not isinstance(proposer, Proposer)
    view = replace(lab(), index=1, card=CARD)
    (question,) = next(proposer.converse(view, np.random.default_rng(4)))
    return f"{question.messages[1][1]}\n"


CARD = Card(
    (
        "data: 1,077 training examples of 64 real numbers from 0 to 1; 4 never vary",
        "labels: 10 classes, from 9.7% to 10.1% of all; always predicting their shares costs "
        "2.302 nats",
    ),
    (
        "model: 3,466 parameters in 6 tensors; before the first step its loss is 2.306 and its "
        "gradient's norm 0.167",
        "curvature (Hessian on 128 examples): largest eigenvalues 0.42, 0.36; the least is -0.36",
    ),
    ("baselines, judged before: adamw -0.1132 ± 0.0020, lion -0.2083 ± 0.0020",),
)


@pytest.mark.parametrize("context", ["no", "partial", "full"])
def test_the_warm_start_with_each_context_is_the_golden_one(context: str) -> None:
    path = GOLDEN / f"warm-start-{context}-context.md"
    if os.environ.get("CAMBRIAN_GOLDEN"):
        path.write_text(warm_start(context))
    assert warm_start(context) == path.read_text()
    told = [fact in warm_start(context) for fact in CARD.facts]
    assert all(told) if context == "full" else not any(told)


TALKERS = [n for n in PROPOSERS.names() if not isinstance(find_proposer(n), Proposer)]


@pytest.mark.parametrize("name", TALKERS)
def test_the_prompt_is_the_golden_one(name: str) -> None:
    path = GOLDEN / f"{name}.md"
    if os.environ.get("CAMBRIAN_GOLDEN"):
        path.write_text(first_prompt(name))
    assert first_prompt(name) == path.read_text()


@pytest.mark.parametrize("name", ["guess", "label", "notes"])
def test_what_is_asked_beside_programs_is_the_golden_one(name: str) -> None:
    path = GOLDEN / f"{name}.md"
    sources = [KNOWN["adagrad"].source, KNOWN["rmsprop"].source]
    text = written(judging(lab(), sources)[name])
    if os.environ.get("CAMBRIAN_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", TALKERS)
def test_the_same_view_and_replies_give_the_same_dialogue(name: str) -> None:
    assert first_prompt(name) == first_prompt(name)
    proposer = find_proposer(name)
    assert not isinstance(proposer, Proposer)

    def end(seed: int) -> object:
        dialogue = proposer.converse(lab(), np.random.default_rng(seed))
        asked = next(dialogue)
        refusal = Answer((Sample("I'm sorry, I cannot help."),))
        try:
            while True:
                asked = dialogue.send((refusal,) * len(asked))
        except StopIteration as stopped:
            return stopped.value

    assert end(1) == end(1)


def test_a_budget_of_tokens_is_kept_and_the_language_stays() -> None:
    whole = prompt(lab(), "Go.")
    assert list(whole.tokens) == [
        "language", "vocabulary", "goal", "programs", "failures", "duplicates", "request",
    ]  # fmt: skip
    for budget in (1_900, 1_700, 1_500):
        small = prompt(lab(), "Go.", budget=budget)
        assert sum(small.tokens.values()) <= budget
        assert {"language", "vocabulary", "goal", "programs", "request"} <= set(small.tokens)
    assert "program 3" in small.messages[1][1], "the best program goes last"


def test_what_goes_first_is_at_the_end() -> None:
    sections = [Section("a", "A", ("x" * 35, "y" * 35), 1), Section("b", "B", ("z" * 35,))]
    assert [len(s.items) for s in fitted(sections, 30)] == [2]
    assert [len(s.items) for s in fitted(sections, 1)] == [1]
    assert tokens("x" * 35) == 10


@pytest.mark.parametrize("context", ["no", "partial", "full"])
def test_contexts_tell_more_and_more(context: str) -> None:
    names = list(prompt(lab(), "Go.", context=context).tokens)
    assert ("goal" in names) is (context != "no")
    assert ("programs" in names) is (context == "full")


def test_scores_names_and_failures_can_be_read() -> None:
    text = prompt(lab(), "Go.").messages[1][1]
    assert "### program 3: -0.0961 ± 0.0020" in text
    assert "- 2 × diverged: some seed at every learning rate" in text
    assert "- program 1, found 1 × again" in text
    without = prompt(lab(), "Go.", shown=[]).messages[1][1]
    assert "program 1, found 1 × again: -0.2083 ± 0.0020\n```python" in without


def test_prompts_name_no_ids() -> None:
    seen = lab()
    failed = seen.history[6]
    found = Evaluation(Status.DUPLICATE, message="does what c0ffee does, which was failed")
    again = replace(failed, id="id9", index=9, evaluation=found, duplicate_of="id6")
    seen = replace(seen, history=[*seen.history, again], index=10)
    text = prompt(seen, "Go.", shown=[again]).messages[1][1]
    assert "no score (found again, and known to get none)" in text
    assert "c0ffee" not in text
