"""Choose among candidates by what surrogates expect, and remember what they expected.

    Candidates   proposals of which only one will be judged
    Choice       the one, with the predictions written into its origin
    Verdict      whether a model's predictions have been better than the numeric surrogate's

Predictions travel with the candidate (`origin.usage`), so whether they came true can be read off
any later view, and a surrogate that does not beat the free one is switched off by what is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from agent.portfolio import expected_improvement
from agent.proposer import Proposal, View
from agent.proposers.evolution import PROPOSER as EVOLUTION
from agent.surrogate import Prediction, Quality, fitted_to, quality
from evaluators.admit import Rejected, admit
from evaluators.candidate import Candidate
from programs.genome import Genome

TRIAL = 12
"""Predictions with a result before a model's surrogate is judged."""

FEWEST = 3
"""Predictions with a result of which anything is said."""

TOP = 0.25
"""The share of programs that are among the best."""

OFF = "the model's surrogate is off: "
"""How a proposal says that its model was not asked for predictions any more, and why."""

PREDICTED, SPREAD, CHANCE = "predicted", "predicted_spread", "chance"
YARDSTICK, YARDSTICK_SPREAD = "yardstick", "yardstick_spread"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a model's predictions and the yardstick's did on the same programs."""

    model: Quality
    yardstick: Quality
    calibration: str = ""

    @property
    def off(self) -> bool:
        """Tell whether the model's surrogate has had its trial and lost."""
        return self.model.count >= TRIAL and self.model.rank <= self.yardstick.rank

    def __str__(self) -> str:
        return (
            f"over {self.model.count} programs the model's predictions correlate "
            f"{self.model.rank:.2f} with the results, the numeric surrogate's "
            f"{self.yardstick.rank:.2f}{self.calibration}"
        )


def best_of(view: View, proposer: str) -> Verdict:
    """Compare the predictions of a proposer's candidates with their results."""
    came_true = [
        c
        for c in view.history
        if c.origin.proposer == proposer
        and c.score is not None
        and {PREDICTED, YARDSTICK} <= set(c.origin.usage)
    ]
    model, yardstick = (
        _quality(came_true, *names)
        for names in ((PREDICTED, SPREAD), (YARDSTICK, YARDSTICK_SPREAD))
    )
    if not came_true:
        return Verdict(model, yardstick)
    if all(CHANCE in c.origin.usage for c in came_true):
        return Verdict(model, yardstick, _of_chances(came_true, view))
    told = f"; {model.covered:.0%} of the results lay within one predicted spread of the mean"
    return Verdict(model, yardstick, f"{told}, where 68 % would be honest")


def _of_chances(came_true: Sequence[Candidate], view: View) -> str:
    """Compare the chances that were given with how many programs were among the best quarter."""
    bar = np.quantile([c.score or 0.0 for c in view.scored], 1 - TOP)
    given = np.mean([c.origin.usage[CHANCE] for c in came_true])
    were = np.mean([(c.score or 0.0) >= bar for c in came_true])
    return f"; it gave them a chance of {given:.0%} to be among the best quarter, {were:.0%} were"


def surrogates(view: View) -> list[str]:
    """Say of every proposer whose model predicted something how that came true."""
    names = dict.fromkeys(c.origin.proposer for c in view.history if PREDICTED in c.origin.usage)
    found = {name: best_of(view, name) for name in names}
    return [
        f"{name}: {verdict}" for name, verdict in found.items() if verdict.model.count >= FEWEST
    ]


def _quality(candidates: Sequence[Candidate], mean: str, spread: str) -> Quality:
    guesses = [Prediction(c.origin.usage[mean], c.origin.usage[spread]) for c in candidates]
    return quality(guesses, [c.score or 0.0 for c in candidates])


@dataclass(frozen=True, slots=True)
class Choice:
    """The proposal that was chosen."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Candidates:
    """Proposals that read and are new; at least one."""

    proposals: tuple[Proposal, ...]

    @classmethod
    def evolved(
        cls, view: View, count: int, name: str, rng: np.random.Generator
    ) -> Candidates | Proposal:
        """Let evolution make them; if none is new, the first one will have to do."""
        known = {c.evaluation.fingerprint for c in view.history}
        fresh: list[Proposal] = []
        children = list(EVOLUTION.propose(view, count, rng))
        for child in children:
            found = admit(child.offer, view.kind)
            if not isinstance(found, Rejected) and found.fingerprint not in known:
                known.add(found.fingerprint)
                origin = replace(child.origin, proposer=name)
                fresh.append(Proposal(found.program.source, origin))
        return cls(tuple(fresh)) if fresh else children[0]

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the programs' texts."""
        return tuple(str(p.offer) for p in self.proposals)

    def first(self, count: int) -> Candidates:
        """Return the first few."""
        return Candidates(self.proposals[:count])

    def by_numbers(self, view: View, verdict: Verdict) -> Choice:
        """Let the numeric surrogate choose."""
        expected = self._yardstick(view)
        if expected is None:
            return Choice(self.proposals[0])
        place = _best_improvement(view, expected)
        chosen = _noted(self.proposals[place], YARDSTICK, YARDSTICK_SPREAD, expected[place])
        why = f"{OFF}{verdict}" if verdict.off else ""
        return Choice(_explained(chosen, why))

    def by_predictions(self, view: View, found: Sequence[Prediction] | None) -> Choice:
        """Take the candidate with the best expected improvement by the model's predictions."""
        if found is None:
            return Choice(self.proposals[0])
        place = _best_improvement(view, found)
        chosen = _noted(self.proposals[place], PREDICTED, SPREAD, found[place])
        return Choice(self._with_yardstick(view, place, chosen))

    def by_chances(self, view: View, found: Sequence[float] | None) -> Choice:
        """Take the candidate that is likeliest to be among the best; its chance is recorded."""
        if found is None:
            return Choice(self.proposals[0])
        place = int(np.argmax(found))
        chance = Prediction(found[place], 1.0)
        chosen = _noted(self.proposals[place], PREDICTED, SPREAD, chance)
        usage = {**chosen.origin.usage, CHANCE: chance.mean}
        chosen = replace(chosen, origin=replace(chosen.origin, usage=usage))
        return Choice(self._with_yardstick(view, place, chosen))

    def _with_yardstick(self, view: View, place: int, chosen: Proposal) -> Proposal:
        expected = self._yardstick(view)
        if expected is None:
            return chosen
        return _noted(chosen, YARDSTICK, YARDSTICK_SPREAD, expected[place])

    def _yardstick(self, view: View) -> list[Prediction] | None:
        surrogate = fitted_to(view.kind, view.history)
        genomes = [_genome(p, view) for p in self.proposals]
        if surrogate is None or any(g is None for g in genomes):
            return None
        return surrogate.predict([g for g in genomes if g is not None])


def _genome(proposal: Proposal, view: View) -> Genome | None:
    found = admit(proposal.offer, view.kind)
    return None if isinstance(found, Rejected) else found.program.genome


def _best_improvement(view: View, expected: Sequence[Prediction]) -> int:
    best = max((c.score for c in view.scored if c.score is not None), default=0.0)
    return int(np.argmax([expected_improvement(p.mean, p.spread, best) for p in expected]))


def _noted(proposal: Proposal, mean: str, spread: str, found: Prediction) -> Proposal:
    usage = {**proposal.origin.usage, mean: found.mean, spread: found.spread}
    return replace(proposal, origin=replace(proposal.origin, usage=usage))


def _explained(proposal: Proposal, why: str) -> Proposal:
    if not why:
        return proposal
    said = f"{proposal.origin.rationale} ({why})".strip()
    usage = {**proposal.origin.usage, "surrogate_off": 1.0}
    return replace(proposal, origin=replace(proposal.origin, rationale=said, usage=usage))
