"""What a model is told: a pure function of the view, kept within a budget of tokens.

    Section   a titled part of a prompt, as items of which the last are dropped first
    Prompt    sections that fit; the language comes first and never changes within a run, so that
              providers can cache it

Programs are shown as programs, with their scores, so that a prompt reads like a laboratory book.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from agent.failures import failures
from agent.insights import insights
from agent.language import language, vocabulary
from agent.notes import as_told, borne_out
from agent.proposer import View
from agent.question import Message
from agent.source import block, shown_source, statements
from evaluators.candidate import Candidate, Status
from evaluators.decimals import fixed

BUDGET = 6_000
ELITES = 5
NOTES = 6
DUPLICATES = 4
CHARACTERS_PER_TOKEN = 3.5

NOTED = "- noted before: "
"""How a line begins that shows a note."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a prompt; at least `least` of its items stay, the others go to fit the budget."""

    name: str
    title: str
    items: tuple[str, ...]
    least: int = 0

    @property
    def text(self) -> str:
        """Return the section as the model reads it."""
        body = self.items[0] if self.items else ""
        for before, item in pairwise(self.items):
            apart = "```" in before + item or not self.title
            body += ("\n\n" if apart else "\n") + item
        return f"## {self.title}\n\n{body}" if self.title else body


@dataclass(frozen=True, slots=True)
class Prompt:
    """Sections in the order they are read: those of `system` first."""

    sections: tuple[Section, ...]
    system: int = 2

    @property
    def messages(self) -> tuple[Message, ...]:
        """Return the system's and the user's message."""
        texts = [s.text for s in self.sections]
        system, user = texts[: self.system], texts[self.system :]
        return ("system", "\n\n".join(system)), ("user", "\n\n".join(user))

    @property
    def tokens(self) -> Mapping[str, int]:
        """Return the approximate tokens by section."""
        return {s.name: tokens(s.text) for s in self.sections}


def tokens(text: str) -> int:
    """Estimate the tokens of a text from its characters; the same everywhere, and quick."""
    return -int(-len(text) // CHARACTERS_PER_TOKEN)


def prompt(
    view: View,
    ask: str,
    *,
    shown: Sequence[Candidate] | None = None,
    context: str = "full",
    budget: int = BUDGET,
    extra: Sequence[Section] = (),
    functions: bool = True,
) -> Prompt:
    """Compose a prompt that ends in `ask`; `shown` are the elites unless given.

    `context` is "no" (the language only), "partial" (the task too) or "full" (and what was measured
    of its data and model, how baselines did, and the record). Without `functions` the vocabulary is
    left out: no program is to be written.
    """
    shown = view.elites(ELITES) if shown is None else shown
    spoken, words = language(view.kind), vocabulary(view.kind) if functions else ()
    sections = [
        Section("language", "", spoken, len(spoken)),
        Section("vocabulary", "Vocabulary", words, len(words)),
    ]
    if context != "no":
        sections.append(_task(view))
    if context == "full":
        told = "".join([_programs(shown).text, *(s.text for s in extra), ask])
        sections += [
            _card(view),
            _programs(shown),
            *extra,
            _notes(view),
            Section("failures", "What failed", failures(view.history, told)),
            _duplicates(view, told),
        ]
    else:
        sections += extra
    sections.append(Section("request", "Your turn", (ask,), 1))
    return Prompt(fitted([s for s in sections if s.items], budget), 2 if functions else 1)


def fitted(sections: Sequence[Section], budget: int) -> tuple[Section, ...]:
    """Drop items until the sections fit, from the last section that can spare one."""
    kept = list(sections)
    while sum(tokens(s.text) for s in kept) > budget:
        spare = [i for i, s in enumerate(kept) if len(s.items) > s.least]
        if not spare:
            break
        section = kept[spare[-1]]
        kept[spare[-1]] = replace(section, items=section.items[:-1])
    return tuple(s for s in kept if s.items)


# -- what changes ----------------------------------------------------------------------------------


def _task(view: View) -> Section:
    facts = tuple(f"- {word}: {fact}" for word, fact in view.facts.items())
    return Section("goal", "Goal", (f"{view.goal} Higher scores are better.", *facts), 1)


def _card(view: View) -> Section:
    """Tell what was measured before the search; it does not change, so it comes early."""
    items = tuple(f"- {fact}" for fact in view.card.facts)
    return Section("card", "Measured on the training examples, at the start", items)


def _programs(shown: Sequence[Candidate]) -> Section:
    items = tuple(scored_program(c) for c in shown)
    title = "Programs and their scores, best first (± is the standard error of the mean over seeds)"
    return Section("programs", title, items, min(1, len(items)))


def scored_program(candidate: Candidate) -> str:
    """Show a program below its name, score and size."""
    head = f"### {named(candidate)}: {score_of(candidate)}, {size_of(candidate)}"
    return f"{head}\n{block(shown_source(candidate))}"


def named(candidate: Candidate) -> str:
    """Name a candidate by its place: ids differ between runs, and prompts must not."""
    return f"program {candidate.index}"


def score_of(candidate: Candidate) -> str:
    """Write a score with its standard error, or what became of the program."""
    score, stderr = candidate.score, candidate.evaluation.stderr
    if score is None and candidate.evaluation.status is Status.DUPLICATE:
        # Its message names the other by its id, which is another in every run.
        return "no score (found again, and known to get none)"
    if score is None:
        return f"no score ({candidate.evaluation.message or candidate.evaluation.status})"
    return fixed(score) if stderr is None else f"{fixed(score)} ± {stderr:.4f}"


def counted(count: int, word: str) -> str:
    """Write a count with its word."""
    return f"{count} {word}" + ("" if count == 1 else "s")


def size_of(candidate: Candidate) -> str:
    """Say how large a program is, what its network costs, and which learning rate did best."""
    metrics = candidate.evaluation.metrics
    costs = [
        f"{int(metrics[name]):,} {word}"
        for name, word in (("parameters", "parameters"), ("flops", "FLOPs"))
        if name in metrics
    ]
    right = [f"accuracy {metrics['accuracy']:.1%}"] if costs and "accuracy" in metrics else []
    rate = [f"best at lr {metrics['learning_rate']:g}"] if "learning_rate" in metrics else []
    return ", ".join([counted(statements(candidate), "statement"), *costs, *right, *rate])


def _notes(view: View) -> Section:
    """Show what models noted and results did not refute, then what the record says by rule."""
    kept = borne_out(view.notes, view.history)[:NOTES]
    notes = [f"{NOTED}{as_told(n, view.history, view.kind)}" for n in kept]
    found = [f"- {i}" for i in insights(view)]
    return Section("insights", "What the record says", (*notes, *found))


def _duplicates(view: View, told: str) -> Section:
    """Name the behaviours that are found again and again; those not `told` are shown."""
    by_id = {c.id: c for c in view.history}
    twins = Counter(c.duplicate_of for c in view.history if c.evaluation.status is Status.DUPLICATE)
    items = tuple(
        _duplicate(by_id[id_], times, told)
        for id_, times in twins.most_common(DUPLICATES)
        if id_ in by_id
    )
    return Section("duplicates", "Known already, in any writing: do not propose these", items)


def _duplicate(candidate: Candidate, times: int, told: str) -> str:
    source = shown_source(candidate)
    if source.strip() in told:
        return f"- {named(candidate)}, found {times} × again"
    head = f"{named(candidate)}, found {times} × again: {score_of(candidate)}"
    return f"{head}\n{block(source)}"
