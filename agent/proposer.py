"""A proposer turns a view of what is known into new programs; it keeps nothing between calls.

View        what a proposer may know: the task, what was tried, what is left
Proposal    a program, and where it came from
Setback     why there is no program
Proposer    one method; same view and same generator state give the same proposals
Talker      a proposer that asks a model: same view, generator state and answers, same proposal
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from agent.notes import Note
from agent.question import Dialogue
from evaluators.candidate import Candidate, Origin, Status
from evaluators.card import Card
from programs.errors import InputError, closest
from programs.genome import Genome
from programs.kind import Kind
from programs.plugins import Plugins
from programs.program import Program


@dataclass(frozen=True, slots=True)
class View:
    """What is known when a program is proposed.

    `history` holds every candidate so far in order of proposal; `seeds` are the programs that the
    search starts from, with the ids of the candidates that carry them. `index` is the number of the
    proposal, `facts` what is known about the task beside its goal, by a word each, `notes` what
    models wrote down at the places that `history` holds, `card` what was measured of the data and
    the model before the search. The proposal before knew all but the last `fresh` candidates.
    """

    task: str
    goal: str
    kind: Kind
    seeds: Mapping[str, Program]
    history: Sequence[Candidate] = ()
    budget_left: Mapping[str, float] = field(default_factory=dict)
    index: int = 0
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[Note] = ()
    card: Card = field(default_factory=Card)
    fresh: int = 1

    @property
    def scored(self) -> list[Candidate]:
        """Return the candidates with a score to go by, duplicates of scored ones included."""
        return [c for c in self.history if c.score is not None and c.evaluation.ranked]

    def elites(self, count: int) -> list[Candidate]:
        """Return the best candidates of distinct behaviour, best first."""
        distinct = [c for c in self.scored if c.evaluation.status is Status.SCORED]
        return sorted(distinct, key=lambda c: (-(c.score or 0.0), c.index))[:count]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a proposer offers: a genome, or a text that is still to be read.

    `notes` were written by a model before it, and belong to the place that it fills.
    """

    offer: Genome | str
    origin: Origin
    notes: tuple[Note, ...] = ()


@runtime_checkable
class Proposer(Protocol):
    """Propose programs; `name` is what `--proposer` calls it."""

    name: str

    def propose(self, view: View, n: int, rng: np.random.Generator) -> Sequence[Proposal]:
        """Return up to `n` proposals; fewer, or none, when there is nothing to offer."""
        ...


@dataclass(frozen=True, slots=True)
class Setback:
    """A dialogue's end without a program: `reason` is "short name: sentence"."""

    reason: str


class Talker(Protocol):
    """Propose by asking a model; `name` is what `--proposer` calls it."""

    name: str

    def converse(self, view: View, rng: np.random.Generator) -> Dialogue[Proposal | Setback]:
        """Ask, and return a proposal in the end; who answers is filled in by the caller."""
        ...


PROPOSERS = Plugins(sort="proposer", package="agent.proposers", constant="PROPOSER")


def find_proposer(text: str) -> Proposer | Talker:
    """Return a proposer by name, path or entry point; `InputError` names the nearest.

    Options follow a colon: `llambo:sampler,alpha=0.1` sets fields of the proposer's dataclass.
    """
    name, _, options = text.partition(":")
    proposer = PROPOSERS.find(name)
    given = dict(_option(proposer, name, each) for each in options.split(",") if each)
    if hasattr(proposer, "with_options"):
        return proposer.with_options(given, text)
    return replace(proposer, **given, name=text) if given else proposer


def _option(proposer: Any, name: str, text: str) -> tuple[str, Any]:
    """Read `word` or `word=value` as a field of the proposer."""
    word, _, value = text.partition("=")
    word = word.replace("-", "_")
    known = {f.name: getattr(proposer, f.name) for f in fields(proposer) if f.name != "name"}
    if word not in known:
        hint = closest(word, known)
        ask = f" Did you mean `{hint}`?" if hint else ""
        there = ", ".join(known)
        raise InputError(
            f"`{name}` has no option `{word}`.{ask} It has: {there}. A weight is a "
            f"number: NAME:WEIGHT."
        )
    try:
        return word, _as(type(known[word]), value)
    except ValueError:
        sort = type(known[word]).__name__
        raise InputError(f"The option `{text}` of `{name}` needs a value of sort {sort}.") from None


def _as(sort: type, value: str) -> Any:
    if sort is bool:
        if value not in ("", "1", "0", "true", "false"):
            raise ValueError
        return value in ("", "1", "true")
    if sort not in (int, float, str):
        raise ValueError
    return sort(value)
