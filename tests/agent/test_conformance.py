"""Proposers that break a rule are caught by the check of that rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from agent.conformance import proposer_conformance
from agent.proposer import PROPOSERS, Proposal, Setback, View
from agent.proposers.random_search import RandomSearch
from agent.question import Question
from evaluators.candidate import Origin
from programs.genome import Function, Genome, Statement


@pytest.mark.parametrize("name", list(PROPOSERS.names()))
def test_our_proposers_keep_the_rules(name: str) -> None:
    assert not [c for c in proposer_conformance(PROPOSERS.find(name)) if c.fault]


@dataclass(frozen=True)
class Greedy(RandomSearch):
    def propose(self, view: View, n: int, rng: np.random.Generator) -> Sequence[Proposal]:
        return super().propose(view, n + 1, rng)


class Anonymous(RandomSearch):
    name = ""


class Idle(RandomSearch):
    def propose(self, view, n, rng):
        return []


class Impostor(RandomSearch):
    def propose(self, view, n, rng):
        return RandomSearch("another").propose(view, n, rng)


class Foundling(RandomSearch):
    def propose(self, view, n, rng):
        return [Proposal("def f(): pass", Origin(self.name, "", ("nobody",)))]


class Broken(RandomSearch):
    def propose(self, view, n, rng):
        entry = view.kind.entry
        odd = Statement("x", "no_such_op", ())
        genome = Genome((Function(entry.name, entry.required, (odd,), ("x",)),))
        return [Proposal(genome, Origin(self.name))]


class Stubborn(RandomSearch):
    def propose(self, view, n, rng):
        return super().propose(view, n, np.random.default_rng(0))


@dataclass(frozen=True)
class Remembering(RandomSearch):
    calls: list[int] = field(default_factory=list)

    def propose(self, view, n, rng):
        self.calls.append(n)
        rng.random(len(self.calls))
        return super().propose(view, n, rng)


class Talking:
    """A proposer that asks once, and sets back."""

    name = "talking"

    def converse(self, view, rng):
        yield (self.question(view, rng),)
        return Setback("nothing: nobody said a program")

    def question(self, view, rng) -> Question:
        return Question((("user", "?"),), f"{view.index} talking")


class Endless(Talking):
    def converse(self, view, rng):
        while True:
            yield (self.question(view, rng),)


class Silent(Talking):
    def converse(self, view, rng):
        yield from ()
        return Setback("too early: there is nothing to ask")


class Moody(Talking):
    def question(self, view, rng):
        return Question((("user", str(np.random.default_rng().random())),), "mood")


@pytest.mark.parametrize(
    ("proposer", "named", "said"),
    [
        (Anonymous(""), "is described", "not a word"),
        (Greedy(), "offers programs", "gave 5"),
        (Idle(), "offers programs", "nothing"),
        (Impostor(), "offers programs", "another"),
        (Foundling(), "offers programs", "nobody"),
        (Broken(), "offers programs", "type-check"),
        (Remembering(), "same view, same offers", "keep nothing"),
        (Stubborn(), "other numbers, other offers", "the same programs"),
        (Endless(), "comes to an end", "turns"),
        (Silent(), "comes to an end", "propose"),
        (Moody(), "same view, same question", "rng"),
    ],
)
def test_a_broken_proposer_is_named(proposer, named: str, said: str) -> None:
    *_, last = proposer_conformance(proposer)
    assert last.name == named, last
    assert said in last.fault
