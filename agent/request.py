"""Ask a model for one program: what every proposer that does so has in common.

A proposer says what is special about it in a `Request`; the question is made here, its seed drawn,
the reply read and repaired, and the outcome offered with its parents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from agent.dialogue import Objection, Obtained, Reader, obtain, offered
from agent.parents import question_seed
from agent.prompts import Section, prompt
from agent.proposer import Proposal, Setback, View
from agent.question import Dialogue, Question
from agent.reply import read_reply
from evaluators.candidate import Candidate, Origin


class Manner(Protocol):
    """How a proposer asks: its settings, which are fields of its dataclass."""

    @property
    def name(self) -> str:
        """Return what `--proposer` calls it."""
        ...

    @property
    def temperature(self) -> float:
        """Return the temperature of sampling."""
        ...

    @property
    def max_tokens(self) -> int:
        """Return how long a reply may be."""
        ...

    @property
    def budget(self) -> int:
        """Return how many tokens the prompt may take."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    `parents` are what the child is made from, `shown` the programs in the prompt (the elites if
    `None`), `operator` the word for how the child came about, `extra` sections beside the usual
    ones. `read` reads a reply, `objection` says why a program that reads will not do, `again` in
    what form to reply once more.
    """

    ask: str
    operator: str
    parents: Sequence[Candidate] = ()
    shown: Sequence[Candidate] | None = None
    extra: Sequence[Section] = ()
    read: Reader = read_reply
    objection: Objection | None = None
    again: str = ""


def question(request: Request, manner: Manner, view: View, rng: np.random.Generator) -> Question:
    """Return the question that a request comes to."""
    composed = prompt(
        view, request.ask, shown=request.shown, extra=request.extra, budget=manner.budget
    )
    return Question(
        composed.messages,
        f"{view.index} {manner.name}",
        max_tokens=manner.max_tokens,
        temperature=manner.temperature,
        seed=question_seed(rng),
    )


def one_program(
    request: Request, manner: Manner, view: View, rng: np.random.Generator
) -> Dialogue[Proposal | Setback]:
    """Ask for a program, and offer what comes."""
    obtained = yield from obtained_by(request, question(request, manner, view, rng), view)
    return offered(obtained, origin_of(request, manner))


def obtained_by(request: Request, asked: Question, view: View) -> Dialogue[Obtained]:
    """Put a question and read the reply as the request says."""
    found = yield from obtain(
        asked, view, request.read, objection=request.objection, again=request.again
    )
    return found


def origin_of(request: Request, manner: Manner) -> Origin:
    """Return where the child comes from."""
    return Origin(manner.name, request.operator, tuple(c.id for c in request.parents))
