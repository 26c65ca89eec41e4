"""Find where an optimiser's states feed on themselves: the statements to be taken step by step.

Sets of states are bit masks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from programs.genome import Argument, Function, Statement


class Loop(NamedTuple):
    """A cycle through states: `inside` names these and then what its statements bind.

    `outer` is what they read besides. A line is an op with places: from 0 up in `inside`, from -1
    down in `outer`. `ends` are the places of the new states. Two loops of the same lines and ends
    do the same to the same values.
    """

    inside: tuple[str, ...]
    outer: tuple[Argument, ...]
    lines: tuple[tuple[str, tuple[int, ...]], ...]
    ends: tuple[int, ...]


def loops_of(function: Function, states: Sequence[str]) -> list[Loop]:
    """Return the cycles of a function, each with all states and statements on it."""
    ends = function.returns[1:]
    reads = _reads(function, states)
    loops = []
    for group in _groups([reads.get(end, 0) for end in ends]):
        pairs = [
            pair for place, pair in enumerate(zip(states, ends, strict=True)) if group >> place & 1
        ]
        loops.append(_loop(pairs, _members(function, pairs, reads, group)))
    return loops


def _reads(function: Function, states: Sequence[str]) -> dict[Argument, int]:
    """Map every name that hangs on states to these."""
    reads: dict[Argument, int] = {state: 1 << place for place, state in enumerate(states)}
    for statement in function.body:
        mask = 0
        for arg in statement.args:
            if arg in reads:
                mask |= reads[arg]
        if mask:
            reads[statement.target] = mask
    return reads


def _groups(reads: list[int]) -> Iterable[int]:
    """Group what feeds on itself: `reads[i]` is the mask of what the next value of i reads."""
    if not any(mask & ~(1 << i) for i, mask in enumerate(reads)):
        return [mask for mask in reads if mask]
    reach = list(reads)
    for middle, _ in enumerate(reach):
        for i, mask in enumerate(reach):
            if mask >> middle & 1:
                reach[i] |= reach[middle]
    cyclic = [i for i, mask in enumerate(reach) if mask >> i & 1]
    return {sum([1 << j for j in cyclic if reach[i] >> j & reach[j] >> i & 1]) for i in cyclic}


def _members(
    function: Function, pairs: list[tuple[str, Argument]], reads: Mapping[Argument, int], group: int
) -> list[Statement]:
    """Return the statements between the states of a group and their new values."""
    needed = {end for _, end in pairs}
    members = []
    for statement in reversed(function.body):
        if statement.target in needed and reads.get(statement.target, 0) & group:
            members.append(statement)
            needed.update(statement.args)
    members.reverse()
    return members


def _loop(pairs: list[tuple[str, Argument]], members: list[Statement]) -> Loop:
    """Write a cycle with places for names."""
    inside = (*[state for state, _ in pairs], *[s.target for s in members])
    places: dict[Argument, int] = {name: place for place, name in enumerate(inside)}
    outer: list[Argument] = []
    lines = []
    for statement in members:
        for arg in statement.args:
            if arg not in places:
                outer.append(arg)
                places[arg] = -len(outer)
        lines.append((statement.op, tuple([places[a] for a in statement.args])))
    return Loop(inside, tuple(outer), tuple(lines), tuple([places[end] for _, end in pairs]))
