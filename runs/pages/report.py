"""A run as one page: the verdict, how the best came about, what was tried and what it cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.candidate import Candidate
from evaluators.levels import name_of
from programs.errors import CambrianError, InputError
from programs.export.unicode import export_unicode
from runs.asked import noted_in
from runs.briefing import BRIEFING
from runs.detail import readable
from runs.explaining import EVENT
from runs.pages import charts, facts
from runs.pages.facts import SIZE, Point
from runs.pages.page import rendered
from runs.pages.reproduce import command_of
from runs.pages.tree import MOST, chosen, tree
from runs.queries import Queries
from runs.record import NOTES, Event, RunRecord, Verdict
from runs.seating import SEATED
from runs.weighing import PORTFOLIO, WAITING

ELITES = 40
"""Candidates whose whole ancestry is drawn."""

LEADERS = 15
LATEST = 30

SHOWN_ABOVE = (EVENT, BRIEFING, PORTFOLIO, WAITING, NOTES, SEATED)
"""Events that are not listed, for the page shows them elsewhere or their figures are many."""


def report_page(store: Queries, prefix: str, cost: str = SIZE) -> str:
    """Return the page of the run whose id starts with `prefix`.

    `cost` is what the Pareto front sets against the score: the size, or the name of a metric.
    """
    run = store.run(prefix)
    points = facts.points(store, run.id, cost)
    if cost != SIZE and not any(p.cost is not None for p in points):
        raise InputError(
            f"No candidate of run {run.id} has the metric `{cost}`: `cambrian show {run.best_id}` "
            f"lists those there are"
        )
    parent = facts.first_parents(store, run.id)
    front = facts.front(points)
    elite = list(dict.fromkeys(p.id for p in [*facts.elites(points, ELITES), *front]))
    drawn = chosen([p.id for p in points], elite, parent, MOST)
    data = tree(store, drawn, parent) | {"open": run.best_id, "elite": elite}
    return rendered("report.html", data, **_told(store, run, points, front, cost, len(drawn)))


def _told(
    store: Queries,
    run: RunRecord,
    points: Sequence[Point],
    front: Sequence[Point],
    cost: str,
    drawn: int,
) -> dict[str, Any]:
    best_so_far = facts.best_so_far(points)
    known = {c.id: c for c in store.named({p.id for p in [*front, *_leaders(points)]})}
    events = store.events(run.id)
    told = [event for event in events if event.name not in SHOWN_ABOVE]
    best = store.candidate(run.best_id) if run.best_id else None
    return {
        "title": f"{run.task} · run {run.id}",
        "run": run,
        "candidates": len(points),
        "drawn": drawn,
        "laddered": run.config.get("rungs", 1) > 1,
        "name_of": name_of,
        "best": best,
        "over_start": _over_start(store, points, best),
        "formula": None if best is None else _formula(best, run.task),
        "verdict": _verdict(facts.verdict_of(store, run.id, run.best_id)),
        "explained": _explained(events, run.best_id),
        "progress": charts.progress(points, best_so_far),
        "improvements": len(best_so_far),
        "pareto": charts.pareto(points, front, "statements" if cost == SIZE else cost),
        "cost_name": "size" if cost == SIZE else cost,
        "front": [(p, known[p.id]) for p in front],
        "leaders": [known[p.id] for p in _leaders(points)],
        "savings": facts.savings(store, run.id),
        "shares": facts.shares(store, run.id),
        "calls": facts.calls(store, run.id),
        "waited": _waited(events),
        "arms": next((e.detail["arms"] for e in reversed(events) if e.name == PORTFOLIO), []),
        "notes": noted_in(store, run),
        "rejections": facts.without_score(store, run.id),
        "events": [_event(e) for e in told[-LATEST:]],
        "more_events": max(len(told) - LATEST, 0),
        "command": command_of(run),
        "settings": json.dumps(run.config, indent=1, ensure_ascii=False),
    }


def _waited(events: Sequence[Event]) -> float | None:
    """Return the share of the time in which workers had nothing to do, where that was counted."""
    found = [e.detail for e in events if e.name == WAITING]
    seconds = sum(each["seconds"] for each in found)
    return sum(each["idle"] for each in found) / seconds if seconds else None


def _leaders(points: Sequence[Point]) -> list[Point]:
    return facts.elites(points, LEADERS)


def _over_start(store: Queries, points: Sequence[Point], best: Candidate | None) -> float | None:
    """Return by how much the best is above what the run began with, on the same rung."""
    if best is None or best.standing.score is None:
        return None
    start = store.candidate(points[0].id).on(best.standing.rung)
    return None if start is None or start.score is None else best.standing.score - start.score


def _formula(candidate: Candidate, task: str) -> str | None:
    """Return the equations, or `None` for what has none: an architecture, or free-form Python."""
    try:
        return export_unicode(readable(candidate, task))
    except (CambrianError, KeyError, ValueError):
        return None


def _verdict(verdict: Verdict | None) -> Mapping[str, Any] | None:
    """Return the sentence, and each task's standings as far as the verdict holds any."""
    if verdict is None:
        return None
    tasks = [t for t in verdict.detail.get("tasks", ()) if t.get("standings")]
    return {
        "candidate": verdict.candidate,
        "created": verdict.created,
        "sentence": verdict.sentence,
        "judged": verdict.detail.get("judged", ""),
        "tasks": tasks,
    }


def _explained(events: Sequence[Event], best: str | None) -> Mapping[str, Any] | None:
    """Return what each statement of the best is worth, if `explain` has measured it."""
    found = [e.detail for e in events if e.name == EVENT and e.detail.get("id") == best]
    return found[-1] if found else None


def _event(event: Event) -> dict[str, str]:
    message = event.detail.get("message")
    text = str(message) if message else json.dumps(event.detail, ensure_ascii=False)
    return {"time": event.time, "name": event.name, "text": text[:400]}
