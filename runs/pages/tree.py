"""The candidates a page can draw and open, as compact data for its script.

Of a large run only some are drawn: the elites with all their ancestors, then the newest. One whose
parent is left out hangs from its nearest ancestor that is there. Evolved programs share most of
their lines, so each line is written once; texts stop where a page would become too large.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from evaluators.candidate import Candidate
from runs.gain import gain
from runs.inert import inert, inert_line
from runs.pages.page import embedded
from runs.queries import Queries

MOST = 1_500
"""Candidates that are drawn."""

BUDGET = 500_000
"""Bytes of programs and rationales on a page."""

LONGEST = 400
"""Characters of a rationale or a message."""


def chosen(
    ids: Sequence[str], elite: Iterable[str], parent: Mapping[str, str], most: int
) -> list[str]:
    """Return which candidates are drawn, those first that matter most.

    `ids` are all, oldest first; the elites' ancestors come with them, as far as there is room.
    """
    kept: dict[str, None] = {}
    for id in elite:
        line: str | None = id
        while line is not None and line not in kept:
            kept[line] = None
            line = parent.get(line)
    kept.update(dict.fromkeys(reversed(ids)))
    return list(kept)[:most]


def nearest(id: str, there: Mapping[str, int], parent: Mapping[str, str]) -> tuple[int, int]:
    """Return the place of the nearest first ancestor that is there, and how many are between.

    The place is -1 where there is none.
    """
    between, seen = 0, {id}
    above = parent.get(id)
    while above is not None and above not in seen:
        if above in there:
            return there[above], between
        seen.add(above)
        between += 1
        above = parent.get(above)
    return -1, 0


POINTS = 20
"""The most points of a learning curve on a page."""


@dataclass
class _Texts:
    """Texts kept once each, under a number, until there is no more room."""

    known: dict[str, int] = field(default_factory=lambda: {"": 0})
    left: int = BUDGET

    def number(self, text: str) -> int:
        if text not in self.known:
            self.known[text] = len(self.known)
            self.left -= len(embedded(text).encode()) + 1
        return self.known[text]

    def lines(self, text: str) -> list[int] | None:
        """Return the numbers of a text's lines; `None` where there is no room for it."""
        if self.left < len(text):
            return None
        found = [self.number(line) for line in inert(text).rstrip().split("\n")]
        self.left -= 4 * len(found)
        return found

    def short(self, text: str) -> int:
        """Return the number of a text in one line that is cut where it is long."""
        line = inert_line(text)
        line = line if len(line) <= LONGEST else line[:LONGEST] + "…"
        return self.number(line) if line in self.known or self.left > len(line) else 0


def tree(store: Queries, drawn: Sequence[str], parent: Mapping[str, str]) -> dict[str, Any]:
    """Return the data of the candidates named, most important first.

    `nodes` are in the order of recording, each a list in the order of `fields`.
    """
    found = {candidate.id: candidate for candidate in store.named(drawn)}
    sizes = _sizes(store, drawn)
    curves = {id: mean_curve(each) for id, each in store.curves(drawn).items()}
    texts = _Texts()
    told: dict[str, list[Any]] = {}
    # What matters most is said first, so that it is the rest for which room may be lacking.
    for id in (id for id in drawn if id in found):
        source = texts.lines(found[id].program.source)
        told[id] = [*_text(found[id], texts), sizes[id], source, curves.get(id, [])]
    order = list(found.values())  # as recorded: parents come first
    there = {candidate.id: place for place, candidate in enumerate(order)}
    nodes = [[*_place(c, found, there, parent), *told[c.id]] for c in order]
    return {"fields": list(_FIELDS), "nodes": nodes, "texts": list(texts.known)}


_FIELDS = (
    *("id", "index", "parent", "between", "others", "original"),
    *("score", "stderr", "gain", "half"),
    *("status", "proposer", "operator", "model", "why", "message"),
    *("size", "source", "curve"),
)


def _place(
    candidate: Candidate,
    found: Mapping[str, Candidate],
    there: Mapping[str, int],
    parent: Mapping[str, str],
) -> list[Any]:
    """Return who it is, where it hangs, and what it is worth."""
    place, between = nearest(candidate.id, there, parent)
    if place > there[candidate.id]:
        place, between = -1, 0  # records that run in a circle are no tree
    base = found.get(parent.get(candidate.id, ""))
    gained = None if base is None else gain(candidate.evaluation, base.evaluation)
    parents = candidate.origin.parents
    return [
        candidate.id,
        candidate.index,
        place,
        between,
        list(dict.fromkeys(there[p] for p in parents[1:] if p in there)),
        there.get(candidate.duplicate_of or "", -1),
        _short(candidate.score),
        _short(candidate.evaluation.stderr),
        None if gained is None else _short(gained.mean),
        None if gained is None else _short(gained.half),
    ]


def _text(candidate: Candidate, texts: _Texts) -> list[int]:
    """Return the numbers of what is said of it."""
    evaluation, origin = candidate.evaluation, candidate.origin
    said = (evaluation.status, origin.proposer, origin.operator, origin.model)
    return [texts.short(text) for text in (*said, origin.rationale, evaluation.message)]


def _sizes(store: Queries, ids: Sequence[str]) -> dict[str, int]:
    sql = "SELECT id, size FROM candidate WHERE id IN (SELECT value FROM json_each(?))"
    return {row["id"]: row["size"] for row in store.rows(sql, json.dumps(list(ids)))}


def _short(value: float | None) -> float | None:
    """Round to well below what is shown; JSON has no word for what is not finite.

    Rounded to about as much as is shown, a score would be rounded twice and differ from the text.
    """
    return None if value is None or not abs(value) < float("inf") else float(f"{value:.9g}")


def mean_curve(curves: Iterable[Sequence[float]]) -> list[float]:
    """Return the mean over seeds, in as many points and digits as can be seen."""
    mean = [fmean(point) for point in zip(*curves, strict=False)]
    every = math.ceil(len(mean) / POINTS) or 1
    # The last point is where training ended, and stays.
    return [float(f"{loss:.3g}") for loss in mean[::-1][::every][::-1]]
