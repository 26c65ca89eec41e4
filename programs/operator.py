"""A search operator turns parents into a child, or says why it did nothing.

Operator     what a file under `operators/` defines as `OPERATOR`
Edit         a proposal for the entry function's new body, before it is checked
attempt      draw edits until one type-checks, as Lion mutates "again until the child is valid"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from programs.check import check, infer, without_dead_code
from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement
from programs.kind import Kind, Type
from programs.plugins import Plugins
from programs.tidy import tidy

OPERATORS = Plugins(sort="operator", package="programs.operators", constant="OPERATOR")

ATTEMPTS = 50
MAX_STATEMENTS = 40
CONSTANT_SHARE = 0.2
"""How often a random argument is a fresh constant instead of a name."""


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


Edit = Callable[[Function, Kind, np.random.Generator], Function | Fault]


def attempt(edit: Edit, parent: Genome, kind: Kind, rng: np.random.Generator) -> Genome | Fault:
    """Draw edits of the parent's entry function until a child type-checks; give its live part."""
    fault = Fault("no attempt was made")
    for _ in range(ATTEMPTS):
        edited = edit(parent.main, kind, rng)
        if isinstance(edited, Fault):
            fault = edited
            continue
        child = replace(parent.with_main(edited), doc="")
        found = check(child, kind)
        if not isinstance(found, Fault):
            return tidy(without_dead_code(child, kind), kind)
        fault = found
    return fault


def random_constant(rng: np.random.Generator) -> float:
    """Draw a constant from the standard normal distribution, to four digits."""
    return short(rng.normal())


def short(value: float) -> float:
    """Round a constant to the four digits that are written."""
    return float(f"{value:.4g}")


def random_argument(names: Sequence[str], rng: np.random.Generator) -> Argument:
    """Draw a bound name, or now and then a fresh constant."""
    if not names or rng.random() < CONSTANT_SHARE:
        return random_constant(rng)
    return names[int(rng.integers(len(names)))]


def types_before(function: Function, place: int, kind: Kind) -> dict[str, Type]:
    """Return the types of all names bound before statement `place` of a checked function."""
    entry = kind.entry
    types: dict[str, Type] = {p: entry.inputs.get(p, entry.state) for p in function.params}
    for statement in function.body[:place]:
        types[statement.target] = infer(statement, types, kind)
    return types


def substituted(statements: Sequence[Statement], old: str, new: Argument) -> list[Statement]:
    """Return the statements reading `new` wherever they read `old`."""
    return [s.reading(tuple(new if a == old else a for a in s.args)) for s in statements]


def returns_with(function: Function, old: str, new: Argument) -> tuple[Argument, ...]:
    """Return the function's returns with one name replaced."""
    return tuple(new if r == old else r for r in function.returns)
