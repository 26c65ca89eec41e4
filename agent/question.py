"""What is asked of a model and what comes back, without knowing any model.

    Question    messages and sampling settings, and what it is asked for
    Answer      the samples with their cost, or why there are none
    Call        a question with its answer, as it is recorded
    Asker       whoever answers: the door to models, or a record of earlier answers

A proposer that needs a model is a generator: it yields questions, several where they may be asked
at the same time, is sent as many answers, and returns a proposal. So it is a pure function of the
view, its generator of random numbers and the replies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

Message = tuple[str, str]
"""A role ("system", "user", "assistant") and what it says."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """One request; `purpose` is unique within a run's place, so that answers can be replayed.

    `shares` above 1 says that so many places ask this very question: it is put once, the answer
    serves all, and each carries its share of the cost.
    """

    messages: tuple[Message, ...]
    purpose: str
    max_tokens: int = 2_000
    temperature: float = 0.8
    samples: int = 1
    seed: int | None = None
    logprobs: bool = False
    json: bool = False
    shares: int = 1

    def followed_by(self, reply: str, complaint: str, purpose: str) -> Question:
        """Return the next turn of the same conversation."""
        turn = (("assistant", reply), ("user", complaint))
        return replace(self, messages=(*self.messages, *turn), purpose=purpose, samples=1, shares=1)

    def digest(self, model: str) -> str:
        """Hash what the reply depends on."""
        facts = [model, self.messages, self.samples, self.purpose]
        text = json.dumps(facts, ensure_ascii=False)
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion; `cut_off` says that it hit the token limit.

    `first_token` holds log-probabilities of the reply's first token, where the provider gives them.
    """

    text: str
    cut_off: bool = False
    first_token: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """The samples, or `error`: "short name: sentence"."""

    samples: tuple[Sample, ...] = ()
    error: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """Return the first sample's text."""
        return self.samples[0].text if self.samples else ""


@dataclass(frozen=True, slots=True)
class Call:
    """A question that was put to a model, and the answer.

    A call is known by its `ticket` from the moment before it is made: what is reported of it then
    has the error "in flight" and costs what is set aside for it.
    """

    model: str
    question: Question
    answer: Answer
    ticket: int = 0

    @property
    def in_flight(self) -> bool:
        """Tell whether the answer is still to come."""
        return self.answer.error.startswith(IN_FLIGHT)


IN_FLIGHT = "in flight"
"""How the error of a call begins that is being made."""

Report = Callable[[Call], None]
"""Takes every call, in any thread."""

Dialogue = Generator[tuple[Question, ...], tuple[Answer, ...], T]
"""Yields questions, is sent an answer to each, returns a T."""


class Asker(Protocol):
    """Answers questions; failures are answers with an error, never exceptions."""

    async def answer(self, model: str, question: Question) -> Answer:
        """Return the model's answer."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
