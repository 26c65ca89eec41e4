"""Run an optimiser over weights and gradients that are known beforehand, all steps at once.

A value that feeds on no recurrence is computed for every step in one call, along a leading axis of
steps. Only what lies on a cycle through a state is taken step by step: of AdamW the two averages.
What comes out is what a plain loop over the steps gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from programs.interpret import Plan, Step
from programs.kinds.optimizer_layout import Layout, Value


def updates(
    program: Plan, states: Sequence[str], layout: Layout, given: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Return the updates of all steps, `[steps, 2, 1, n]`, all tensors in one row.

    `given` holds the weights `w` and the gradients `g`, both `[steps, 2, 1, n]`, and the scalars,
    each with a leading axis of steps.
    """
    return _Course(program, states, layout, given).updates()


class _Course:
    """The values of a run, by slot of the plan; `None` where they are not known yet."""

    def __init__(
        self,
        program: Plan,
        states: Sequence[str],
        layout: Layout,
        given: Mapping[str, np.ndarray],
    ) -> None:
        self.program, self.layout = program, layout
        self.like = given["g"]
        self.first = len(program.inputs)
        self.known: list[Value] = [given.get(name) for name in program.inputs]
        self.known += [None] * len(program.steps)
        self.known += program.constants
        self.carried = [program.inputs.index(name) for name in states]
        self.loops = _loops(program, self.carried, self.first) if states else {}

    def updates(self) -> np.ndarray:
        for slot in range(self.first, self.first + len(self.program.steps)):
            if slot not in self.loops:
                self.value(slot)
        return self.full(self.value(self.program.returns[0]), self.like)

    def value(self, slot: int) -> Value:
        """Return the value of a slot at all steps."""
        known = self.known
        if known[slot] is None:
            if slot in self.loops:
                self.run_loop(self.loops[slot])
            elif slot in self.carried:
                known[slot] = self.shifted(self.carried.index(slot))
            else:
                step = self.program.steps[slot - self.first]
                args = [known[s] if known[s] is not None else self.value(s) for s in step.slots]
                known[slot] = self.runner(step)(*args)
        return known[slot]

    def runner(self, step: Step) -> Callable[..., Value]:
        """Return a statement as a function of values."""
        return step.run if step.plain else partial(self.layout.apply, step)

    def full(self, value: Value, like: np.ndarray) -> np.ndarray:
        """Return a value in full shape, all tensors in one row."""
        row = self.layout.widened(value)
        return row if row.shape == like.shape else np.broadcast_to(row, like.shape)

    def shifted(self, which: int) -> np.ndarray:
        """Return a state that does not feed on itself, before each step."""
        new = self.full(self.value(self.program.returns[1 + which]), self.like)
        past = np.zeros_like(self.like)
        past[1:] = new[:-1]
        return past

    def run_loop(self, loop: _Loop) -> None:
        """Take one cycle step by step and keep what is read elsewhere."""
        program = self.program
        start = self.like[0]
        history: dict[int, list[Value]] = {slot: [] for slot in loop.kept}
        outer = [(slot, self.sliced(slot)) for slot in loop.outer]
        now: list[Value] = [None] * len(self.known)
        for slot in loop.carried:
            now[slot] = np.zeros_like(start)
        ends = [(slot, program.returns[1 + self.carried.index(slot)]) for slot in loop.carried]
        steps = [(slot, program.steps[slot - self.first]) for slot in loop.members]
        lines = [(slot, self.runner(step), step.slots) for slot, step in steps]
        for time in range(len(self.like)):
            for slot, values in outer:
                now[slot] = values[time]
            for slot, run, slots in lines:
                now[slot] = run(*[now[s] for s in slots])
            for slot, past in history.items():
                past.append(now[slot])
            # All new states are taken before the first of them is stored.
            for slot, value in [(slot, self.full(now[end], start)) for slot, end in ends]:
                now[slot] = value
        for slot, past in history.items():
            self.known[slot] = _stacked(past)

    def sliced(self, slot: int) -> Sequence[Value]:
        """Cut a value from outside a loop into its steps."""
        value = self.value(slot)
        if type(value) is list:
            return [[v[time] for v in value] for time in range(len(self.like))]
        return [value] * len(self.like) if value.ndim == 0 else value


def _stacked(past: list[Value]) -> Value:
    """Join the values of all steps."""
    if type(past[0]) is list:
        return [np.array(column) for column in zip(*past, strict=True)]
    return np.array(past)


class _Loop:
    """A cycle: what it carries and the statements on it, by slot.

    `outer` is what these read besides, `kept` those of them that are read from elsewhere.
    """

    def __init__(
        self, carried: list[int], members: list[int], outer: set[int], kept: list[int]
    ) -> None:
        self.carried, self.members, self.outer, self.kept = carried, members, outer, kept


def _loops(program: Plan, carried: list[int], first: int) -> dict[int, _Loop]:
    """Find the cycles; each slot on one is mapped to it. Sets of states are bit masks."""
    new = program.returns[1:]
    bits = {slot: 1 << i for i, slot in enumerate(carried)}
    reads = dict(bits)
    for slot, step in enumerate(program.steps, first):
        mask = 0
        for arg in step.slots:
            mask |= reads.get(arg, 0)
        reads[slot] = mask
    groups = _groups([reads.get(end, 0) for end in new])
    if not groups:
        return {}
    feeds: dict[int, int] = {}
    for bit, end in zip(bits.values(), new, strict=True):
        feeds[end] = feeds.get(end, 0) | bit
    for slot in range(first + len(program.steps) - 1, first - 1, -1):
        if mask := feeds.get(slot, 0):
            for arg in program.steps[slot - first].slots:
                feeds[arg] = feeds.get(arg, 0) | mask
    loops: dict[int, _Loop] = {}
    for group in groups:
        held = [slot for slot in carried if bits[slot] & group]
        members = [
            slot
            for slot in range(first, first + len(program.steps))
            if reads[slot] & group and feeds.get(slot, 0) & group
        ]
        used = {arg for slot in members for arg in program.steps[slot - first].slots}
        used.update(end for slot, end in zip(carried, new, strict=True) if bits[slot] & group)
        inside = {*held, *members}
        read = {a for s, x in enumerate(program.steps, first) if s not in inside for a in x.slots}
        read.update(e for c, e in zip(carried, new, strict=True) if c not in inside)
        read.add(program.returns[0])
        loop = _Loop(held, members, used - inside, sorted(read & inside))
        loops.update((slot, loop) for slot in inside)
    return loops


def _groups(reads: list[int]) -> set[int]:
    """Group what feeds on itself: `reads[i]` is the mask of what the next value of i reads."""
    reach = list(reads)
    for middle, _ in enumerate(reach):
        for i, mask in enumerate(reach):
            if mask >> middle & 1:
                reach[i] |= reach[middle]
    cyclic = [i for i, mask in enumerate(reach) if mask >> i & 1]
    return {sum(1 << j for j in cyclic if reach[i] >> j & reach[j] >> i & 1) for i in cyclic}
