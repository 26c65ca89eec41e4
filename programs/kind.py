"""A kind of program: its vocabulary, its entry function and what goes in and out of it.

    Param       one argument of a vocabulary function
    Op          one vocabulary function: its arguments, its typing rule, what it computes
    Entry       the function every program of the kind defines
    Kind        all of these under one name

A type is any hashable value with a readable `str`; only the kind's own rules look inside it. What
an op computes is written once, as an expression over `xp`, from which the probes (numpy), the
training loop (torch) and the exported file (torch, as text) are all derived.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from programs.errors import Fault
from programs.genome import Function

Type = Hashable


class TypeMismatch(Exception):
    """Raise inside a typing rule, with the sentence that `check` puts into a `Fault`."""


class Scope(Enum):
    """How far an op looks: at single elements, at one parameter tensor, or at all of them."""

    ELEMENT = "element"
    TENSOR = "tensor"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Param:
    """An argument of an op; one with a default may be left out or given by keyword."""

    name: str
    default: float | None = None


@dataclass(frozen=True, slots=True)
class Op:
    """A vocabulary function.

    `infer` maps the arguments' types to the result's type or raises `TypeMismatch`. `expression`
    computes it from the parameters' names and `xp` (numpy or torch): from arrays, or for an op of
    scope MODEL from lists with one array per parameter tensor. `infix` is the operator sign it is
    read and written with; `aliases` are other names that parse to it.
    """

    name: str
    params: tuple[Param, ...]
    infer: Callable[..., Type]
    expression: str
    doc: str
    infix: str | None = None
    commutative: bool = False
    scope: Scope = Scope.ELEMENT
    aliases: tuple[str, ...] = ()

    @property
    def arity(self) -> int:
        """Count the arguments, the optional ones included."""
        return len(self.params)

    @property
    def usage(self) -> str:
        """Return the call as a person would write it: `lerp(a, b, t)`."""
        return f"{self.name}({', '.join(p.name for p in self.params)})"


@dataclass(frozen=True, slots=True)
class Entry:
    """The function a program defines: its name, the inputs it may take, and what it returns.

    `inputs` maps a reserved parameter name to its type; those in `required` must be there. Every
    other parameter is a state of type `state` (`None`: there is no state). It returns one value
    of type `output`, then one of type `state` for each state, in the parameters' order. `vital`
    maps inputs without which a program is pointless to the words for them.
    """

    name: str
    inputs: Mapping[str, Type]
    required: tuple[str, ...]
    output: Type
    state: Type | None = None
    vital: Mapping[str, str] = field(default_factory=dict)

    def states(self, function: Function) -> tuple[str, ...]:
        """Return the function's state parameters in order."""
        return tuple(p for p in function.params if p not in self.inputs)

    def faults_in(self, function: Function) -> Fault | None:
        """Check name, parameters and the number of returns."""
        if function.name != self.name:
            return Fault(f"expected a function named `{self.name}`, found `{function.name}`")
        for name in self.required:
            if name not in function.params:
                return Fault(f"`{self.name}` must take `{name}`")
        states = self.states(function)
        if states and self.state is None:
            allowed = ", ".join(self.inputs)
            return Fault(f"`{self.name}` takes only {allowed}; found `{states[0]}`")
        if len(function.returns) != 1 + len(states):
            owed = ", ".join(["the result", *(f"the new `{s}`" for s in states)])
            return Fault(
                f"`{self.name}` must return {1 + len(states)} values ({owed}), "
                f"found {len(function.returns)}"
            )
        return None


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of program, complete: what `KIND` in a file under `kinds/` holds.

    `number` is the type of a literal, `constants` are names that stand for one, and `helpers` are
    the sources of functions over `xp` that the ops' expressions call. `probe` runs a checked
    program on fixed inputs and returns everything it computes as one float64 array, from which
    the fingerprint is made. `fresh` does the same on random inputs drawn from a generator, a
    second opinion on whether two programs are one.
    """

    name: str
    entry: Entry
    ops: Mapping[str, Op]
    number: Type
    probe: Callable[[Function, Kind], np.ndarray]
    constants: Mapping[str, float] = field(default_factory=dict)
    helpers: Mapping[str, str] = field(default_factory=dict)
    fresh: Callable[[Function, Kind, np.random.Generator], np.ndarray] | None = None

    def __post_init__(self) -> None:
        names: dict[str, str] = {}
        for op in self.ops.values():
            names.update(dict.fromkeys((op.name, *op.aliases), op.name))
        object.__setattr__(self, "_names", names)

    def op_named(self, name: str) -> Op | None:
        """Look an op up by its name or one of its aliases."""
        names: dict[str, str] = self._names  # type: ignore[attr-defined]
        return self.ops.get(names.get(name, ""))

    @property
    def reserved(self) -> frozenset[str]:
        """Return the names that no statement may bind."""
        names: dict[str, str] = self._names  # type: ignore[attr-defined]
        return frozenset((*names, self.entry.name))


def vocabulary(*groups: tuple[Op, ...]) -> dict[str, Op]:
    """Collect ops under their names; a name used twice is our own mistake."""
    ops: dict[str, Op] = {}
    for op in (op for group in groups for op in group):
        if op.name in ops:
            raise ValueError(f"the op `{op.name}` is defined twice")
        ops[op.name] = op
    return ops
