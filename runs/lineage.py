"""How a candidate came about, or what came of it: candidates, their parents, changes and gains.

A lineage is a graph, since a crossover has several parents and two lines may share an ancestor.
`drawing.py` writes it down in one form or another.
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from evaluators.candidate import Candidate
from evaluators.decimals import fixed
from evaluators.levels import name_of
from runs.gain import Gain, between
from runs.inert import inert_line
from runs.queries import Queries


@dataclass(frozen=True, slots=True)
class Step:
    """A candidate, what it gained over its first parent, and its parents' ids.

    `laddered` says that the lineage has scores of several rungs, so that each is named.
    """

    candidate: Candidate
    gain: Gain | None
    parents: tuple[str, ...]
    laddered: bool = False

    @property
    def how(self) -> str:
        """Return the operator's name, or the proposer's where there is no operator."""
        return self.candidate.origin.operator or self.candidate.origin.proposer

    @property
    def told(self) -> str:
        """Return the score on the dearest rung, or what became of the candidate instead."""
        standing = self.candidate.standing
        if standing.score is None:
            return str(self.candidate.evaluation.status)
        return fixed(standing.score) + self._on(standing.rung)

    @property
    def gained(self) -> str:
        """Return the gain as text, with its rung where the score is of another."""
        if self.gain is None:
            return ""
        other = self.gain.rung != self.candidate.standing.rung
        return f"{self.gain}{self._on(self.gain.rung) if other else ''}"

    @property
    def rank(self) -> tuple[bool, tuple[int, float, int]]:
        """Return a key that sorts the best first, those without a score last."""
        return self.candidate.standing.score is None, self.candidate.rank

    def _on(self, rung: int) -> str:
        return f" on {name_of(rung)}" if self.laddered else ""


@dataclass(frozen=True)
class Lineage:
    """A candidate's relatives, each once, parents before their children.

    Its ancestors with the candidate last, or with `down` its descendants with the candidate first.
    Of a long one `origin` is where the line of first parents begins, `between` how many of that
    line come after it and are left out.
    """

    id: str
    steps: tuple[Step, ...]
    down: bool = False
    origin: Step | None = None
    between: int = 0

    @cached_property
    def by_id(self) -> Mapping[str, Step]:
        """Return the steps under their candidates' ids."""
        return {step.candidate.id: step for step in self.steps}

    def edges(self) -> Iterator[tuple[str, str, int]]:
        """Yield (parent, child, place) between the steps."""
        for step in self.steps:
            for place, parent in enumerate(step.parents):
                if parent in self.by_id:
                    yield parent, step.candidate.id, place

    def path(self) -> list[Step]:
        """Return a line of first parents, oldest first.

        It ends with the candidate, or with `down` at the best of its descendants.
        """
        line: dict[str, Step] = {}
        step: Step | None = self._end()
        while step is not None and step.candidate.id not in line:
            line[step.candidate.id] = step
            step = self.by_id.get(next(iter(step.parents), ""))
        return list(line.values())[::-1]

    def changed(self, step: Step) -> list[str]:
        """Return the lines of source in which a step differs from its first parent."""
        base = self.by_id.get(step.parents[0]) if step.parents else None
        if base is None:
            return []
        return changes(code(base.candidate.program.source), code(step.candidate.program.source))

    def _end(self) -> Step:
        if not self.down:
            return self.by_id[self.id]
        best = min(self._line_of_descent(), key=lambda step: step.rank)
        return best if best.candidate.score is not None else self.by_id[self.id]

    def _line_of_descent(self) -> Iterator[Step]:
        """Yield the steps that first parents lead back from to the candidate."""
        reached = {self.id}
        for step in self.steps:
            if step.candidate.id == self.id or (step.parents and step.parents[0] in reached):
                reached.add(step.candidate.id)
                yield step


def lineage(
    store: Queries, id: str, *, descendants: bool = False, depth: int | None = None
) -> Lineage:
    """Return how the candidate whose id starts with `id` came about, or what came of it.

    `depth` limits it to so many generations.
    """
    last = store.candidate(id)
    if descendants:
        candidates = [last, *store.descendants(last.id, depth)]
    else:
        candidates = [*store.ancestry(last.id, depth), last]
    return Lineage(last.id, _steps(candidates), descendants)


def near(store: Queries, id: str, depth: int) -> Lineage:
    """Return the nearest generations of a candidate's ancestry, and where its line began."""
    found = lineage(store, id, depth=depth)
    first, beyond = store.beginning(found.id, found.by_id)
    if first is None:
        return found
    laddered = any(step.laddered for step in found.steps)
    origin = Step(store.candidate(first), None, (), laddered)
    return replace(found, origin=origin, between=beyond - 1)


def changes(old: str, new: str) -> list[str]:
    """Return the lines that differ, as `- old` and `+ new`, and nothing around them."""
    before, after = old.splitlines(), new.splitlines()
    marks: list[str] = []
    lines: list[str] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if tag != "equal":
            marks += ["-"] * (b - a) + ["+"] * (d - c)
            lines += before[a:b] + after[c:d]
    flush = textwrap.dedent("\n".join(lines)).split("\n")
    return [f"{mark} {line}".rstrip() for mark, line in zip(marks, flush, strict=False)]


def as_path(lineage: Lineage) -> str:
    """Write the line of first parents in one line: what was done, and the score it led to."""
    return " → ".join(f"{inert_line(step.how)} {step.told}" for step in lineage.path())


def code(source: str) -> str:
    """Return a program without the docstring before it: that a child has none is no change."""
    begins = source.find("def ")
    return source if begins < 0 else source[begins:]


def _steps(candidates: Sequence[Candidate]) -> tuple[Step, ...]:
    by_id = {candidate.id: candidate for candidate in candidates}
    laddered = any(each.climbs or each.evaluation.rung for each in candidates)
    return tuple(_step(candidate, by_id, laddered) for candidate in candidates)


def _step(candidate: Candidate, by_id: Mapping[str, Candidate], laddered: bool) -> Step:
    parents = candidate.origin.parents
    base = by_id.get(parents[0]) if parents else None
    gained = None if base is None else between(candidate, base)
    return Step(candidate, gained, parents, laddered)
