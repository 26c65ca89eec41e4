"""What models are told of a task: its facts, and the card with what was measured of it.

A run that asks models keeps both as an event, so that resuming and replaying ask the very same
questions, whatever the budget is now and the database has learnt since; runs of one protocol share
what was measured.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any

from evaluators.bodies import Bodies
from evaluators.card import Card, measured
from evaluators.evaluator import Evaluator
from evaluators.networks import described
from evaluators.parameters import in_words
from evaluators.rungs import rung_at
from evaluators.task import Task
from programs.load import library
from runs import tables
from runs.config import RunConfig
from runs.record import RunRecord
from runs.store import Store

BRIEFING = "briefing"
"""The event that holds what a run's models are told."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """What is known of a task before anything is tried: facts by a word each, and the card."""

    facts: Mapping[str, str] = field(default_factory=dict)
    card: Card = field(default_factory=Card)


def briefing(
    store: Store,
    run: RunRecord,
    config: RunConfig,
    evaluator: Evaluator,
    level: int,
    say: Callable[[str], None],
) -> Briefing:
    """Return what a run tells its models, as it was kept or made now; `say` hears what is missing.

    `level` is the rung whose scores the models see. A run without models needs none.
    """
    if not config.models:
        return Briefing()
    for id_ in (run.id, *([store.run(config.replay).id] if config.replay else [])):
        if kept := _kept(store, "e.run = ?", id_):
            found = kept[0]
            break
    else:
        found = _made(store, run, config, evaluator, level, say)
    if not _kept(store, "e.run = ?", run.id):
        store.event(run.id, BRIEFING, asdict(found))
    return found


def _made(
    store: Store,
    run: RunRecord,
    config: RunConfig,
    evaluator: Evaluator,
    level: int,
    say: Callable[[str], None],
) -> Briefing:
    earlier = (b.card for b in _kept(store, "r.protocol = ?", run.protocol) if b.card.data)
    card = next(earlier, None) or measured(evaluator)
    if isinstance(card, str):
        say(f"Models are told no figures of the data and the model: {card}.")
        card = Card()
    baselines = tuple(_baselines(store, run, config, evaluator.task))
    return Briefing(facts_of(evaluator.task, level, config), replace(card, baselines=baselines))


def _kept(store: Store, condition: str, value: str) -> list[Briefing]:
    """Return the briefings that were kept where a condition holds, the latest first."""
    sql = (
        "SELECT e.detail FROM event e JOIN run r ON r.id = e.run "
        f"WHERE e.name = '{BRIEFING}' AND {condition} ORDER BY e.id DESC"
    )
    return [_read(json.loads(row["detail"])) for row in store.rows(sql, value)]


def _read(detail: Mapping[str, Any]) -> Briefing:
    card = {name: tuple(sentences) for name, sentences in detail["card"].items()}
    return Briefing(detail["facts"], Card(**card))


def facts_of(task: Task, level: int, config: RunConfig) -> dict[str, str]:
    """Return what models are told of a task beside its goal: what makes the scores they see."""
    rung = rung_at(task, level)
    rates = rung.learning_rates
    how = getattr(task, "training", "")
    return {
        **_place_of(task),
        **_trained_on(task),
        "score": f"{task.score_name}, the mean over {rung.seeds} seeds at the best learning rate",
        "training": f"{rung.steps} steps" + (f", {how}" if how else ""),
        "learning rates tried": _sweep(rates),
        "size": "how long a program is has no part in its score",
        "budget of the search": " and ".join(_budget(config)),
    }


def _sweep(rates: Sequence[float]) -> str:
    """Write a sweep by its factor where it has one, else rate by rate."""
    factors = [f"{b / a:.2f}" for a, b in pairwise(sorted(rates))]
    if len(factors) > 1 and len(set(factors)) == 1:
        ends = f"{len(rates)} from {min(rates):g} to {max(rates):g}"
        return f"{ends}, each {float(factors[0]):g} times the one before"
    return ", ".join(f"{rate:g}" for rate in sorted(rates))


def _budget(config: RunConfig) -> Iterator[str]:
    if config.evals is not None:
        yield f"{config.evals} programs are judged"
    if config.hours is not None:
        yield f"{config.hours:g} hours"
    if config.models:
        yield f"${config.dollars:g} for models"


def _trained_on(task: Task) -> dict[str, str]:
    """Return the data and the model that a task names, as far as it does."""
    problem: Any = getattr(task, "problem", task)
    found = {}
    if (data := getattr(problem, "splits", None)) is not None:
        x, _ = data.train
        shape = " × ".join(map(str, x.shape[1:]))
        sort = "real" if x.dtype.kind == "f" else "whole"
        found["data"] = f"{len(x):,} training examples of {shape} {sort} numbers"
    if isinstance(model := getattr(problem, "model", None), Mapping):
        found["model"] = described(model)
        found["parameters"] = in_words(model)
    return found


def _place_of(task: Task) -> dict[str, str]:
    """Return where a network stands in a task for architectures, and how large it may be."""
    if not isinstance(task, Bodies):
        return {}
    sizes = " × ".join(map(str, task.spec.shape))
    seeing = ", and no position may see later ones" if task.spec.causal else ""
    limits = f"{task.most_parameters:,} parameters and {task.most_flops:,} FLOPs an example"
    goals = ", ".join(f"{way} {name}" for name, way in task.objectives.items())
    return {
        "x": f"one {task.spec.input} of {sizes}, without the batch{seeing}",
        "read-out": f"{task.spec.outputs} outputs "
        + ("from the mean over all positions" if task.pooled else "at every position"),
        "at most": f"{limits}, stem and read-out included",
        "wanted": goals,
    }


def _baselines(store: Store, run: RunRecord, config: RunConfig, task: Task) -> Iterator[str]:
    """Yield how known programs did, where an earlier run of the same protocol recorded that."""
    known = library(task.kind)
    found = [
        f"{name} {tables.score_text(row['score'], row['stderr'])}"
        for name in (task.baselines if config.recall else ())
        if name in known
        for row in store.rows(_SCORE, run.task, run.protocol, known[name].key)
    ]
    if found:
        yield f"baselines, judged before: {', '.join(found)}"


_SCORE = """
    SELECT c.score, c.stderr FROM candidate c JOIN run r ON r.id = c.run
    WHERE r.task = ? AND r.protocol = ? AND c.program = ? AND c.status = 'scored'
    ORDER BY c.rowid LIMIT 1
"""
