"""A lineage drawn: as a tree of text, a Mermaid or Graphviz chart, or plain data.

Ancestors are drawn like a history of branches: the line of first parents runs straight down to the
candidate, and the line of a further parent is set in before the step that uses it.

    ┌─ 3fa21b0c  seed  0.5000
    │  ┌─ 81c09d2e  seed  0.4000
    │  └─ 5d90aa17  nudge  0.4500  +0.0500 ± 0.0100
    │        - m = lerp(m, g, 0.1)
    │        + m = lerp(m, g, 0.2)
    └─ c0ffee42  crossover  0.5600  +0.0600 ± 0.0200  with 5d90aa17

Of a line that is too long its beginning is drawn and, after `┆  431 steps between`, its end.
Descendants hang below their first parent, the best first.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaluators.levels import name_of
from runs.inert import inert, inert_line
from runs.lineage import Lineage, Step

_NEW_LINE = r"\n"
"""How Graphviz spells a new line in a label."""


def written(lineage: Lineage, form: str) -> str:
    """Return the lineage as tree, mermaid, dot or json."""
    match form:
        case "tree":
            return "\n".join(as_tree(lineage))
        case "mermaid":
            return as_mermaid(lineage)
        case "dot":
            return as_dot(lineage)
    return json.dumps(as_json(lineage), indent=2, ensure_ascii=False)


def as_tree(lineage: Lineage) -> list[str]:
    """Draw the lineage as lines of plain text, the candidate itself last, or first of its line."""
    if lineage.down:
        return list(_hanging(lineage))
    steps = lineage.by_id
    placed: set[str] = set()
    lines = _beginning(lineage)
    # A stack in place of recursion, for lineages may be deep: lines of descent still to be laid
    # out (an id), and steps ready to be drawn.
    todo: list[tuple[int, str | _Knot]] = [(0, lineage.id)]
    while todo:
        depth, item = todo.pop()
        if isinstance(item, _Knot):
            lines += ["│  " * depth + line for line in _drawn(item, lineage)]
        else:
            line = _first_parents(item, steps, placed)
            begun = depth == 0 and lineage.origin is not None
            todo += reversed(list(_laid_out(line, depth, steps, begun)))
    return lines


def _beginning(lineage: Lineage) -> list[str]:
    """Return the lines for where a line of descent began whose middle is left out."""
    if lineage.origin is None:
        return []
    return [f"┌─ {'  '.join(_label(lineage.origin))}", f"┆  {lineage.between:,} steps between"]


def as_json(lineage: Lineage) -> dict[str, Any]:
    """Return the lineage as data: nodes oldest first, and the edges between them."""
    return {
        "id": lineage.id,
        "nodes": [_node(step, lineage) for step in lineage.steps],
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


def _first_parents(id: str, steps: Mapping[str, Step], placed: set[str]) -> list[str]:
    """Follow first parents up to one that has its place already; the oldest comes first."""
    line: list[str] = []
    while id in steps and id not in placed:
        placed.add(id)
        line.append(id)
        id = next(iter(steps[id].parents), "")
    return line[::-1]


def _laid_out(
    line: list[str], depth: int, steps: Mapping[str, Step], begun: bool
) -> Iterator[tuple[int, str | _Knot]]:
    """Yield what is to be drawn for a line of descent: before each step, its further parents."""
    for n, id in enumerate(line):
        for parent in steps[id].parents[1:]:
            yield depth + 1, parent
        yield depth, _Knot(steps[id], first=n == 0 and not begun, last=n == len(line) - 1)


def _drawn(knot: _Knot, lineage: Lineage) -> Iterator[str]:
    """Yield a step's own line and the lines of source it changed."""
    step = knot.step
    corner = {(True, True): "──", (True, False): "┌─", (False, True): "└─"}
    with_ = [f"with {_short(parent)}" for parent in step.parents[1:]]
    from_ = [f"from {_short(parent)}" for parent in step.parents[:1] if knot.first]
    yield f"{corner.get((knot.first, knot.last), '├─')} " + "  ".join(
        [_short(step.candidate.id), *_label(step)[1:], *from_, *with_]
    )
    for line in _changes(step, lineage):
        yield f"{' ' if knot.last else '│'}        {line}"


def _label(step: Step) -> list[str]:
    """Return what is said of a step: id, operator, score and gain."""
    gained = [step.gained] if step.gained else []
    return [_short(step.candidate.id), inert_line(step.how), step.told, *gained]


def _changes(step: Step, lineage: Lineage) -> list[str]:
    return [inert(line) for line in lineage.changed(step)]


def _hanging(lineage: Lineage) -> Iterator[str]:
    """Yield the lines of a tree that hangs from the candidate."""
    children = _children(lineage)
    # A stack in place of recursion: what stands before a step's line, and before those below it.
    todo = [(lineage.by_id[lineage.id], "", "")]
    while todo:
        step, before, below = todo.pop()
        with_ = [f"with {_short(parent)}" for parent in step.parents[1:] if below or before]
        yield before + "  ".join([*_label(step), *with_])
        own = children[step.candidate.id]
        for line in _changes(step, lineage) if before else []:
            yield f"{below}{'│' if own else ' '}     {line}"
        hung = [(s, f"{below}├─ ", f"{below}│  ") for s in own[:-1]]
        hung += [(s, f"{below}└─ ", f"{below}   ") for s in own[-1:]]
        todo += reversed(hung)


def _children(lineage: Lineage) -> defaultdict[str, list[Step]]:
    """Return under each id the steps that hang from it, the best first."""
    children: defaultdict[str, list[Step]] = defaultdict(list)
    placed = {lineage.id}
    for step in lineage.steps[1:]:
        # Of several parents the first that is drawn; if none is yet, the records run in a circle.
        owner = next((p for p in step.parents if p in placed), lineage.id)
        children[owner].append(step)
        placed.add(step.candidate.id)
    for steps in children.values():
        steps.sort(key=lambda step: step.rank)
    return children


def _node(step: Step, lineage: Lineage) -> dict[str, Any]:
    candidate = step.candidate
    return {
        "id": candidate.id,
        "index": candidate.index,
        "operator": candidate.origin.operator,
        "proposer": candidate.origin.proposer,
        "rationale": candidate.origin.rationale,
        "status": str(candidate.evaluation.status),
        "rung": name_of(candidate.standing.rung),
        "score": candidate.standing.score,
        "gain": None if step.gain is None else step.gain.mean,
        "interval": None if step.gain is None else step.gain.half,
        "gain_rung": None if step.gain is None else name_of(step.gain.rung),
        "parents": list(step.parents),
        "source": candidate.program.source,
        "changes": lineage.changed(step),
    }


def _short(id: str) -> str:
    return id[:8]


def _mermaid(text: str) -> str:
    """Escape what Mermaid or the HTML inside its labels would read as its own."""
    return text.translate({ord(c): f"#{ord(c)};" for c in '#"<>&`\\[]{}()|;'})


def _dot(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
