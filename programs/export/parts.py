"""A function cut in parts where it must wait for a norm over the whole model.

Each part but the last returns what it asks the norm of, and beside it what the next part reads.
A generator would say the same in one piece, but the compiler of PyTorch does not follow generators.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """The place of a line `name = norm of the lists of tensors that all updates ask for here`."""

    name: str
    asked: str


Line = str | Ask


@dataclass(frozen=True, slots=True)
class Part:
    """Parameters and body of one function."""

    params: tuple[str, ...]
    lines: tuple[str, ...]


def parts_of(lines: Sequence[Line], params: Sequence[str]) -> list[Part]:
    """Cut a function's body at its questions; each part is given the answer before it first."""
    asks = [line for line in lines if isinstance(line, Ask)]
    sections = _sections(lines)
    order = _order(sections, asks, params)
    needed: set[str] = set()
    parts: list[Part] = []
    for place in reversed(range(len(sections))):
        body = sections[place]
        if place < len(asks):
            kept = tuple_of([n for n in order if n in needed and n != asks[place].name])
            body = [*body, f"return {asks[place].asked}, {kept}"]
            needed -= {asks[place].name}
        for line in reversed(body):
            needed = (needed - _stored(line)) | _read(line)
        given = [asks[place - 1].name] if place else []
        more = [n for n in order if n in needed and n not in given]
        parts.append(Part(tuple([*given, *more] if place else params), tuple(body)))
    return parts[::-1]


def _sections(lines: Iterable[Line]) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in lines:
        if isinstance(line, Ask):
            sections.append([])
        else:
            sections[-1].append(line)
    return sections


def _order(sections: list[list[str]], asks: list[Ask], params: Sequence[str]) -> list[str]:
    """Return the names that the function binds, in the order of their first appearance."""
    bound = list(params)
    for section, ask in zip(sections, [*asks, None], strict=True):
        bound += [n for line in section for n in _stored(line)]
        bound += [ask.name] if ask else []
    return list(dict.fromkeys(bound))


def _stored(line: str) -> set[str]:
    statement = ast.parse(line).body[0]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {t.id for t in targets if isinstance(t, ast.Name)}


def _read(line: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(line)))
    # The letters of a comprehension are its own, though a later value may have such a name.
    targets = [ast.walk(n.target) for n in nodes if isinstance(n, ast.comprehension)]
    own = {n.id for target in targets for n in target if isinstance(n, ast.Name)}
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} - own


def tuple_of(names: Sequence[str]) -> str:
    """Write a tuple."""
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"
