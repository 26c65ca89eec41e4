"""Run optimisers over weights and gradients that are known beforehand, all steps at once.

A value that feeds on no recurrence is computed for every step in one call, along a leading axis of
steps. Only what lies on a cycle through a state is taken step by step: of AdamW the two averages.
What comes out is what a plain loop over the steps gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from programs.genome import Argument, Function, Statement
from programs.interpret import compiled
from programs.kind import Kind, Scope
from programs.kinds.optimizer_layout import Layout, Value
from programs.kinds.optimizer_loops import Loop, loops_of
from programs.recall import Known, Recall

Runner = Callable[..., Value]


class Course:
    """What programs are handed, and what they made of it; programs are run by `updates`.

    `given` holds the weights `w` and the gradients `g`, both `[steps, runs, 1, n]` with all tensors
    in one row as `layout` says, and the scalars, each with a leading axis of steps.
    """

    def __init__(self, kind: Kind, layout: Layout, given: Mapping[str, np.ndarray]) -> None:
        self.layout, self.like = layout, given["g"]
        functions = compiled(kind, np)
        # Each op for plain values, if it looks at single elements, and for values of all sorts.
        self.ops: dict[str, tuple[Runner | None, Runner]] = {
            name: (
                functions[name] if op.scope is Scope.ELEMENT else None,
                partial(layout.apply, functions[name], op.scope),
            )
            for name, op in kind.ops.items()
        }
        self.recall = Recall(self.compute)
        self.inputs = {name: self.recall.given(value) for name, value in given.items()}

    def updates(self, function: Function, states: Sequence[str]) -> np.ndarray:
        """Return the updates of a function without dead code at all steps, `[steps, runs, n]`.

        What is the same for two programs is the same array.
        """
        result = _Run(self, function, states).result()
        if result.shown is None:
            result.shown = self.full(result.value, self.like)[:, :, 0]
        return result.shown

    def compute(self, op: str, args: Sequence[Known]) -> tuple[Value, bool]:
        """Apply an op to values; tell whether what it gives is plain."""
        run, plain = self.runner(op, [a.plain for a in args])
        return run(*[a.value for a in args]), plain

    def runner(self, op: str, plain: Sequence[bool]) -> tuple[Runner, bool]:
        """Return an op as a function of values that are plain or not."""
        quick, general = self.ops[op]
        return (general, False) if quick is None or False in plain else (quick, True)

    def full(self, value: Value, like: np.ndarray) -> np.ndarray:
        """Return a value in full shape, all tensors in one row."""
        if type(value) is not list and value.shape == like.shape:
            return value
        row = self.layout.widened(value)
        return row if row.shape == like.shape else np.broadcast_to(row, like.shape)

    def before(self, new: Known) -> Known:
        """Return what a state is before each step, given what it is after it."""
        call = ("before", new.number)
        if (known := self.recall.calls[call]) is None:
            past = np.zeros_like(self.like)
            past[1:] = self.full(new.value, self.like)[:-1]
            known = self.recall.keep(call, past)
        return known

    def turned(self, loop: Loop, outer: Sequence[Known]) -> Known:
        """Return everything on a cycle: the values at each step, and which of them are plain."""
        call = (loop.lines, loop.ends, *[k.number for k in outer])
        known = self.recall.calls[call]
        return known or self.recall.keep(call, self.take_steps(loop, outer))

    def take_steps(
        self, loop: Loop, outer: Sequence[Known]
    ) -> tuple[list[list[Value]], list[bool]]:
        """Take a cycle step by step."""
        like, ends = self.like[0], loop.ends
        plain = [True] * len(ends) + [False] * len(loop.lines) + [k.plain for k in outer[::-1]]
        lines = []
        for place, (op, args) in enumerate(loop.lines, len(ends)):
            run, plain[place] = self.runner(op, [plain[a] for a in args])
            lines.append((place, run, args))
        given = zip(*[self.sliced(k.value) for k in outer[::-1]], strict=True)
        empty: list[Value] = [None] * len(lines)
        states: list[Value] = [np.zeros(like.shape)] * len(ends)
        taken: list[list[Value]] = []
        for values in given if outer else [()] * len(self.like):
            now = [*states, *empty, *values]
            for place, run, args in lines:
                now[place] = run(*[now[a] for a in args])
            states = [self.full(now[end], like) for end in ends]
            taken.append(now)
        return taken, plain

    def joined(self, turned: Known, place: int) -> Known:
        """Return one value of a cycle with its leading axis of steps."""
        call = ("of a cycle", turned.number, place)
        if (known := self.recall.calls[call]) is None:
            taken, plain = turned.value
            known = self.recall.keep(call, _stacked([now[place] for now in taken]), plain[place])
        return known

    def sliced(self, value: Value) -> Sequence[Value]:
        """Cut a value into its steps."""
        if type(value) is list:
            return [[v[time] for v in value] for time in range(len(self.like))]
        return [value] * len(self.like) if value.ndim == 0 else value


def _stacked(past: list[Value]) -> Value:
    """Join the values of all steps."""
    if type(past[0]) is list:
        return [_stacked(list(column)) for column in zip(*past, strict=True)]
    shape = past[0].shape
    return np.concatenate(past).reshape(-1, *shape) if shape else np.array(past)


class _Run(dict[Argument, Known | None]):
    """The values of one program by name and constant; `None` for what is not known yet.

    A value on a cycle is joined from its steps when somebody asks for it.
    """

    def __init__(self, course: Course, function: Function, states: Sequence[str]) -> None:
        given = course.inputs
        super().__init__([(p, given[p]) for p in function.params if p in given])
        self.course, self.function = course, function
        self.loops = loops_of(function, states) if states else []
        self.on_loop: dict[Argument, tuple[Loop, int]] = {}
        for loop in self.loops:
            for place, name in enumerate(loop.inside):
                self.on_loop[name] = loop, place
        self.turned: dict[int, Known] = {}
        ends = zip(states, function.returns[1:], strict=True)
        self.waiting = [(s, end) for s, end in ends if s not in self.on_loop]

    def __missing__(self, arg: Argument) -> Known | None:
        if type(arg) is not str:
            known = self[arg] = self.course.recall.constant(arg)  # type: ignore[arg-type]
            return known
        if arg not in self.on_loop:
            return None
        loop, place = self.on_loop[arg]
        turned = self.turned.get(id(loop))
        if turned is None:
            return None
        known = self[arg] = self.course.joined(turned, place)
        return known

    def result(self) -> Known:
        """Compute what can be, until it is all of it."""
        pending: Sequence[Statement] = self.function.body
        if self.loops:
            pending = [s for s in pending if s.target not in self.on_loop]
            self.settle()
        pending = self.advanced(pending)
        while pending or self.waiting or self.loops:
            self.settle()
            pending = self.advanced(pending)
        result = self[self.function.returns[0]]
        assert result is not None
        return result

    def advanced(self, pending: Sequence[Statement]) -> Sequence[Statement]:
        """Run the statements whose arguments are known; return the others."""
        applied, value_of, others = self.course.recall.applied, self.__getitem__, []
        for statement in pending:
            args: list[Any] = list(map(value_of, statement.args))
            if None in args:
                others.append(statement)
            else:
                self[statement.target] = applied(statement.op, args)
        return others

    def settle(self) -> None:
        """Turn the cycles and shift the states of which all is known."""
        waiting, loops = self.waiting, self.loops
        self.waiting, self.loops = [], []
        for loop in loops:
            outer: list[Any] = [self[a] for a in loop.outer]
            if None in outer:
                self.loops.append(loop)
            else:
                self.turned[id(loop)] = self.course.turned(loop, outer)
        for state, end in waiting:
            if (new := self[end]) is None:
                self.waiting.append((state, end))
            else:
                self[state] = self.course.before(new)
