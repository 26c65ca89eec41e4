"""One flat function for a program of several: every helper's body in the place of its call.

All that looks at what a program computes (types, keys, probes, cost) looks at this form, so that
a helper and the same statements written out are one program. `repeat` becomes copies; `recur`
does too, but its later copies are *twins* of the first: they share its weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from programs.errors import Fault
from programs.genome import (
    CALL,
    RECUR,
    Argument,
    Function,
    Genome,
    Statement,
    base_of,
    is_anonymous,
)
from programs.recent import Recent

MAX_FLAT = 2_000
"""Statements that a program may have when it is written out."""

MAX_COPIES = 64


@dataclass(frozen=True, slots=True)
class Flat:
    """A program written out.

    `origins` holds, for each statement, its function and its target there. `twins` maps a target
    to the one whose weights it shares. `names` maps, for each function, the names of its first copy
    to what they are here; a function that is alone keeps its names.
    """

    function: Function
    origins: tuple[tuple[str, str], ...] = ()
    twins: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, Argument]] = field(default_factory=dict)


_RECENT: Recent[Genome, Flat | Fault] = Recent()


def inline(genome: Genome) -> Flat | Fault:
    """Write a program out as one function; the fault says what cannot be."""
    if len(genome.functions) == 1:
        return _too_long(genome.main, len(genome.main.body)) or Flat(genome.main)
    return _RECENT.of(genome, _written)


def _written(genome: Genome) -> Flat | Fault:
    return _faulty_call(genome) or _Writer(genome).flat()


def copies(statement: Statement) -> int:
    """Return how often a combinator applies its function."""
    return 1 if statement.op == CALL else int(statement.args[0])


def operands(statement: Statement) -> tuple[Argument, ...]:
    """Return the arguments that a combinator hands to its function."""
    return statement.args if statement.op == CALL else statement.args[1:]


def _faulty_call(genome: Genome) -> Fault | None:
    """Check names, numbers of arguments and the size of the whole, function by function."""
    sizes: dict[str, int] = {}
    arity = {f.name: len(f.params) for f in genome.helpers}
    for function in genome.functions:
        size = 0
        for statement in function.body:
            if not statement.function:
                size += 1
                continue
            if statement.function not in sizes:
                return Fault(f"`{statement.function}` is called before it is defined")
            fault = _faulty_arguments(statement, arity[statement.function])
            if fault is not None:
                return fault
            # A helper without statements costs time all the same, once for each of its copies.
            size += copies(statement) * max(1, sizes[statement.function])
        if (fault := _too_long(function, size)) is not None:
            return fault
        sizes[function.name] = size
    return None


def _too_long(function: Function, size: int) -> Fault | None:
    if size <= MAX_FLAT:
        return None
    return Fault(f"`{function.name}` written out has {size:,} statements; at most {MAX_FLAT:,} fit")


def _faulty_arguments(statement: Statement, arity: int) -> Fault | None:
    if statement.op != CALL:
        number = statement.args[0]
        if isinstance(number, str) or not 1 <= number <= MAX_COPIES or number != int(number):
            return Fault(
                f"`{statement.op}` expects a whole number of copies from 1 to {MAX_COPIES}"
            )
    found = len(operands(statement))
    if found != arity:
        return Fault(f"`{statement.function}` takes {arity} arguments, found {found}")
    return None


class _Writer:
    """Write the entry function out, statement by statement."""

    def __init__(self, genome: Genome) -> None:
        self.main = genome.main
        self.helpers = {f.name: f for f in genome.helpers}
        self.body: list[Statement] = []
        self.origins: list[tuple[str, str]] = []
        self.twins: dict[str, str] = {}
        self.names: dict[str, dict[str, Argument]] = {}

    def flat(self) -> Flat:
        known: dict[str, Argument] = {p: p for p in self.main.params}
        self.write(self.main, known)
        returns = tuple(_resolve(r, known) for r in self.main.returns)
        function = Function(self.main.name, self.main.params, tuple(self.body), returns)
        return Flat(function, tuple(self.origins), self.twins, self.names)

    def write(self, function: Function, known: dict[str, Argument]) -> None:
        """Append the function's statements; `known` maps its names to what they are here."""
        entry = function is self.main
        self.names.setdefault(function.name, known)
        for statement in function.body:
            args = tuple(_resolve(a, known) for a in statement.args)
            if statement.function:
                start = len(self.body)
                value = self.apply(statement.reading(args))
                # A helper that hands its argument on has made nothing that could be named.
                if len(self.body) > start:
                    value = self.named(value, base_of(statement.target))
                known[statement.target] = value
                continue
            target = statement.target
            if not entry:
                target = f"{base_of(target)}.x{len(self.body)}"
            known[statement.target] = target
            self.body.append(Statement(target, statement.op, args))
            self.origins.append((function.name, statement.target))

    def apply(self, statement: Statement) -> Argument:
        """Write out one combinator; give back the name of its value."""
        function = self.helpers[statement.function]
        args = operands(statement)
        first: list[Statement] = []
        for _ in range(copies(statement)):
            start = len(self.body)
            known = dict(zip(function.params, args, strict=True))
            self.write(function, known)
            args = (_resolve(function.returns[0], known), *args[1:])
            if statement.op == RECUR and first:
                self.share(first, self.body[start:])
            first = first or self.body[start:]
        return args[0]

    def named(self, value: Argument, base: str) -> Argument:
        """Give a helper's nameless result the name that its caller has for it."""
        last = self.body[-1]
        if not base or value != last.target or not is_anonymous(last.target):
            return value
        if last.target in self.twins:
            return value
        new = f"{base}{last.target}"
        self.body[-1] = last.bound_to(new)
        for known in self.names.values():
            known.update((n, new) for n, v in known.items() if v == last.target)
        return new

    def share(self, first: list[Statement], again: list[Statement]) -> None:
        for one, other in zip(first, again, strict=True):
            self.twins[other.target] = self.twins.get(one.target, one.target)


def _resolve(arg: Argument, known: Mapping[str, Argument]) -> Argument:
    return known.get(arg, arg) if isinstance(arg, str) else arg
