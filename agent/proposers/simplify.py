"""Simplify and keep: a shorter program that scores the same stands in for a longer one.

A good program is first shortened without changing what it computes, which costs no training: the
child is a copy of its parent's score. Where nothing is left to gain so, a model is asked for a
shorter program that it expects to score the same, which is judged like any other. The next
attempt goes on from the shortest program whose score is within the tolerance of the first one's:
the standard error over its seeds, so that many small losses cannot add up. Where the model brings
nothing shorter, one statement is taken out at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.dialogue import Objection, known_behaviours, offered
from agent.parents import POOL, drawn
from agent.prompts import BUDGET, Section, named, scored_program
from agent.proposer import Proposal, Setback, View
from agent.question import Dialogue
from agent.request import Request, obtained_by, origin_of, question
from agent.source import statements
from evaluators.admit import Admitted, admit
from evaluators.candidate import Candidate, Origin
from programs.cuts import ablations, altered
from programs.folding import without_dirt
from programs.genome import Genome
from programs.kind import Kind
from programs.neat import neat
from programs.program import Program
from programs.simplify import simplify

SHOWN = 4
"""Earlier attempts to shorten a program that are shown."""

CUTS = 20
"""Random cuts that are tried before giving up."""

ASK = (
    "Write a program with fewer than the {size} statements of {name} that you expect to score "
    "the same: {score:z.4f} or more, where a loss of up to {tolerance:.4f} is within the noise. "
    "Find the part that does least and leave it out, or replace several statements by one that "
    "does their work; adjust constants if what is left needs it. Say in one or two sentences what "
    "goes and why it will not be missed, then give the whole program in one ```python block."
)


@dataclass(frozen=True)
class Simplify:
    """Shorten one of the best; `tolerance` is in standard errors of its score."""

    name: str = "simplify"
    temperature: float = 0.6
    max_tokens: int = 2_000
    budget: int = BUDGET
    tolerance: float = 1.0

    def converse(self, view: View, rng: np.random.Generator) -> Dialogue[Proposal | Setback]:
        """Offer a shorter program of the same behaviour, or ask for one of the same score."""
        pool = [c for c in view.elites(POOL) if c.program.size > 1]
        if not pool:
            return Setback("too early: there is no program to shorten yet")
        first = pool[drawn(len(pool), 1, rng)[0]]
        kept = self._shortest(first, view)
        genome = kept.program.genome
        if genome is not None and (same := _same(genome, view.kind, rng)) is not None:
            saved = genome.size - same.size
            why = f"{saved} statements fewer, and the same behaviour on all probes"
            return Proposal(same, Origin(self.name, "same behaviour", (kept.id,), why))
        request = self._request(kept, first, view)
        obtained = yield from obtained_by(request, question(request, self, view, rng), view)
        answered = bool(obtained.drafts) and not obtained.fresh
        if answered and genome is not None and (cut := _cut(genome, view, rng)) is not None:
            why = "one op is left out: the model brought nothing new that is shorter"
            return Proposal(cut, Origin(self.name, "cut", (kept.id,), why))
        return offered(obtained, origin_of(request, self))

    def _request(self, kept: Candidate, first: Candidate, view: View) -> Request:
        size = statements(kept)
        ask = ASK.format(
            size=size,
            name=named(kept),
            score=first.score or 0.0,
            tolerance=self._noise(first),
        )
        extra = (_attempts(kept, self.name, view),)
        objection = _not_shorter(size)
        return Request(ask, "simplify", [kept], [kept], extra, objection=objection)

    def _noise(self, candidate: Candidate) -> float:
        return self.tolerance * (candidate.evaluation.stderr or 0.0)

    def _shortest(self, first: Candidate, view: View) -> Candidate:
        """Return the shortest descendant by shortening that scores as the first one does."""
        least = (first.score or 0.0) - self._noise(first)
        line, shortest = {first.id}, first
        for candidate in view.scored:
            own = candidate.origin.proposer == self.name
            if not own or not line.intersection(candidate.origin.parents):
                continue
            if (candidate.score or 0.0) >= least:
                line.add(candidate.id)
                if candidate.program.size < shortest.program.size:
                    shortest = candidate
        return shortest


def _attempts(kept: Candidate, name: str, view: View) -> Section:
    """Show what was tried before, so that the same cut is not made twice."""
    tried = [c for c in view.history if c.origin.proposer == name and kept.id in c.origin.parents]
    items = tuple(scored_program(c) for c in tried[: -SHOWN - 1 : -1])
    return Section("attempts", f"Shortened from {named(kept)} before, the latest first", items)


def _not_shorter(size: int) -> Objection:
    def objection(program: Program) -> str:
        found = program.size
        return "" if found < size else f"it has {found} statements, not fewer than {size}"

    return objection


def _same(genome: Genome, kind: Kind, rng: np.random.Generator) -> Genome | None:
    """Return a shorter program that behaves the same, if there is one."""
    found = simplify(genome, kind, rng).genome
    return found if found.size < genome.size else None


def _cut(genome: Genome, view: View, rng: np.random.Generator) -> Genome | None:
    """Take one op out, where that gives a program that is valid, shorter and not known yet."""
    known = known_behaviours(view)
    cuts = [child for _, child in altered(genome, view.kind, ablations)]
    for place in rng.permutation(len(cuts))[:CUTS]:
        found = admit(neat(cuts[place], view.kind, without_dirt), view.kind)
        shorter = found.program.size < genome.size
        if isinstance(found, Admitted) and shorter and found.fingerprint not in known:
            return found.program.genome
    return None


PROPOSER = Simplify()
