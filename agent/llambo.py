"""The parts of LLAMBO for programs (Liu et al. 2024): targets, surrogate questions, answers.

    target_score      the score that candidates are asked to reach
    guess_questions   K times "what will each of these score?", all in another order each time
    label_questions   the same, asking only whether each is among the best
    predictions       what the guesses come to: a mean and a spread for each program
    chances           what the labels come to: the probability of each to be among the best

The paper minimises; here higher is better, so its signs are turned. Its numbers are kept: 20
candidates, alpha -0.1 (a target just inside what was seen; "or more" is asked for), 10 guesses, the
best quarter. What differs: a range is counted from the median of the examples, because one far-off
score would else put the target below most of them; and the programs to be judged, which the paper
asks about one by one, change places as the examples do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from agent.choosing import TOP
from agent.language import used
from agent.prompts import BUDGET, Section, block, prompt, shown_source, tokens
from agent.proposer import View
from agent.question import Answer, Question, Sample
from agent.source import plain_text
from agent.surrogate import SPREAD_FLOOR, Prediction, held
from evaluators.candidate import Candidate
from evaluators.decimals import fixed

SHOWN = 12
TOKENS_PER_GUESS = 32
SURROGATE_TEMPERATURE = 0.7
JUDGED_SHARE = 0.4
"""The part of a prompt's tokens that programs to be judged may take."""

_GUESS = re.compile(r"(?:program|candidate)?\s*([A-Z])\b[^\n#]*##\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)")
_BARE = re.compile(r"##\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(?:##)?")


def target_score(scores: Sequence[float], alpha: float, worst_at: float = 0.0) -> float:
    """Return s' = best + alpha (best - worst); a range of zero becomes a tenth of the best.

    The worst is the score at the quantile `worst_at`: 0 is the paper's.
    """
    best, worst = max(scores), float(np.quantile(scores, worst_at))
    spread = best - worst or 0.1 * abs(best) or 0.1
    return best + alpha * spread


def examples(view: View, count: int = SHOWN) -> list[Candidate]:
    """Return what is shown as examples: the best, and others spread evenly down to the worst.

    Programs that differ in their constants only are shown once, as long as there are others.
    """
    ranked = _unlike(view.elites(len(view.history)), count)
    if len(ranked) <= count:
        return ranked
    best = ranked[: count // 2]
    places = np.linspace(count // 2, len(ranked) - 1, count - len(best)).round().astype(int)
    return [*best, *(ranked[i] for i in places)]


def _unlike(ranked: Sequence[Candidate], least: int) -> list[Candidate]:
    """Keep the best program of each sequence of functions, and the next best up to `least`."""
    first: dict[object, Candidate] = {}
    for candidate in ranked:
        genome = candidate.program.genome
        ops = tuple(s.op for f in genome.functions for s in f.body) if genome else candidate.id
        first.setdefault(ops, candidate)
    kept = {c.id for c in first.values()}
    spare = [c.id for c in ranked if c.id not in kept]
    kept.update(spare[: max(least - len(kept), 0)])
    return [c for c in ranked if c.id in kept]


def few_shot(shown: Sequence[Candidate], rng: np.random.Generator) -> Section:
    """Write examples as "Performance → program", in random order."""
    order = rng.permutation(len(shown))
    items = tuple(
        f"Program {shown[i].index}\nPerformance: {fixed(shown[i].score)}\n{_text(shown[i])}"
        for i in order
    )
    title = f"Programs, each under its performance{_noise(shown)}"
    return Section("examples", title, items, min(2, len(items)))


def judgeable(sources: Sequence[str]) -> int:
    """Return how many programs can be judged at once: a letter each, and room for examples."""
    ends = np.cumsum([tokens(block(source)) for source in sources])
    return max(min(int((ends <= BUDGET * JUDGED_SHARE).sum()), len(_LETTERS)), 1)


def orders(programs: int, count: int, rng: np.random.Generator) -> list[list[int]]:
    """Draw an order of the programs to be judged for each of `count` questions."""
    return [rng.permutation(programs).tolist() for _ in range(count)]


def guess_questions(
    view: View,
    sources: Sequence[str],
    drawn: Sequence[Sequence[int]],
    rng: np.random.Generator,
    purpose: str,
) -> tuple[Question, ...]:
    """Ask for the scores of all programs once in each order, with the examples in another too."""
    known, plain = examples(view), [plain_text(s, view.kind) for s in sources]
    shown = [f"{_text(c)}\nPerformance: ## {fixed(c.score or 0.0)} ##" for c in known]
    title = f"Examples of programs with their results{_noise(known)}"
    least = worst_guess(view)
    return tuple(
        _surrogate_question(
            *(view, title, shown, _guess([plain[p] for p in order], least), rng),
            f"{purpose} guess {i + 1}",
            len(sources),
        )
        for i, order in enumerate(drawn)
    )


def worst_guess(view: View) -> float:
    """Return the score below which guesses are all the same: how bad a broken program is, nobody
    can tell, and a spread there would look like a chance to be the best.
    """
    return held(np.array([c.score for c in view.elites(len(view.history))], dtype=float))[0]


def _guess(sources: Sequence[str], least: float) -> str:
    judged = "\n\n".join(
        f"Program {letter}:\n{block(s)}" for letter, s in zip(_LETTERS, sources, strict=False)
    )
    return (
        "Predict the performance of each program below, as an expert who knows the examples. One "
        f"that you expect to fail, or to be worse than that, gets {fixed(least)}. Reply with one "
        f"line for each, such as `A: ## -0.1234 ##`, and nothing else.\n\n{judged}"
    )


def _noise(known: Sequence[Candidate]) -> str:
    """Say how sure results are, so that nobody reads more into a difference than there is."""
    errors = [c.evaluation.stderr for c in known if c.evaluation.stderr is not None]
    if not errors:
        return ""
    return f", known to a standard error of about {float(np.median(errors)):.2g}"


def label_questions(
    view: View, sources: Sequence[str], count: int, rng: np.random.Generator, purpose: str
) -> tuple[Question, ...]:
    """Ask `count` times, of each program by itself, whether it is among the best quarter.

    The prompt ends as every example does before its label, so that the reply's first token is one.
    """
    scores = [c.score or 0.0 for c in view.elites(len(view.history))]
    bar = float(np.quantile(scores, 1 - TOP)) if scores else 0.0
    shown = [f"{_text(c)}\nClassification: {int((c.score or 0.0) >= bar)}" for c in examples(view)]
    title = (
        f"Examples: classification 1 is a performance of {fixed(bar)} or more, which the best "
        f"quarter of the {len(scores)} programs known reach; 0 is less"
    )
    ask = (
        "Is the classification of the program below 1? Reply with 1 for yes or 0 for no, and "
        "nothing else.\n\n{source}\nClassification:"
    )
    return tuple(
        _surrogate_question(
            view,
            title,
            shown,
            ask.format(source=block(plain_text(source, view.kind))),
            rng,
            f"{purpose} label {i + 1} of {j + 1}",
            logprobs=True,
        )
        for j, source in enumerate(sources)
        for i in range(count)
    )


def _surrogate_question(
    view: View,
    title: str,
    shown: Sequence[str],
    ask: str,
    rng: np.random.Generator,
    purpose: str,
    count: int = 1,
    logprobs: bool = False,
) -> Question:
    ordered = tuple(shown[int(i)] for i in rng.permutation(len(shown)))
    known = Section("examples", title, ordered, min(2, len(ordered)))
    words = used(view.kind, "\n".join([*ordered, ask]))
    functions = Section("vocabulary", "Functions that the programs below use", words, len(words))
    return Question(
        prompt(view, ask, context="partial", extra=(functions, known), functions=False).messages,
        purpose,
        max_tokens=TOKENS_PER_GUESS * count,
        temperature=SURROGATE_TEMPERATURE,
        seed=int(rng.integers(2**31)),
        logprobs=logprobs,
    )


def _text(candidate: Candidate) -> str:
    return block(shown_source(candidate))


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def read_guesses(text: str, count: int) -> list[float]:
    """Return a score for each program, not-a-number where the reply has none."""
    found = {letter: _number(value) for letter, value in _GUESS.findall(text)}
    if not found:
        bare = [_number(v) for v in _BARE.findall(text)][:count]
        return bare + [float("nan")] * (count - len(bare))
    return [found.get(letter, float("nan")) for letter in _LETTERS[:count]]


def predictions(
    answers: Sequence[Answer], drawn: Sequence[Sequence[int]], least: float = -np.inf
) -> list[Prediction] | None:
    """Return the mean and spread of the guesses for each program; `None` where too few are.

    Each answer names programs by letters in the order that was `drawn` for its question. No guess
    is taken to be below the `least`.
    """
    count = len(drawn[0])
    rows = [
        [guess for _, guess in sorted(zip(order, read_guesses(s.text, count), strict=True))]
        for a, order in zip(answers, drawn, strict=True)
        for s in a.samples
    ]
    guesses = np.array(rows).reshape(len(rows), count)
    known = np.isfinite(guesses).sum(0) if rows else np.zeros(count)
    if not (known >= 2).any():
        return None
    # As in the paper's code, what is missing is taken to be average.
    guesses = np.maximum(guesses, least)
    average = float(np.nanmean(guesses))
    filled = np.where(np.isfinite(guesses), guesses, average)
    return [
        Prediction(float(m), max(float(s), SPREAD_FLOOR))
        for m, s in zip(filled.mean(0), filled.std(0), strict=True)
    ]


def chances(answers: Sequence[Answer], count: int) -> list[float] | None:
    """Return each program's chance to be among the best; `None` where nothing could be read."""
    each = len(answers) // count
    groups = [answers[i * each : (i + 1) * each] for i in range(count)]
    read = [[p for a in g for s in a.samples if (p := _chance(s)) is not None] for g in groups]
    if not any(read):
        return None
    return [float(np.mean(r)) if r else 0.0 for r in read]


def _chance(sample: Sample) -> float | None:
    """Return the probability of "1" from log-probabilities where they are given, else the label."""
    first = {word.strip(): log for word, log in sorted(sample.first_token.items())}
    if {"0", "1"} & set(first):
        yes, no = (np.exp(first.get(t, -np.inf)) for t in ("1", "0"))
        return float(yes / (yes + no))
    found = _LABELLED.search(sample.text) or _LABEL.search(sample.text)
    return float(found[1]) if found else None


_LABELLED = re.compile(r"classification\W*([01])\b(?!\.\d)", re.IGNORECASE)
_LABEL = re.compile(r"(?<![\w.-])([01])\b(?!\.\d)")
"""A label by itself, and one with its word: a figure such as -0.1 is neither."""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
