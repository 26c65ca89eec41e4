"""Find one copy applied again and again: statements in a row that share their weights.

`block(block(block(x)))` is walked as statements that repeat themselves with the same weights. They
become a helper function and `recur(block, 3, x)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from evaluators.harness.bodies.lifting.proposals import Piece
from programs.genome import RECUR, Function, Statement


@dataclass(frozen=True, slots=True)
class Line:
    """A statement, and its weights by name."""

    statement: Statement
    weights: tuple[tuple[str, Piece], ...] = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """Lines from `start` on, `length` of them, that are applied `copies` times to `given`."""

    start: int
    length: int
    copies: int
    given: str


def rolled(lines: Sequence[Line], result: str) -> tuple[tuple[Function, ...], list[Line]]:
    """Return helpers and the lines left, in which a `recur` stands for each loop."""
    helpers: list[Function] = []
    left = list(lines)
    while loop := _loop(left, result):
        name = f"block{len(helpers)}" if helpers else "block"
        first = left[loop.start : loop.start + loop.length]
        end = loop.start + loop.length * loop.copies
        last = left[end - 1].statement.target
        helpers.append(_function(name, [line.statement for line in first], loop.given))
        again = Statement(last, RECUR, (float(loop.copies), loop.given), name)
        # With all weights of the block, so that whoever shares one of them besides is still seen.
        weights = tuple(chain.from_iterable(line.weights for line in first))
        left[loop.start : end] = [Line(again, weights)]
    return tuple(helpers), left


def _function(name: str, body: Sequence[Statement], given: str) -> Function:
    renamed = tuple(s.renamed(lambda n: "x" if n == given else n) for s in body)
    return Function(name, ("x",), renamed, (renamed[-1].target,))


def _loop(lines: Sequence[Line], result: str) -> Loop | None:
    """Return the longest loop around the first weights that come again."""
    for place, line in enumerate(lines):
        if not line.weights:
            continue
        again = [n for n in range(place + 1, len(lines)) if lines[n].weights == line.weights]
        if not again:
            continue
        length = again[0] - place
        starts = range(max(place - length + 1, 0), place + 1)
        found = [_from(lines, start, length, result) for start in starts]
        if loops := [loop for loop in found if loop]:
            return max(loops, key=lambda loop: loop.copies)
    return None


def _from(lines: Sequence[Line], start: int, length: int, result: str) -> Loop | None:
    """Count the copies of some lines, each applied to what the one before gives, and that alone."""
    first = lines[start : start + length]
    own = {line.statement.target for line in first}
    outside = {n for line in first for n in line.statement.names()} - own
    if len(outside) != 1:
        return None
    (given,) = outside
    copies, value = 1, first[-1].statement.target
    while len(other := lines[start + copies * length :][:length]) == length:
        pairs = list(zip(first, other, strict=True))
        names = {a.statement.target: b.statement.target for a, b in pairs} | {given: value}
        if not all(_same(a, b, names) for a, b in pairs):
            break
        copies, value = copies + 1, other[-1].statement.target
    loop = Loop(start, length, copies, given)
    return loop if copies > 1 and _closed(lines, loop, result) else None


def _same(one: Line, other: Line, names: Mapping[str, str]) -> bool:
    """Tell whether a line is another one but for its names."""
    return one.weights == other.weights and (
        one.statement.renamed(lambda n: names.get(n, n)) == other.statement
    )


def _closed(lines: Sequence[Line], loop: Loop, result: str) -> bool:
    """Tell whether nothing else reads what the copies make on the way."""
    end = loop.start + loop.length * loop.copies
    inner = {line.statement.target for line in lines[loop.start : end - 1]}
    read = {n for line in lines[end:] for n in line.statement.names()} | {result}
    return not inner & read
