"""How a candidate came about: every step from the seed programs, with what it changed and gained.

A lineage is a graph, since a crossover has several parents and two lines may share an ancestor.
It is drawn like a history of branches: the line of first parents runs straight down to the
candidate, and the line of a further parent is set in before the step that uses it.

    ┌─ 3fa21b0c  seed  0.5000
    │  ┌─ 81c09d2e  seed  0.4000
    │  └─ 5d90aa17  nudge  0.4500  +0.0500
    │        - m = lerp(m, g, 0.1)
    │        + m = lerp(m, g, 0.2)
    └─ c0ffee42  crossover  0.5600  +0.0600  with 5d90aa17
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaluators.candidate import Candidate
from runs.queries import Queries

_NEW_LINE = r"\n"
"""How Graphviz spells a new line in a label."""


@dataclass(frozen=True, slots=True)
class Step:
    """A candidate, what it gained over its first parent, and its parents' ids."""

    candidate: Candidate
    gain: float | None
    parents: tuple[str, ...]

    @property
    def how(self) -> str:
        """Return the operator's name, or the proposer's where there is no operator."""
        return self.candidate.origin.operator or self.candidate.origin.proposer


@dataclass(frozen=True, slots=True)
class Lineage:
    """A candidate's steps, each once, parents before their children and the candidate last."""

    id: str
    steps: tuple[Step, ...]

    def by_id(self) -> dict[str, Step]:
        """Return the steps under their candidates' ids."""
        return {step.candidate.id: step for step in self.steps}

    def edges(self) -> Iterator[tuple[str, str, int]]:
        """Yield (parent, child, place) between the steps."""
        there = self.by_id()
        for step in self.steps:
            for place, parent in enumerate(step.parents):
                if parent in there:
                    yield parent, step.candidate.id, place


def lineage(store: Queries, id: str) -> Lineage:
    """Return how the candidate whose id starts with `id` came about."""
    last = store.candidate(id)
    candidates = [*store.ancestry(last.id), last]
    by_id = {candidate.id: candidate for candidate in candidates}
    return Lineage(last.id, tuple(_step(candidate, by_id) for candidate in candidates))


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
    steps = lineage.by_id()
    line = [steps[lineage.id]]
    while line[-1].parents and line[-1].parents[0] in steps:
        line.append(steps[line[-1].parents[0]])
    return " → ".join(f"{step.how} {_told(step)}" for step in reversed(line))


def as_tree(lineage: Lineage) -> list[str]:
    """Draw the lineage as lines of plain text, the candidate itself last."""
    steps = lineage.by_id()
    placed: set[str] = set()
    lines: list[str] = []
    # A stack in place of recursion, for lineages may be deep: lines of descent still to be laid
    # out (an id), and steps ready to be drawn.
    todo: list[tuple[int, str | _Knot]] = [(0, lineage.id)]
    while todo:
        depth, item = todo.pop()
        if isinstance(item, _Knot):
            lines += ["│  " * depth + line for line in _drawn(item, steps)]
        else:
            line = _first_parents(item, steps, placed)
            todo += reversed(list(_laid_out(line, depth, steps)))
    return lines


def as_json(lineage: Lineage) -> dict[str, Any]:
    """Return the lineage as data: nodes oldest first, and the edges between them."""
    steps = lineage.by_id()
    return {
        "id": lineage.id,
        "nodes": [_node(step, steps) for step in lineage.steps],
        "edges": [
            {"parent": parent, "child": child, "place": place}
            for parent, child, place in lineage.edges()
        ],
    }


def as_mermaid(lineage: Lineage) -> str:
    """Write the lineage as a Mermaid flow chart."""
    names = {step.candidate.id: f"n{n}" for n, step in enumerate(lineage.steps)}
    nodes = [
        f'    {names[step.candidate.id]}["{"<br/>".join(map(_mermaid, _label(step)))}"]'
        for step in lineage.steps
    ]
    edges = [f"    {names[a]} {'-.->' if n else '-->'} {names[b]}" for a, b, n in lineage.edges()]
    return "\n".join(["graph TD", *nodes, *edges])


def as_dot(lineage: Lineage) -> str:
    """Write the lineage as a Graphviz digraph."""
    nodes = [
        f'    "{_dot(step.candidate.id)}" [label="{_NEW_LINE.join(map(_dot, _label(step)))}"]'
        for step in lineage.steps
    ]
    edges = [
        f'    "{_dot(a)}" -> "{_dot(b)}"{" [style=dashed]" if n else ""}'
        for a, b, n in lineage.edges()
    ]
    return "\n".join(["digraph lineage {", "    node [shape=box]", *nodes, *edges, "}"])


@dataclass(frozen=True, slots=True)
class _Knot:
    """A step at its place in a line of descent."""

    step: Step
    first: bool
    last: bool


def _step(candidate: Candidate, by_id: Mapping[str, Candidate]) -> Step:
    parents = candidate.origin.parents
    base = by_id[parents[0]].score if parents and parents[0] in by_id else None
    gain = None if base is None or candidate.score is None else candidate.score - base
    return Step(candidate, gain, parents)


def _first_parents(id: str, steps: Mapping[str, Step], placed: set[str]) -> list[str]:
    """Follow first parents up to one that has its place already; the oldest comes first."""
    line: list[str] = []
    while id in steps and id not in placed:
        placed.add(id)
        line.append(id)
        id = next(iter(steps[id].parents), "")
    return line[::-1]


def _laid_out(
    line: list[str], depth: int, steps: Mapping[str, Step]
) -> Iterator[tuple[int, str | _Knot]]:
    """Yield what is to be drawn for a line of descent: before each step, its further parents."""
    for n, id in enumerate(line):
        for parent in steps[id].parents[1:]:
            yield depth + 1, parent
        yield depth, _Knot(steps[id], first=n == 0, last=n == len(line) - 1)


def _drawn(knot: _Knot, steps: Mapping[str, Step]) -> Iterator[str]:
    """Yield a step's own line and the lines of source it changed."""
    step = knot.step
    corner = {(True, True): "──", (True, False): "┌─", (False, True): "└─"}
    with_ = [f"with {_short(parent)}" for parent in step.parents[1:]]
    from_ = [f"from {_short(parent)}" for parent in step.parents[:1] if knot.first]
    yield f"{corner.get((knot.first, knot.last), '├─')} " + "  ".join(
        [_short(step.candidate.id), *_label(step)[1:], *from_, *with_]
    )
    for line in _changed(step, steps):
        yield f"{' ' if knot.last else '│'}        {line}"


def _changed(step: Step, steps: Mapping[str, Step]) -> list[str]:
    base = steps.get(step.parents[0]) if step.parents else None
    if base is None:
        return []
    return changes(_code(base.candidate.program.source), _code(step.candidate.program.source))


def _code(source: str) -> str:
    """Return a program without the docstring before it: that a child has none is no change."""
    begins = source.find("def ")
    return source if begins < 0 else source[begins:]


def _told(step: Step) -> str:
    score = step.candidate.score
    return str(step.candidate.evaluation.status) if score is None else f"{score:.4f}"


def _label(step: Step) -> list[str]:
    """Return what is said of a step: id, operator, score and gain."""
    gain = [] if step.gain is None else [f"{step.gain:+.4f}"]
    told = _told(step)
    return [_short(step.candidate.id), " ".join(step.how.split()), told, *gain]


def _node(step: Step, steps: Mapping[str, Step]) -> dict[str, Any]:
    candidate = step.candidate
    return {
        "id": candidate.id,
        "index": candidate.index,
        "operator": candidate.origin.operator,
        "proposer": candidate.origin.proposer,
        "rationale": candidate.origin.rationale,
        "status": str(candidate.evaluation.status),
        "score": candidate.score,
        "gain": step.gain,
        "parents": list(step.parents),
        "source": candidate.program.source,
        "changes": _changed(step, steps),
    }


def _short(id: str) -> str:
    return id[:8]


def _mermaid(text: str) -> str:
    """Escape what Mermaid or the HTML inside its labels would read as its own."""
    return text.translate({ord(c): f"#{ord(c)};" for c in '#"<>&`\\[]{}()|;'})


def _dot(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
