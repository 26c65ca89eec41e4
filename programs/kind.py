"""A kind of program: its vocabulary, its entry function and what goes in and out of it.

    Attribute   what a literal argument may be
    Param       one argument of a vocabulary function
    Op          one vocabulary function: its arguments, its typing rule, what it computes
    Entry       the function every program of the kind defines
    Kind        all of these under one name

A type is any hashable value with a readable `str`; only the kind's own rules look inside it. What
an op computes is written once, as an expression over `xp`, from which the probes (numpy), the
training loop (torch) and the exported file (torch, as text) are all derived.

The inputs' types may depend on the task (an architecture's do). Such a kind has `settings`: the
entries that a program may be meant for. `kind.at(entry)` is the kind with one of them chosen.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from programs.errors import Fault
from programs.genome import COMBINATORS, Argument, Function, Genome
from programs.recent import Recent
from programs.unreturned import unreturned

if TYPE_CHECKING:
    import numpy as np

Type = Hashable


class TypeMismatch(Exception):
    """Raise inside a typing rule, with the sentence that `check` puts into a `Fault`."""


class WrongSort(TypeMismatch):
    """Raise where a value is of a sort that the function never takes, whatever its size."""


class Unprobed(Exception):
    """Raise inside a probe that cannot run a program, with the sentence that says why."""


class Scope(Enum):
    """How far an op looks: at single elements, at one parameter tensor, or at all of them."""

    ELEMENT = "element"
    TENSOR = "tensor"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A literal from `least` to `most`, whole numbers only unless `whole` is off.

    `usual` are the values that search draws from.
    """

    least: float
    most: float
    usual: tuple[float, ...]
    whole: bool = True

    def admits(self, value: object) -> bool:
        """Tell whether a value may stand here."""
        if not isinstance(value, int | float) or not self.least <= value <= self.most:
            return False
        return not self.whole or value == int(value)

    def __str__(self) -> str:
        return f"a {'whole ' if self.whole else ''}number from {self.least:g} to {self.most:g}"


@dataclass(frozen=True, slots=True)
class Param:
    """An argument of an op; one with a default may be left out or given by keyword.

    With an `attribute` it takes only literals, and the typing rule gets the number itself;
    `keyword` says that it is written with its name.
    """

    name: str
    default: float | None = None
    attribute: Attribute | None = None
    keyword: bool = False


Idle = Callable[[Mapping[str, Argument]], bool]


@dataclass(frozen=True, slots=True)
class Op:
    """A vocabulary function.

    `infer` maps the arguments' types to the result's type or raises `TypeMismatch`. `expression`
    computes it from the parameters' names and `xp` (numpy or torch): from arrays, or for an op of
    scope MODEL from lists with one array per parameter tensor. `infix` is the operator sign it is
    read and written with; `aliases` are other names that parse to it, and after the first `alike`
    arguments these mean another order elsewhere, so that the rest must be named; `weighted` says
    that every call has trained weights of its own. `idle` names attributes with a rule that tells
    from all arguments by name whether this one says no more than its default: it is asked in kinds
    that have weights, where attributes decide on them.
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
    alike: int | None = None
    weighted: bool = False
    idle: tuple[tuple[str, Idle], ...] = ()

    def plain(self, args: Sequence[Argument]) -> Sequence[Argument]:
        """Return a call's arguments, with the default in place of each attribute that is idle."""
        if not self.idle:
            return args
        given = dict(zip((p.name for p in self.params), args, strict=True))
        defaults = {p.name: p.default for p in self.params if p.default is not None}
        for name, says_nothing in self.idle:
            if says_nothing(given):
                given[name] = defaults[name]
        return tuple(given.values())

    @property
    def arity(self) -> int:
        """Count the arguments, the optional ones included."""
        return len(self.params)

    def by_place(self, name: str) -> int:
        """Count the arguments that may be given without their names in a call by this name."""
        return self.alike if self.alike and name in self.aliases else self.arity

    @property
    def usage(self) -> str:
        """Return the call as a person would write it: `lerp(a, b, t)`."""
        shown = (
            f"{p.name}={p.default:g}" if p.keyword and p.default is not None else p.name
            for p in self.params
        )
        return f"{self.name}({', '.join(shown)})"


@dataclass(frozen=True, slots=True)
class Entry:
    """The function a program defines: its name, the inputs it may take, and what it returns.

    `inputs` maps a reserved parameter name to its type; those in `required` must be there. Every
    other parameter is a state of type `state` (`None`: there is no state). It returns one value
    that `fits` `output`, then one of type `state` for each state, in the parameters' order.
    `vital` maps inputs without which a program is pointless to the words for them.
    """

    name: str
    inputs: Mapping[str, Type]
    required: tuple[str, ...]
    output: Type
    state: Type | None = None
    vital: Mapping[str, str] = field(default_factory=dict)
    fits: Callable[[Type, Type], bool] = operator.eq

    def states(self, function: Function) -> tuple[str, ...]:
        """Return the function's state parameters in order."""
        return tuple([p for p in function.params if p not in self.inputs])

    def signature(self, params: Sequence[str]) -> str:
        """Return the head of a definition with these parameters, as far as they are legal.

        The first that are no inputs take the names of inputs that must be there and are not.
        """
        missing = [n for n in self.required if n not in params]
        others = [p for p in params if p not in self.inputs]
        added = missing[: max(len(missing) - len(others), 0)]
        new = dict(zip(others, missing[len(added) :], strict=False))
        kept = [p for p in params if self.state is not None or p in new or p in self.inputs]
        shown = [*added, *(new.get(p, p) for p in kept)]
        return f"def {self.name}({', '.join(shown)})"

    def faults_in(self, function: Function) -> Fault | None:
        """Check name, parameters and the number of returns."""
        if function.name != self.name:
            return Fault(f"expected a function named `{self.name}`, found `{function.name}`")
        missing = [f"`{n}`" for n in self.required if n not in function.params]
        if missing:
            nearest = self.signature(function.params)
            return Fault(f"`{self.name}` must take {' and '.join(missing)}", nearest=nearest)
        states = self.states(function)
        if states and self.state is None:
            allowed = ", ".join(self.inputs)
            found = f"`{self.name}` takes only {allowed}; found `{states[0]}`"
            return Fault(found, nearest=self.signature(function.params))
        if len(function.returns) != 1 + len(states):
            return unreturned(self.name, tuple(self.inputs), states, function)
        return None


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of program, complete: what `KIND` in a file under `kinds/` holds.

    `number` is the type of a literal, `constants` are names that stand for one, and `helpers` are
    the sources of functions over `xp` that the ops' expressions call. `probe` runs a checked
    program on fixed inputs and returns everything it computes as one float64 array, from which
    the fingerprint is made. `fresh` does the same on random inputs drawn from a generator, a
    second opinion on whether two programs are one. Both raise `Unprobed` where a program cannot be
    run. `motifs` says that helper functions stay; elsewhere they are written out as they are read.
    `settings` are the entries that a program may be meant for, `uncommon` those that its numbers
    ask for where it fits none of these. `proxies` are training-free scores that cost next to
    nothing: what foretells a checked program's worth without running it. `agreement` makes of a
    program a score for others: how much they do as it does in use, 1 where there is no difference.
    """

    name: str
    entry: Entry
    ops: Mapping[str, Op]
    number: Type
    probe: Callable[[Genome, Kind], np.ndarray]
    constants: Mapping[str, float] = field(default_factory=dict)
    helpers: Mapping[str, str] = field(default_factory=dict)
    fresh: Callable[[Genome, Kind, np.random.Generator], np.ndarray] | None = None
    motifs: bool = False
    settings: Callable[[Genome], Iterable[Entry]] | None = None
    uncommon: Callable[[Genome], Iterable[Entry]] | None = None
    proxies: Callable[[Genome, Kind], Mapping[str, float]] | None = None
    agreement: Callable[[Genome, Kind, np.random.Generator], Callable[[Genome], float]] | None = (
        None
    )

    def at(self, entry: Entry) -> Kind:
        """Return the kind with the types of its inputs settled.

        What was worked out about the vocabulary, typing included, is shared with the new kind.
        """
        settled = replace(self, entry=entry, settings=None, uncommon=None)
        settled.__dict__.update((name, getattr(self, name)) for name in _OF_THE_VOCABULARY)
        return settled

    def op_named(self, name: str) -> Op | None:
        """Look an op up by its name or one of its aliases."""
        return self.ops.get(self.names.get(name, ""))

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Map every name and alias of an op to the op's name."""
        return {n: op.name for op in self.ops.values() for n in (op.name, *op.aliases)}

    @cached_property
    def reserved(self) -> frozenset[str]:
        """Return the names that no statement may bind: not the entry's, which nothing can call."""
        return frozenset((*self.names, *COMBINATORS))

    @cached_property
    def choices(self) -> tuple[Op, ...]:
        """Return the ops in a row, for drawing one."""
        return tuple(self.ops.values())

    @cached_property
    def literals(self) -> frozenset[str]:
        """Return the names of the ops that take attributes."""
        return frozenset(n for n, op in self.ops.items() if any(p.attribute for p in op.params))

    @cached_property
    def commutative(self) -> frozenset[str]:
        """Return the names of the ops whose arguments may change places."""
        return frozenset(n for n, op in self.ops.items() if op.commutative)

    @cached_property
    def weighted(self) -> bool:
        """Tell whether any op has weights."""
        return any(op.weighted for op in self.ops.values())

    @cached_property
    def inferred(self) -> dict[tuple[Hashable, ...], Type | Fault]:
        """Remember what typing rules said: `(op, *types)` to the result or the fault."""
        return {}

    @cached_property
    def graphs(self) -> Recent[Function, object]:
        """Remember the normal forms of the last few programs with weights.

        Kinds with one vocabulary share them: they differ in the types of their inputs, of which no
        node of a normal form knows.
        """
        return Recent()

    @cached_property
    def costs(self) -> dict[tuple[Hashable, ...], object]:
        """Remember what ops with weights cost: `(op, *types)` to what their kind makes of it."""
        return {}

    @cached_property
    def checks(self) -> dict[int, tuple[Genome, object]]:
        """Remember by its id what `check` found in a genome that is looked at again and again."""
        return {}

    @cached_property
    def behaviours(self) -> dict[str, object]:
        """Remember what programs did on the probes, by their structural keys."""
        return {}

    @cached_property
    def judged(self) -> dict[int, tuple[np.ndarray, object]]:
        """Remember by its id what an array of outputs was found to be."""
        return {}


_OF_THE_VOCABULARY = (
    "names",
    "reserved",
    "choices",
    "literals",
    "commutative",
    "weighted",
    "inferred",
    "graphs",
    "costs",
)


def vocabulary(*groups: tuple[Op, ...]) -> dict[str, Op]:
    """Collect ops under their names; a name used twice is our own mistake."""
    ops: dict[str, Op] = {}
    for op in (op for group in groups for op in group):
        if op.name in ops:
            raise ValueError(f"the op `{op.name}` is defined twice")
        ops[op.name] = op
    return ops
