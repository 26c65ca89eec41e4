"""A free-form text as functions: executed here, in a child that may hold nothing worth taking.

Both forms of optimiser become one, a `Rule` over lists of tensors, so that all that follows knows
only that. What a rule returns is checked for number and shape; the error's sentence is the
program's author's to read.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

INPUTS = ("w", "g", "lr", "step", "total")


class ProgramError(Exception):
    """Raise where a program does not keep to its form."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An optimiser: `init(params) -> state`, `update(params, grads, state, lr, step, total)`.

    `update` returns what is subtracted from each parameter, and the new state, which may be
    anything.
    """

    init: Callable[[list[Tensor]], Any]
    update: Callable[..., tuple[list[Tensor], Any]]


def executed(source: str) -> dict[str, Any]:
    """Run a program's text and return the names it defines."""
    names: dict[str, Any] = {"__name__": "program"}
    exec(compile(source, "program", "exec"), names)
    return names


def rule(source: str, form: str) -> Rule:
    """Return an optimiser's text, of the form "tensor" or "model", as a rule."""
    names = executed(source)
    return _each(names["update"]) if form == "tensor" else _whole(names["init"], names["update"])


def factors(source: str, total: int, steps: Iterable[int]) -> list[float]:
    """Return a schedule's factors at some steps of a run of `total` steps."""
    schedule = executed(source)["schedule"]
    return [float(schedule(step=step, total=total)) for step in steps]


def _each(update: Callable[..., Any]) -> Rule:
    """Apply a function of one tensor to all; its states are the parameters that nothing gives."""
    taken = inspect.signature(update).parameters
    inputs = [name for name in taken if name in INPUTS]
    bare = [n for n, p in taken.items() if p.default is inspect.Parameter.empty]
    states = [name for name in bare if name not in INPUTS]

    def init(params: list[Tensor]) -> list[dict[str, Any]]:
        return [{name: torch.zeros_like(p) for name in states} for p in params]

    def step(
        params: list[Tensor], grads: list[Tensor], state: Any, lr: Any, step: int, total: int
    ) -> tuple[list[Tensor], Any]:
        deltas, after = [], []
        for w, g, mine in zip(params, grads, state, strict=True):
            given = {"w": w, "g": g, "lr": lr, "step": step, "total": total}
            found = update(**{name: given[name] for name in inputs}, **mine)
            delta, new = _parted(found, states)
            deltas.append(_checked(delta, w))
            after.append(new)
        return deltas, after

    return Rule(init, step)


def _parted(found: Any, states: Sequence[str]) -> tuple[Any, Mapping[str, Any]]:
    values = tuple(found) if isinstance(found, tuple | list) else (found,)
    if len(values) != 1 + len(states):
        owed = ", ".join(["the update", *(f"the new `{s}`" for s in states)])
        raise ProgramError(f"expected {1 + len(states)} values ({owed}), found {len(values)}")
    return values[0], dict(zip(states, values[1:], strict=True))


def _whole(init: Callable[..., Any], update: Callable[..., Any]) -> Rule:
    def step(
        params: list[Tensor], grads: list[Tensor], state: Any, lr: Any, step: int, total: int
    ) -> tuple[list[Tensor], Any]:
        found = update(params, grads, state, lr, step, total)
        if not isinstance(found, tuple | list) or len(found) != 2:
            raise ProgramError("expected `update` to return the deltas and the state")
        deltas = list(found[0])
        if len(deltas) != len(params):
            raise ProgramError(f"expected {len(params)} deltas, found {len(deltas)}")
        return [_checked(d, w) for d, w in zip(deltas, params, strict=True)], found[1]

    return Rule(init, step)


def _checked(delta: Any, w: Tensor) -> Tensor:
    if not isinstance(delta, Tensor):
        raise ProgramError(f"expected an update as a tensor, found {type(delta).__name__}")
    if delta.shape != w.shape:
        shapes = f"{list(w.shape)} as the weight has, found {list(delta.shape)}"
        raise ProgramError(f"expected an update of shape {shapes}")
    if delta.is_complex():
        raise ProgramError("expected an update of real numbers, found complex ones")
    return delta
