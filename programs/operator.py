"""A search operator turns parents into a child, or says why it did nothing.

Operator     what a file under `operators/` defines as `OPERATOR`
Site         the function to change, with what may be used in it
Edit         a proposal for that function, before it is checked
attempt      draw edits until one type-checks, as Lion mutates "again until the child is valid"
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

import numpy as np

from programs.check import (
    Typed,
    Types,
    check,
    checked,
    found_in,
    rechecked,
    without_dead_code,
)
from programs.errors import Fault
from programs.genome import CALL, Argument, Function, Genome, Statement, named_as
from programs.inline import Flat
from programs.kind import Kind, Op, Param, Type
from programs.numbers import MAX_CONSTANT
from programs.plugins import Plugins
from programs.tidy import tidy, tidy_alone

OPERATORS = Plugins(sort="operator", package="programs.operators", constant="OPERATOR")

ATTEMPTS = 50
MAX_STATEMENTS = 40
CONSTANT_SHARE = 0.2
"""How often a random argument is a fresh constant instead of a name."""

CALL_SHARE = 0.1
"""How often a random statement applies a helper, where there is one."""


UNCHANGED = Fault("the edit leaves the program as it was")
"""Why a child is refused that is its parent again."""

USUAL = ("insert", "delete", "modify")
"""The mutations of Lion (Chen et al. 2023), which suit straight-line arithmetic."""


class Operator(Protocol):
    """Make a child of `arity` parents; the child type-checks and is tidy.

    A `Fault` is the reason why the operator does not apply to these parents.
    """

    name: str
    arity: int

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return a child, or the reason for none."""
        ...


def usual_operators(kind: Kind, names: Sequence[str] = ()) -> list[Operator]:
    """Return the operators named, or those usual for a kind: all where programs have weights."""
    named = names or (OPERATORS.names() if kind.weighted else USUAL)
    return [OPERATORS.find(name) for name in named]


@dataclass(frozen=True, slots=True)
class Site:
    """A function to edit: the types of its names, and the helpers it may call by arity."""

    function: Function
    types: Types
    kind: Kind
    helpers: dict[str, int]

    def values(self, statement: Statement) -> list[tuple[int, Argument]]:
        """Return a statement's arguments with their places, without attributes and copy counts."""
        args = list(enumerate(statement.args))
        if statement.function:
            return args[0 if statement.op == CALL else 1 :]
        params = self.kind.ops[statement.op].params
        return [(i, a) for i, a in args if params[i].attribute is None]

    def types_before(self, place: int) -> dict[str, Type]:
        """Return the types of the names bound before statement `place`."""
        return {name: self.types[name] for name in self.function.bound(place)}

    def names(self, place: int) -> tuple[str, ...]:
        """Return the names bound before statement `place`."""
        return self.function.bound(place)


Edit = Callable[[Site, np.random.Generator], Function | Fault]


def attempt(edit: Edit, parent: Genome, kind: Kind, rng: np.random.Generator) -> Genome | Fault:
    """Draw edits of the parent's functions until a child type-checks; give its live part.

    A function is drawn in proportion to its length. Where the kind leaves the types of its inputs
    open, the child is meant for the same setting as the parent. An edit may leave the program as it
    was, by what is dead in it or by its names alone: then it is drawn again.
    """
    typed = checked(parent, kind)
    if isinstance(typed, Fault):
        return typed
    sites = _sites(parent, typed)
    ends = list(accumulate([1 + len(s.function.body) for s in sites]))
    fault = Fault("no attempt was made")
    alone = not parent.helpers and kind.settings is None
    for _ in range(ATTEMPTS):
        site = sites[bisect_right(ends, rng.integers(ends[-1]))]
        edited = edit(site, rng)
        if isinstance(edited, Fault):
            fault = edited
            continue
        if alone:
            found = rechecked(edited, typed)
            if isinstance(found, Typed):
                found = _tidied(without_dead_code(Genome((edited,)), kind), kind, found)
        else:
            child = Genome(parent.with_function(edited).functions)
            found = check(child, typed.kind, typed)
            if isinstance(found, Typed):
                found = tidy(without_dead_code(child, kind), kind)
        if isinstance(found, Genome) and found.functions != parent.functions:
            return found
        fault = found if isinstance(found, Fault) else UNCHANGED
    return fault


def _tidied(genome: Genome, kind: Kind, typed: Typed) -> Genome:
    """Tidy a child of one function; what is known of its types is known under their new names."""
    function, targets = tidy_alone(genome.main, kind)
    type_of, params = typed.types.__getitem__, function.params
    types = dict(zip(params, map(type_of, params), strict=True))
    types.update(zip([s.target for s in function.body], map(type_of, targets), strict=True))
    child = Genome((function,), genome.doc)
    found_in(child, kind, Typed(kind, Flat(function), types))
    return child


def _sites(parent: Genome, typed: Typed) -> list[Site]:
    sites = []
    helpers: dict[str, int] = {}
    for function in parent.functions:
        types = typed.within(function)
        if types is not None:
            sites.append(Site(function, types, typed.kind, dict(helpers)))
        helpers[function.name] = len(function.params)
    return sites


def random_statement(site: Site, place: int, target: str, rng: np.random.Generator) -> Statement:
    """Draw a call of a random op, or now and then of a helper, with random arguments."""
    names = site.names(place)
    if site.helpers and rng.random() < CALL_SHARE:
        function = list(site.helpers)[rng.integers(len(site.helpers))]
        given = [names[rng.integers(len(names))] for _ in range(site.helpers[function])]
        return Statement(target, CALL, tuple(given), function)
    ops = site.kind.choices
    op = ops[rng.integers(len(ops))]
    return Statement(target, op.name, random_arguments(op, names, rng))


def random_arguments(
    op: Op, names: Sequence[str], rng: np.random.Generator
) -> tuple[Argument, ...]:
    """Draw an argument for each parameter of an op."""
    return tuple([random_argument(p, names, rng) for p in op.params])


def random_argument(param: Param, names: Sequence[str], rng: np.random.Generator) -> Argument:
    """Draw a bound name, now and then a fresh constant; for an attribute one of its values."""
    if param.attribute:
        usual = param.attribute.usual
        if param.default is not None and rng.random() < CONSTANT_SHARE:
            return param.default
        return float(usual[rng.integers(len(usual))])
    return random_value(names, rng)


def random_value(names: Sequence[str], rng: np.random.Generator) -> Argument:
    """Draw a bound name, now and then a fresh constant."""
    if not names or rng.random() < CONSTANT_SHARE:
        return random_constant(rng)
    return names[int(rng.integers(len(names)))]


def random_constant(rng: np.random.Generator) -> float:
    """Draw a constant from the standard normal distribution, to four digits."""
    return short(rng.normal())


def nudged(value: float, rng: np.random.Generator) -> float:
    """Multiply a constant by 2^a, a drawn from N(0, 1); it keeps its name."""
    new = min(max(value * 2.0 ** rng.normal(), -MAX_CONSTANT), MAX_CONSTANT)
    return named_as(value, short(new))


def short(value: float) -> float:
    """Round a constant to the four digits that are written."""
    return float(f"{value:.4g}")


def substituted(statements: Sequence[Statement], old: str, new: Argument) -> list[Statement]:
    """Return the statements reading `new` wherever they read `old`."""
    return [
        s.reading(tuple([new if a == old else a for a in s.args])) if old in s.args else s
        for s in statements
    ]


def returns_with(function: Function, old: str, new: Argument) -> tuple[Argument, ...]:
    """Return the function's returns with one name replaced."""
    return tuple([new if r == old else r for r in function.returns])
