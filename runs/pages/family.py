"""A lineage as one page: the line of descent step by step, and the whole family as a tree."""

from __future__ import annotations

from typing import Any

from runs.inert import inert_line
from runs.lineage import Lineage, Step
from runs.pages.page import rendered
from runs.pages.tree import MOST, chosen, tree
from runs.queries import Queries


def family_page(store: Queries, lineage: Lineage) -> str:
    """Return the page of a candidate's ancestors or descendants."""
    path = lineage.path()
    ids = [step.candidate.id for step in lineage.steps]
    parent = {s.candidate.id: s.parents[0] for s in lineage.steps if s.parents}
    drawn = chosen(ids, [step.candidate.id for step in reversed(path)], parent, MOST)
    data = tree(store, drawn, parent) | {"open": path[-1].candidate.id, "elite": []}
    others = len(ids) - 1
    sort = "descendants" if lineage.down else "ancestors"
    what = "What came of" if lineage.down else "How it came about:"
    told = {
        "title": f"{what} {lineage.id}",
        "heading": f"{what} {lineage.id[:8]}",
        "about": f"{others} {sort}; below is the line {_ends(lineage, path)}.",
        "drawn": f"The candidate and {len(drawn) - 1} of its {others} {sort}.{_first(lineage)}",
        "run": store.run_of(lineage.id),
        "path": [_told(step, lineage) for step in path],
    }
    return rendered("family.html", data, **told)


def _ends(lineage: Lineage, path: list[Step]) -> str:
    if lineage.down:
        return f"to the best of them, {path[-1].candidate.id[:8]}"
    return "of its first parents"


def _first(lineage: Lineage) -> str:
    """Say which rung's scores the tree shows, where there is a ladder."""
    if not any(step.laddered for step in lineage.steps):
        return ""
    return " Scores in the tree are those of the first rung, on which all were judged."


def _told(step: Step, lineage: Lineage) -> dict[str, Any]:
    origin = step.candidate.origin
    changes = lineage.changed(step)
    gain = step.gain
    return {
        "id": step.candidate.id,
        "how": inert_line(step.how),
        "told": step.told,
        "gain": step.gained,
        "sort": "" if gain is None or not gain.clear else "up" if gain.mean > 0 else "down",
        "others": step.parents[1:],
        "why": inert_line(origin.rationale),
        "changes": changes,
        "source": "" if changes else step.candidate.program.source,
    }
