"""What a model is told: a pure function of the view, kept within a budget of tokens.

    Section   a titled part of a prompt, as items of which the last are dropped first
    Prompt    sections that fit; the language comes first and never changes within a run, so that
              providers can cache it

Programs are shown as programs, with their scores, so that a prompt reads like a laboratory book.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from agent.insights import insights
from agent.notes import standing
from agent.proposer import View
from agent.question import Message
from evaluators.candidate import Candidate, Status
from programs.check import check
from programs.errors import Fault
from programs.kind import Kind
from programs.load import kind_named, library, make_program

BUDGET = 6_000
ELITES = 5
FAILURES = 6
NOTES = 6
DUPLICATES = 4
CHARACTERS_PER_TOKEN = 3.5
LONGEST_REASON = 200

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
        body = "\n\n".join(self.items) if "```" in "".join(self.items) else "\n".join(self.items)
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
) -> Prompt:
    """Compose a prompt that ends in `ask`; `shown` are the elites unless given.

    `context` is "no" (the language only), "partial" (the task too) or "full" (and what was measured
    of its data and model, how baselines did, and the record).
    """
    shown = view.elites(ELITES) if shown is None else shown
    sections = [_language(view.kind), _vocabulary(view.kind)]
    if context != "no":
        sections.append(_task(view))
    if context == "full":
        sections += [
            _card(view),
            _programs(shown),
            *extra,
            _notes(view),
            _failures(view),
            _duplicates(view),
        ]
    else:
        sections += extra
    sections.append(Section("request", "Your turn", (ask,), 1))
    return Prompt(fitted([s for s in sections if s.items], budget))


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


# -- what never changes within a run ---------------------------------------------------------------


@cache
def _language(kind: Kind) -> Section:
    entry = kind.entry
    needed = ", ".join(f"`{n}`" for n in entry.required)
    optional = ", ".join(f"`{n}`" for n in entry.inputs if n not in entry.required)
    taken = f"It takes {needed}" + (f" and may take any of {optional}." if optional else ".")
    helpers = (
        ", after any number of helper functions of the same sort that it calls, or repeats with "
        "`repeat(f, n, x)`; a helper may call those before it"
        if kind.motifs
        else ", and nothing beside it"
    )
    state = (
        " Every other parameter is a state that you invent, zero at the start; return its new "
        "value after the result, in the order of the parameters."
        if entry.state is not None
        else ""
    )
    rules = (
        f"You design {_PLURALS.get(kind.name, kind.name + 's')} as small programs and know the "
        f"literature on them. A program is one Python function `def {entry.name}(…)` of "
        f"straight-line assignments in a restricted language{helpers}. There is no `if`, no loop, "
        f"no import, no attribute, and no call but of what is listed below. {taken}{state}"
    )
    return Section("language", "", (rules, _conventions(kind), _example(kind)), 3)


def _conventions(kind: Kind) -> str:
    """Return what the kind's own file says about its programs."""
    try:
        doc = importlib.import_module(f"programs.kinds.{kind.name}").__doc__ or ""
    except ImportError:
        return ""
    blocks = [b for b in doc.strip().split("\n\n")[1:] if b.startswith("    ")]
    return "\n\n".join(blocks)


_PLURALS = {"schedule": "learning-rate schedules", "architecture": "neural architectures"}

_EXAMPLES = ("lion", "cosine_warmup", "resnet", "transformer", "mlp")
"""Library programs that show the language well; the first that suits the task is shown."""


def _example(kind: Kind) -> str:
    known = library(kind.name)
    named = (known[name] for name in _EXAMPLES if name in known)
    suits = (p for p in named if p.genome and not isinstance(check(p.genome, kind), Fault))
    shown = next(suits, None)
    return f"For example:\n\n{block(shown.source)}" if shown else ""


@cache
def _vocabulary(kind: Kind) -> Section:
    infix = [op.infix for op in kind.ops.values() if op.infix]
    constants = f" Constants: {', '.join(kind.constants)}." if kind.constants else ""
    signs = f"Operators: {' '.join(infix)} and unary -.{constants}"
    lines = [
        f"{op.usage}: {op.doc}" for op in kind.ops.values() if not op.infix and op.name != "neg"
    ]
    return Section("vocabulary", "Vocabulary", (signs, *lines), 1 + len(lines))


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
    title = "Programs and their scores, best first (a statement is one operation or call)"
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
    return f"{score:.4f}" if stderr is None else f"{score:.4f} ± {stderr:.4f}"


def size_of(candidate: Candidate) -> str:
    """Say how large a program is, and what the network costs that it describes."""
    metrics = candidate.evaluation.metrics
    costs = [
        f"{int(metrics[name]):,} {word}"
        for name, word in (("parameters", "parameters"), ("flops", "FLOPs"))
        if name in metrics
    ]
    right = [f"accuracy {metrics['accuracy']:.1%}"] if costs and "accuracy" in metrics else []
    return ", ".join([f"{candidate.program.size} statements", *costs, *right])


def shown_source(candidate: Candidate) -> str:
    """Return a program's text without what it says about itself, which may be long or wrong."""
    program = candidate.program
    if program.genome is None:
        return program.source
    plain = make_program(replace(program.genome, doc=""), kind_named(program.kind))
    return program.source if isinstance(plain, Fault) else plain.source


def block(source: str) -> str:
    """Fence a program."""
    return f"```python\n{source.strip()}\n```"


def _notes(view: View) -> Section:
    """Show what models noted and results did not refute, then what the record says by rule."""
    notes = [f"{NOTED}{n}" for n in standing(view.notes, view.history)[:NOTES]]
    found = [f"- {i}" for i in insights(view)]
    return Section("insights", "What the record says", (*notes, *found))


def _failures(view: View) -> Section:
    """List why programs got no score, the commonest reasons first, of equals the latest."""
    copy = Status.DUPLICATE
    without = [c for c in view.history if c.score is None and c.evaluation.status is not copy]
    reasons = [(c.evaluation.message or str(c.evaluation.status))[:LONGEST_REASON] for c in without]
    latest = {reason: place for place, reason in enumerate(reasons)}
    ranked = sorted(Counter(reasons).items(), key=lambda r: (-r[1], -latest[r[0]]))
    items = tuple(f"- {times} × {reason}" for reason, times in ranked[:FAILURES])
    return Section("failures", "What failed", items)


def _duplicates(view: View) -> Section:
    """Show the behaviours that are found again and again."""
    by_id = {c.id: c for c in view.history}
    twins = Counter(c.duplicate_of for c in view.history if c.evaluation.status is Status.DUPLICATE)
    items = tuple(
        f"{times} × found again: {score_of(by_id[id_])}\n{block(shown_source(by_id[id_]))}"
        for id_, times in twins.most_common(DUPLICATES)
        if id_ in by_id
    )
    return Section("duplicates", "Known already, in any writing: do not propose these", items)
