"""Run an optimiser over gradients that are known beforehand, all steps at once where possible.

A value that feeds on no recurrence is computed for every step in one call, along a leading axis of
steps. Only what lies on a cycle, through a state or through the weights, is taken step by step: of
AdamW the two averages and the weights' decay. What comes out is what a training loop gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from programs.interpret import Plan, Step, run_step

Value = Any
"""What a slot holds at all steps: an array with a leading axis of steps, or a list of these, one
per tensor, where there are several; a constant is a bare number."""


def updates(
    program: Plan,
    states: Sequence[str],
    weights: list[np.ndarray],
    gradients: list[np.ndarray],
    shared: dict[str, np.ndarray],
) -> list[np.ndarray]:
    """Return the updates of all steps, one array `[steps, 2, rows, columns]` per tensor.

    `weights` are `[2, rows, columns]` each, `gradients` and the scalars in `shared` have a leading
    axis of steps.
    """
    found = _Course(program, states, weights, gradients, shared).updates()
    return found if type(found) is list else [found]


class _Course:
    """The values of a run, by slot of the plan, as far as they are known."""

    def __init__(
        self,
        program: Plan,
        states: Sequence[str],
        weights: list[np.ndarray],
        gradients: list[np.ndarray],
        shared: dict[str, np.ndarray],
    ) -> None:
        self.program, self.steps = program, len(gradients[0])
        self.single = len(weights) == 1
        self.gradients: Value = gradients[0] if self.single else gradients
        given = {"g": self.gradients, **shared}
        self.known: dict[int, Value] = {
            i: given[name] for i, name in enumerate(program.inputs) if name in given
        }
        first = len(program.inputs)
        self.known.update(enumerate(program.constants, first))
        self.first = first + len(program.constants)
        self.runs = [_runner(step, len(weights)) for step in program.steps]
        # What is carried from step to step: the weights, then the states.
        self.carried = [program.inputs.index(n) for n in ("w", *states)]
        begin: Value = weights[0] if self.single else weights
        self.start = [begin, *(self.each(np.zeros_like, begin) for _ in states)]
        self.loops = _loops(program, self.carried, self.first)

    def each(self, apply: Callable[..., Any], *values: Value) -> Value:
        """Apply a function of arrays, tensor by tensor where there are several."""
        if self.single:
            return apply(*values)
        count = len(self.gradients)
        columns = (v if type(v) is list else [v] * count for v in values)
        return [apply(*row) for row in zip(*columns, strict=True)]

    def updates(self) -> Value:
        for slot in range(self.first, self.first + len(self.program.steps)):
            if slot not in self.loops:
                self.value(slot)
        return self.full(self.program.returns[0])

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

    def full(self, slot: int) -> Value:
        """Return a value in full shape."""
        return self.each(_like, self.value(slot), self.gradients)

    def shifted(self, which: int) -> Value:
        """Return something carried that does not feed on itself, before each step."""
        new = self.full(self.program.returns[which])
        past = self.each(_delayed, self.start[which], new)
        return past if which else self.each(np.subtract.accumulate, past)

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
            renewed = [self.carry(slot, now[slot], now[end]) for slot, end in ends]
            for (slot, _), value in zip(ends, renewed, strict=True):
                now[slot] = value
        self.known.update((slot, self.stacked(past)) for slot, past in history.items())

    def carry(self, slot: int, old: Value, new: Value) -> Value:
        """Return what goes into the next step: weights less their update, or the new state."""
        if slot == self.carried[0]:
            return self.each(np.subtract, old, new)
        return new

    def sliced(self, slot: int) -> Sequence[Value]:
        """Cut a value from outside a loop into its steps."""
        value = self.value(slot)
        if type(value) is list:
            return [[v[time] for v in value] for time in range(self.steps)]
        return [value] * self.steps if value.ndim == 0 else value

    def stacked(self, past: list[Value]) -> Value:
        """Join the values of all steps."""
        if type(past[0]) is list:
            return [np.array(column) for column in zip(*past, strict=True)]
        return np.array(past)


def _runner(step: Step, count: int) -> Callable[..., Value]:
    """Return a statement as a function of values."""
    if count > 1:
        return lambda *args: run_step(step, args, count)
    if step.mode != "model":
        return step.run
    return lambda *args: _only(step.run(*([a] for a in args)))


def _only(value: Value) -> Value:
    return value[0] if type(value) is list else value


def _like(value: Value, gradient: np.ndarray) -> np.ndarray:
    return value if value.shape == gradient.shape else np.broadcast_to(value, gradient.shape)


def _delayed(start: np.ndarray, new: np.ndarray) -> np.ndarray:
    return np.concatenate([start[None], new[:-1]])


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
