"""The evaluator's log: what really was evaluated, when, and with which score."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

FILE = "evaluations.jsonl"
Number = Callable[[str], int | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a program, by its number if it is one of ours, is about to be or was evaluated."""

    finished: bool
    at: float
    number: int | None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """All lines of a trial, in the order of their times."""

    lines: tuple[Line, ...] = ()

    @property
    def first(self) -> float | None:
        """Return when the first evaluation began."""
        return self.lines[0].at if self.lines else None

    @property
    def finished(self) -> tuple[Line, ...]:
        """Return the evaluations that came to an end."""
        return tuple(line for line in self.lines if line.finished)

    @property
    def per_minute(self) -> float | None:
        """Return the rate between the first end and the last; `None` for fewer than three."""
        ends = [line.at for line in self.finished]
        if len(ends) < 3 or ends[-1] <= ends[0]:
            return None
        return 60.0 * (len(ends) - 1) / (ends[-1] - ends[0])

    @property
    def scores(self) -> dict[int, float]:
        """Return the last score of each program of ours."""
        found = {line.number: line.score for line in self.finished}
        return {n: s for n, s in found.items() if n is not None and s is not None}

    def times(self, number: int) -> int:
        """Return how often a program's evaluation was begun."""
        return Counter(line.number for line in self.lines if not line.finished)[number]

    def before(self, at: float) -> Log:
        """Return the log as it was at a time."""
        return Log(tuple(line for line in self.lines if line.at <= at))


def read(folder: Path, number: Number) -> Log:
    """Read a trial's log; a line cut short by a kill is no line."""
    path = folder / FILE
    if not path.exists():
        return Log()
    with path.open(encoding="utf-8", errors="replace") as file:
        return Log(tuple(sorted(_lines(file, number), key=lambda line: line.at)))


def _lines(texts: Iterable[str], number: Number) -> Iterable[Line]:
    numbers: dict[str, int | None] = {}
    for text in texts:
        try:
            said = json.loads(text)
            logged, at, event = str(said["source"]), float(said["at"]), said["event"]
            score = None if said.get("score") is None else float(said["score"])
        except (ValueError, KeyError, TypeError):
            continue
        if logged not in numbers:
            numbers[logged] = number(logged)
        if event in ("begin", "end"):
            yield Line(event == "end", at, numbers[logged], score)
