"""Run an optimiser over gradients that are known beforehand, all steps at once where possible.

A value that feeds on no recurrence is computed for every step in one call, along a leading axis of
steps. Only what lies on a cycle, through a state or through the weights, is taken step by step: of
AdamW the two averages and the weights' decay. What comes out is what a training loop gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from programs.interpret import Plan, Step
from programs.kind import Scope
from programs.kinds.optimizer_layout import Layout, Value


def updates(
    program: Plan,
    states: Sequence[str],
    layout: Layout,
    weights: np.ndarray,
    gradients: np.ndarray,
    shared: dict[str, np.ndarray],
) -> np.ndarray:
    """Return the updates of all steps, `[steps, 2, 1, n]`, all tensors in one row.

    `weights` are `[2, 1, n]`; `gradients [steps, 2, 1, n]` and the scalars in `shared` have a
    leading axis of steps.
    """
    return _Course(program, states, layout, weights, gradients, shared).updates()


class _Course:
    """The values of a run, by slot of the plan, as far as they are known."""

    def __init__(
        self,
        program: Plan,
        states: Sequence[str],
        layout: Layout,
        weights: np.ndarray,
        gradients: np.ndarray,
        shared: dict[str, np.ndarray],
    ) -> None:
        self.program, self.layout, self.steps = program, layout, len(gradients)
        self.gradients = gradients
        given = {"g": gradients, **shared}
        self.known: dict[int, Value] = {
            i: given[name] for i, name in enumerate(program.inputs) if name in given
        }
        first = len(program.inputs)
        self.known.update(enumerate(program.constants, first))
        self.first = first + len(program.constants)
        self.runs = [self._runner(step) for step in program.steps]
        # What is carried from step to step: the weights, then the states.
        self.carried = [program.inputs.index(n) for n in ("w", *states)]
        self.start = [weights, *(np.zeros_like(weights) for _ in states)]
        self.loops = _loops(program, self.carried, self.first)

    def _runner(self, step: Step) -> Callable[..., Value]:
        if self.program.elementwise and step.scope is Scope.ELEMENT:
            return step.run
        return self.layout.runner(step)

    def updates(self) -> np.ndarray:
        for slot in range(self.first, self.first + len(self.program.steps)):
            if slot not in self.loops:
                self.value(slot)
        return self.full(self.value(self.program.returns[0]), self.gradients)

    def value(self, slot: int) -> Value:
        """Return the value of a slot at all steps."""
        if slot not in self.known:
            if slot in self.loops:
                self.run_loop(self.loops[slot])
            elif slot in self.carried:
                self.known[slot] = self.shifted(self.carried.index(slot))
            else:
                place = slot - self.first
                args = [self.value(s) for s in self.program.steps[place].slots]
                self.known[slot] = self.runs[place](*args)
        return self.known[slot]

    def full(self, value: Value, like: np.ndarray) -> np.ndarray:
        """Return a value in full shape, all tensors in one row."""
        row = self.layout.join(value) if type(value) is list else value
        return row if row.shape == like.shape else np.broadcast_to(row, like.shape)

    def shifted(self, which: int) -> np.ndarray:
        """Return something carried that does not feed on itself, before each step."""
        new = self.full(self.value(self.program.returns[which]), self.gradients)
        past = np.concatenate([self.start[which][None], new[:-1]])
        return past if which else np.subtract.accumulate(past)

    def run_loop(self, loop: _Loop) -> None:
        """Take one cycle step by step and keep what is read elsewhere."""
        program = self.program
        history: dict[int, list[Value]] = {slot: [] for slot in loop.kept}
        outer = [(slot, self.sliced(slot)) for slot in loop.outer]
        now: list[Value] = [None] * (self.first + len(program.steps))
        for slot in loop.carried:
            now[slot] = self.start[self.carried.index(slot)]
        ends = [(slot, program.returns[self.carried.index(slot)]) for slot in loop.carried]
        lines = [
            (slot, self.runs[slot - self.first], program.steps[slot - self.first].slots)
            for slot in loop.members
        ]
        for time in range(self.steps):
            for slot, values in outer:
                now[slot] = values[time]
            for slot, run, slots in lines:
                now[slot] = run(*[now[s] for s in slots])
            for slot, past in history.items():
                past.append(now[slot])
            renewed = [self.renewed(slot, now[slot], now[end]) for slot, end in ends]
            for (slot, _), value in zip(ends, renewed, strict=True):
                now[slot] = value
        self.known.update((slot, _stacked(past)) for slot, past in history.items())

    def renewed(self, slot: int, old: np.ndarray, new: Value) -> np.ndarray:
        """Return what goes into the next step: weights less their update, or the new state."""
        new = self.full(new, old)
        return old - new if slot == self.carried[0] else new

    def sliced(self, slot: int) -> Sequence[Value]:
        """Cut a value from outside a loop into its steps."""
        value = self.value(slot)
        if type(value) is list:
            return [[v[time] for v in value] for time in range(self.steps)]
        return [value] * self.steps if value.ndim == 0 else value


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
    """Find the cycles; each slot on one is mapped to it. Sets of carried slots are bit masks."""
    bits = {slot: 1 << i for i, slot in enumerate(carried)}
    reads = dict(bits)
    for slot, step in enumerate(program.steps, first):
        mask = 0
        for arg in step.slots:
            mask |= reads.get(arg, 0)
        reads[slot] = mask
    feeds: dict[int, int] = {}
    for bit, end in zip(bits.values(), program.returns, strict=True):
        feeds[end] = feeds.get(end, 0) | bit
    for slot in range(first + len(program.steps) - 1, first - 1, -1):
        if mask := feeds.get(slot, 0):
            for arg in program.steps[slot - first].slots:
                feeds[arg] = feeds.get(arg, 0) | mask
    loops: dict[int, _Loop] = {}
    for group in _groups([reads.get(end, 0) for end in program.returns]):
        held = [slot for slot in carried if bits[slot] & group]
        members = [
            slot
            for slot in range(first, first + len(program.steps))
            if reads[slot] & group and feeds.get(slot, 0) & group
        ]
        used = {arg for slot in members for arg in program.steps[slot - first].slots}
        used.update(program.returns[carried.index(slot)] for slot in held)
        inside = {*held, *members}
        read = {a for s, x in enumerate(program.steps, first) if s not in inside for a in x.slots}
        read.update(e for c, e in zip(carried, program.returns, strict=True) if c not in inside)
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
