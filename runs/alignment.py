"""Two programs beside each other, statement by statement, as what they compute says.

A statement is known by its value: what it does to the inputs and states, whatever the names on the
way. The same value under another name is renamed, at another place moved. A statement with the same
words whose value is another reads something that changed.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from programs.genome import Argument, Function, Genome, base_of, is_anonymous
from programs.kind import Kind
from programs.render import expressions, number, render

RESULT = "return"


class How(StrEnum):
    """What became of a statement."""

    SAME = "same"
    RENAMED = "renamed"
    MOVED = "moved"
    READS = "reads what changed"
    CHANGED = "changed"
    GONE = "only in A"
    NEW = "only in B"


@dataclass(frozen=True, slots=True)
class Pair:
    """A statement of A and what stands for it in B; one of them is empty where there is none."""

    how: How
    a: str = ""
    b: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    text: str
    value: Hashable


def aligned(one: Genome, other: Genome, kind: Kind) -> list[Pair]:
    """Return the statements of two checked programs of a kind, in B's order, A's own between."""
    numbers: dict[Hashable, int] = {}
    before, after = (list(_lines(genome, kind, numbers)) for genome in (one, other))
    in_place = _in_place(before, after)
    partner = dict(in_place)
    for alike in (_by_value, _by_text, _by_name):
        left = [i for i in range(len(before)) if i not in partner.values()]
        for b, line in enumerate(after):
            if b not in partner:
                found = next((a for a in left if alike(before[a], line)), None)
                if found is not None:
                    partner[b] = found
                    left.remove(found)
    return list(_pairs(before, after, partner, {b for b, _ in in_place}))


def _pairs(
    before: list[_Line], after: list[_Line], partner: dict[int, int], in_place: set[int]
) -> Iterator[Pair]:
    gone = [a for a in range(len(before)) if a not in partner.values()]
    for b, line in enumerate(after):
        if b not in partner:
            yield Pair(How.NEW, "", line.text)
            continue
        a = partner[b]
        while gone and gone[0] < a:
            yield Pair(How.GONE, before[gone.pop(0)].text)
        yield Pair(_how(before[a], line, b in in_place), before[a].text, line.text)
    yield from (Pair(How.GONE, before[a].text) for a in gone)


def _how(a: _Line, b: _Line, in_place: bool) -> How:
    if a.value != b.value:
        return How.READS if a.text == b.text else How.CHANGED
    if not in_place:
        return How.MOVED
    return How.SAME if a.text == b.text else How.RENAMED


def _in_place(before: list[_Line], after: list[_Line]) -> list[tuple[int, int]]:
    """Return (place in B, place in A) of the equal values that stand in the same order."""
    values = [line.value for line in before], [line.value for line in after]
    blocks = difflib.SequenceMatcher(None, *values, autojunk=False).get_matching_blocks()
    return [(block.b + i, block.a + i) for block in blocks for i in range(block.size)]


def _by_value(a: _Line, b: _Line) -> bool:
    return a.value == b.value


def _by_text(a: _Line, b: _Line) -> bool:
    return a.text == b.text


def _by_name(a: _Line, b: _Line) -> bool:
    return a.name == b.name


def _lines(genome: Genome, kind: Kind, numbers: dict[Hashable, int]) -> Iterator[_Line]:
    """Yield the named statements of each function, then each value that it returns."""
    bodies = {helper.name: render(Genome((helper,)), kind) for helper in genome.helpers}
    for function in genome.functions:
        main = function is genome.main
        begins = "" if main else f"{function.name}: "
        states = kind.entry.states(function) if main else ()
        written = expressions(function, kind)
        values = _values(function, kind, states, bodies, numbers)
        for statement in function.body:
            if not is_anonymous(statement.target):
                name = base_of(statement.target)
                text = f"{begins}{name} = {written[statement.target]}"
                yield _Line(f"{begins}{name}", text, values[statement.target])
        results = zip_longest(("", *states), function.returns, fillvalue="")
        for place, (state, result) in enumerate(results):
            text = f"{begins}{RESULT} {state}".rstrip() + f": {_text(result, written)}"
            which = f"{begins}{RESULT} {place}"
            yield _Line(which, text, (which, _value(result, values)))


def _text(result: Argument, written: dict[str, str]) -> str:
    if not isinstance(result, str):
        return number(result)
    return written[result] if is_anonymous(result) else base_of(result)


def _values(
    function: Function,
    kind: Kind,
    states: Sequence[str],
    bodies: dict[str, str],
    numbers: dict[Hashable, int],
) -> dict[str, Hashable]:
    """Return what each name of a function holds: equal values have equal numbers.

    States go by their places, for their names are the author's; so do calls of one layer on one
    value, for each has weights of its own.
    """
    values: dict[str, Hashable] = {
        name: ("state", states.index(name)) if name in states else name for name in function.params
    }
    calls: Counter[Hashable] = Counter()
    for statement in function.body:
        op = kind.ops.get(statement.op)
        args = [_value(arg, values) for arg in statement.args]
        if op is not None and op.commutative:
            args.sort(key=repr)
        made = (statement.op, bodies.get(statement.function, ""), *args)
        calls[made] += op is not None and op.weighted
        values[statement.target] = numbers.setdefault((made, calls[made]), len(numbers))
    return values


def _value(arg: Argument, values: dict[str, Hashable]) -> Hashable:
    # A constant is no number of a value.
    return values[arg] if isinstance(arg, str) else ("constant", arg)


__all__ = ["How", "Pair", "aligned"]
