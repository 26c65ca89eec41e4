"""The charts of a page that need no script: plain SVG, which prints as well as it shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

from evaluators.decimals import fixed
from runs.pages.facts import Point

WIDTH, HEIGHT = 640, 268
LEFT, RIGHT, TOP, BOTTOM = 78, 26, 12, 44
"""Margins that hold the words in the larger letters of a narrow screen."""

QUANTILE = 0.1
"""Scores below the frame: the worst of a search are worse than a readable scale can show."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Maps data to the drawing; what lies outside is drawn at the edge."""

    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        share = (value - self.x0) / ((self.x1 - self.x0) or 1.0)
        return round(LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.y0) / ((self.y1 - self.y0) or 1.0)
        return round(HEIGHT - BOTTOM - min(max(share, 0.0), 1.0) * (HEIGHT - TOP - BOTTOM), 1)


def progress(found: Sequence[Point], best: Sequence[Point], shown: int = 1_500) -> Markup:
    """Draw the best score so far over all candidates, each of which is a dot."""
    if not best:
        return Markup("")
    scored = [p for p in found if p.fresh and p.score is not None]
    frame = _framed([p.index + 1.0 for p in found], scored, best)
    every = math.ceil(len(scored) / shown)
    line = _steps([(p.index + 1, p.score or 0.0) for p in best], found[-1].index + 1, frame)
    return _figure(
        "Best score so far against candidates proposed",
        _axes(frame, "candidates proposed"),
        _dots(((p.index + 1, p.score or 0.0) for p in scored[::every]), frame),
        Markup('<path class="line" d="{}"/>').format(line),
        *(_link(p, p.index + 1, frame) for p in best),
    )


def pareto(found: Sequence[Point], front: Sequence[Point], cost: str, shown: int = 1_500) -> Markup:
    """Draw score against cost, and the front that nobody is both cheaper and better than."""
    scored = [p for p in found if p.fresh and p.score is not None and p.cost is not None]
    if not scored:
        return Markup("")
    frame = _framed([p.cost or 0.0 for p in scored], scored, front)
    every = math.ceil(len(scored) / shown)
    line = _steps([(p.cost or 0.0, p.score or 0.0) for p in front], frame.x1, frame)
    return _figure(
        f"Score against {cost}",
        _axes(frame, cost),
        _dots(((p.cost or 0.0, p.score or 0.0) for p in scored[::every]), frame),
        Markup('<path class="line" d="{}"/>').format(line),
        *(_link(p, p.cost or 0.0, frame) for p in front),
    )


def _framed(xs: Sequence[float], scored: Sequence[Point], must: Sequence[Point]) -> _Frame:
    """Choose a frame that holds the points that matter and most of the rest."""
    scores = [p.score or 0.0 for p in scored]
    low = min(float(np.quantile(scores, QUANTILE)), *(p.score or 0.0 for p in must))
    high = max(scores)
    room = 0.06 * (high - low) or abs(high) * 0.01 or 1.0
    return _Frame(float(min(xs)), float(max(xs)), low - room, high + room)


def _steps(line: Sequence[tuple[float, float]], end: float, frame: _Frame) -> str:
    """Return the path of a line that rises in steps."""
    (x, y), *rest = line
    moves = "".join(f"H{frame.x(a)}V{frame.y(b)}" for a, b in rest)
    return f"M{frame.x(x)} {frame.y(y)}{moves}H{frame.x(end)}"


def _dots(points: object, frame: _Frame) -> Markup:
    """Draw dots as one path: each is a line of no length with a round end."""
    moves = "".join(f"M{frame.x(x)} {frame.y(y)}h0" for x, y in points)  # type: ignore[attr-defined]
    return Markup('<path class="dots" d="{}"/>').format(moves)


def _link(point: Point, x: float, frame: _Frame) -> Markup:
    """Draw a dot that opens its candidate."""
    score = point.score or 0.0
    return Markup(
        '<a href="#{0}" aria-label="candidate {0}, score {1}">'
        '<circle class="mark" cx="{2}" cy="{3}" r="4"><title>{0}  {1}</title></circle></a>'
    ).format(point.id, fixed(score), frame.x(x), frame.y(score))


def _axes(frame: _Frame, name: str) -> Markup:
    corner = Markup('<path class="axis" d="M{} {}V{}H{}"/>')
    parts = [corner.format(LEFT, TOP, _floor(), _end())]
    for value in ticks(frame.y0, frame.y1):
        parts.append(
            Markup('<path class="grid" d="M{0} {1}H{2}"/>').format(LEFT, frame.y(value), _end())
        )
        parts.append(_label(LEFT - 6, frame.y(value) + 4, f"{value:.5g}", "end"))
    # Candidates and statements are counted: there is no half of one.
    counted = frame.x0.is_integer() and frame.x1.is_integer()
    for value in ticks(frame.x0, frame.x1):
        if counted and not value.is_integer():
            continue
        parts.append(_label(frame.x(value), _floor() + 18, f"{value:g}", "middle"))
    parts.append(_label((LEFT + _end()) / 2, HEIGHT - 6, name, "middle"))
    return Markup("").join(parts)


def _label(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(x, y, anchor, text)


def _floor() -> int:
    return HEIGHT - BOTTOM


def _end() -> int:
    return WIDTH - RIGHT


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round values between two others."""
    span = high - low
    if not span > 0:
        return [low]
    rough = span / about
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(s * magnitude for s in (1, 2, 5, 10) if s * magnitude >= rough)
    first = math.ceil(low / step)
    return [round(n * step, 12) for n in range(first, math.floor(high / step) + 1)]


def _figure(name: str, *parts: Markup) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="group" aria-label="{}">{}</svg>'
    ).format(WIDTH, HEIGHT, escape(name), Markup("").join(parts))
