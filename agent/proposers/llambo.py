"""LLAMBO for programs: warm start, a sampler aimed at a target score, and surrogates that choose.

Liu et al. 2024, with programs in the place of hyperparameters. Alone or together:

    warm             the first few places take one each of N different programs, asked for at once
    sampler          candidates are asked for at a target score; without it evolution makes them
    discriminative   the model guesses scores; the candidate of best expected improvement is taken
    generative       the model says which are among the best quarter; the likeliest is taken
    numeric          the Gaussian process chooses: the yardstick that both must beat

`llambo` is warm,sampler,discriminative; `llambo:sampler,alpha=0.1` is the sampler alone. The range
that alpha counts is the best's distance from the examples' quantile `worst`; `llambo:worst=0` is
the paper's. Surrogates choose once `initial` programs have a score: one or two teach nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agent import llambo
from agent.choosing import Candidates, Choice, best_of
from agent.dialogue import Obtained, obtain, offered, proposal
from agent.parents import question_seed
from agent.prompts import BUDGET, prompt
from agent.proposer import Proposal, Setback, View
from agent.question import Dialogue, Question
from evaluators.candidate import Origin

COMPONENTS = ("warm", "sampler", "discriminative", "generative", "numeric")
AT_ONCE = 5
"""Candidates asked for in one sample."""

WARM_PROGRAMS, WARM_BEHAVIOURS = "warm_programs", "warm_behaviours"
"""How many programs the warm start's reply held, and how many different fingerprints."""

WARM = (
    "Propose {n} programs that differ as much as possible in how they work, each a good start for "
    "a search. Before each say in one sentence what idea it tries, then give it whole in a "
    "```python block of its own. Do not repeat a program that you were shown."
)
SAMPLER = (
    "Each example above stands under its performance. Write {n} new programs that you expect to "
    "have\n\nPerformance: {target:z.4f} or more\n\nThe best above has {best:z.4f}. The target "
    "leaves room for something else than a variant of it, but more is always better. They must "
    "differ from all above and from each other in what they compute; choose each constant for a "
    "reason, not because it is round. Give each whole in a ```python block of its own, "
    "under one line that says why."
)


@dataclass(frozen=True)
class Llambo:
    """The components that are switched on, and the paper's settings."""

    name: str = "llambo"
    warm: bool = True
    sampler: bool = True
    discriminative: bool = True
    generative: bool = False
    numeric: bool = False
    initial: int = 5
    context: str = "full"
    candidates: int = 20
    alpha: float = -0.1
    worst: float = 0.5
    guesses: int = 10
    templates: int = 2
    temperature: float = 0.8
    max_tokens: int = 2_500
    budget: int = BUDGET

    def with_options(self, given: Mapping[str, Any], name: str) -> Llambo:
        """Return it with other settings; components that are named replace the usual ones."""
        named = any(given.get(c) for c in COMPONENTS)
        only = dict.fromkeys(COMPONENTS, False) if named else {}
        return replace(self, **{**only, **given, "name": name})

    def converse(self, view: View, rng: np.random.Generator) -> Dialogue[Proposal | Setback]:
        """Take a program of the warm start, or make candidates and choose one of them."""
        place = view.index - len(view.seeds)
        if self.warm and 0 <= place < self.initial:
            return (yield from self._warm_start(view, place))
        return (yield from self._candidate(view, rng))

    def _warm_start(self, view: View, place: int) -> Dialogue[Proposal | Setback]:
        """Ask for all programs in one question that these places share; take the one that is due.

        What the places may know differs, so the question tells only what all of them do.
        """
        seeds = [c for c in view.history if c.id in view.seeds]
        shown = replace(view, history=seeds, index=len(view.seeds))
        question = Question(
            prompt(shown, WARM.format(n=self.initial), context=self.context).messages,
            f"{self.name} warm start",
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            seed=0,
            shares=self.initial,
        )
        obtained: Obtained = yield from obtain(question, shown, repairs=0)
        differ = len({d.fingerprint for d in obtained.drafts if d.fingerprint})
        usage = {WARM_PROGRAMS: float(len(obtained.drafts)), WARM_BEHAVIOURS: float(differ)}
        origin = Origin(self.name, "warm start", usage=usage)
        if place < len(obtained.drafts):
            return proposal(obtained.drafts[place], origin, 0)
        if obtained.setback:
            return Setback(obtained.setback)
        return Setback(f"too few: the warm start brought {len(obtained.drafts)} programs")

    def _candidate(self, view: View, rng: np.random.Generator) -> Dialogue[Proposal | Setback]:
        made = yield from self._sampled(view, rng)
        if isinstance(made, Setback | Proposal):
            return made
        choice = yield from self._chosen(view, made, rng)
        return choice.proposal

    def _sampled(
        self, view: View, rng: np.random.Generator
    ) -> Dialogue[Candidates | Proposal | Setback]:
        """Ask for candidates at the target score; one that will not do is still on record."""
        if not self.sampler:
            return Candidates.evolved(view, self.candidates, self.name, rng)
        shown = llambo.examples(view)
        if not shown:
            return Setback("too early: no program has a score yet")
        target = llambo.target_score([c.score or 0.0 for c in shown], self.alpha, self.worst)
        each = min(AT_ONCE, self.candidates)
        best = shown[0].score or 0.0
        text = SAMPLER.format(n=each, target=target, best=best)
        examples = llambo.few_shot(shown, rng)
        question = Question(
            prompt(view, text, shown=(), budget=self.budget, extra=(examples,)).messages,
            f"{view.index} {self.name} candidates",
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            samples=-(-self.candidates // each),
            seed=question_seed(rng),
        )
        obtained = yield from obtain(question, view)
        origin = Origin(self.name, f"sampled at {target:z.4f}", (shown[0].id,))
        if not obtained.fresh:
            return offered(obtained, origin)
        drafts = obtained.fresh[: self.candidates]
        return Candidates(tuple(proposal(d, origin, obtained.repairs) for d in drafts))

    def _chosen(self, view: View, made: Candidates, rng: np.random.Generator) -> Dialogue[Choice]:
        """Let the surrogates choose; a model that does not beat the numeric one is not asked."""
        wanted = self.discriminative or self.generative
        least = max(self.initial, 1)
        known = len(view.elites(least)) == least
        if len(made.proposals) == 1 or not known or not (wanted or self.numeric):
            return Choice(made.proposals[0])
        verdict = best_of(view, self.name)
        if not wanted or verdict.off:
            return made.by_numbers(view, verdict)
        judged = made.first(llambo.judgeable(made.sources))
        purpose = f"{view.index} {self.name}"
        if self.discriminative:
            drawn = llambo.orders(len(judged.sources), self.guesses, rng)
            questions = llambo.guess_questions(view, judged.sources, drawn, rng, purpose)
            answers = yield questions
            found = llambo.predictions(answers, drawn, llambo.worst_guess(view))
            return judged.by_predictions(view, found)
        questions = llambo.label_questions(view, judged.sources, self.templates, rng, purpose)
        return judged.by_chances(view, llambo.chances((yield questions), len(judged.sources)))


def diversity(view: View) -> list[str]:
    """Say how different the programs of a warm start are, as fingerprints tell."""
    counts = {
        c.origin.proposer: (c.origin.usage[WARM_PROGRAMS], c.origin.usage[WARM_BEHAVIOURS])
        for c in view.history
        if WARM_BEHAVIOURS in c.origin.usage
    }
    return [
        f"{name}: the warm start brought {programs:.0f} programs of {behaviours:.0f} different "
        "behaviours"
        for name, (programs, behaviours) in counts.items()
    ]


PROPOSER = Llambo()
