"""Run a checked program on arrays, numpy's or torch's, one array per parameter tensor.

A `Plan` is a program made ready for one array library: each op's expression compiled once, every
statement marked with how often it must run. A value that no tensor enters (a power of `step`) is
computed once and shared; an op over the whole model (`global_norm`) sees all tensors together;
everything else runs tensor by tensor. Arrays may carry leading batch dimensions: an optimiser's
replicas at other learning rates and seeds are one more axis.

Numpy is imported late: who only reads and writes programs seldom needs it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from programs.genome import Argument, Function
from programs.kind import Kind, Op, Scope

Array = Any
"""An array of whichever library the plan was made for."""

Values = Sequence[Array]
"""A program's value: one array per parameter tensor."""


class Step(NamedTuple):
    """One statement made ready: what it runs, and the slots of its arguments."""

    run: Callable[..., Any]
    slots: tuple[int, ...]
    scope: Scope


@dataclass(frozen=True, slots=True)
class Plan:
    """A program ready to run; `elementwise` says that tensors may be laid out in any shape.

    Its values have slots: first the inputs, then what the steps give, then the constants.
    """

    inputs: tuple[str, ...]
    constants: Sequence[Array]
    steps: Sequence[Step]
    returns: tuple[int, ...]
    elementwise: bool

    def __call__(self, inputs: Mapping[str, Values | Array], count: int) -> list[list[Array]]:
        """Return the result and the new states, each as `count` arrays.

        A list among `inputs` holds one array per tensor; anything else is shared by all of them.
        """
        slots: list[Any] = [inputs[name] for name in self.inputs]
        first = len(slots)
        slots += [None] * len(self.steps)
        slots += self.constants
        for place, step in enumerate(self.steps, first):
            slots[place] = run_step(step, [slots[s] for s in step.slots], count)
        return [_spread(slots[r], count) for r in self.returns]


def run_step(step: Step, args: Sequence[Any], count: int) -> Any:
    """Apply one statement to its arguments; a list holds one array per tensor."""
    if step.scope is Scope.MODEL:
        return step.run(*(_spread(a, count) for a in args))
    spread = False
    for arg in args:
        if type(arg) is list:
            spread = True
    if not spread:
        return step.run(*args)
    if count == 1:
        return [step.run(*[a[0] if type(a) is list else a for a in args])]
    columns = (a if type(a) is list else [a] * count for a in args)
    return [step.run(*row) for row in zip(*columns, strict=True)]


def _spread(value: Any, count: int) -> list[Array]:
    return value if type(value) is list else [value] * count


def plan(function: Function, kind: Kind, xp: Any) -> Plan:
    """Prepare a checked function for numpy or torch."""
    functions, ops = compiled(kind, xp), kind.ops
    slots: dict[Argument, int] = {name: place for place, name in enumerate(function.params)}
    first = len(slots)
    constants: list[Array] = []

    def slot(arg: Argument) -> int:
        """Return the slot of a name, or of a constant, which is given one where it is new."""
        found = slots.get(arg)
        if found is None:
            found = slots[arg] = first + len(function.body) + len(constants)
            constants.append(constant(float(arg), xp))
        return found

    steps: list[Step] = []
    elementwise = True
    for place, statement in enumerate(function.body, first):
        name, scope = statement.op, ops[statement.op].scope
        args = tuple([slot(a) for a in statement.args])
        if scope is Scope.TENSOR:
            elementwise = False
        steps.append(Step(functions[name], args, scope))
        slots[statement.target] = place
    returns = tuple([slot(r) for r in function.returns])
    return Plan(function.params, constants, steps, returns, elementwise)


def constant(value: float, xp: Any) -> Array:
    """Make a scalar array of double precision, which never widens the tensors it meets."""
    return xp.float64(value) if _is_numpy(xp) else xp.tensor(value, dtype=xp.float64)


def compiled(kind: Kind, xp: Any) -> Mapping[str, Callable[..., Any]]:
    """Return every op of the kind as a function over numpy or torch arrays."""
    return _compiled(kind, xp)


@cache
def _compiled(kind: Kind, xp: Any) -> Mapping[str, Callable[..., Any]]:
    # The texts run here are the vocabulary's own expressions, never a program's.
    scope: dict[str, Any] = {"xp": xp}
    quick: Mapping[str, Callable[..., Any]] = {}
    if _is_numpy(xp):
        from programs.quick_numpy import QUICK_HELPERS, QUICK_NUMPY

        scope["xp"], quick = QUICK_NUMPY, QUICK_HELPERS
    for name, helper in kind.helpers.items():
        exec(helper, scope)
        if name in quick:
            scope[name] = quick[name](scope[name])
    return {
        op.name: eval(f"lambda {', '.join(p.name for p in op.params)}: {op.expression}", scope)
        for op in kind.ops.values()
    }


def fold(op: Op, kind: Kind, values: Sequence[float]) -> float | None:
    """Compute an op on constants, or `None` where that is no finite number or no number at all."""
    if op.scope is not Scope.ELEMENT or kind.weighted:
        return None
    import numpy as np

    with np.errstate(all="ignore"):
        result = float(compiled(kind, np)[op.name](*(np.float64(v) for v in values)))
    return result if math.isfinite(result) else None


def _is_numpy(xp: Any) -> bool:
    return xp.__name__ == "numpy"
