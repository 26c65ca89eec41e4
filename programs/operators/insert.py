"""Insert: compute one more value at a random place and let it stand in for an existing one.

Lion's first mutation (Chen et al. 2023, §2.1): a random function of random arguments, assigned to
an existing variable, whose later readers see the new value. Half of the insertions read the value
that they replace, which wraps it instead of throwing it away.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from programs.check import infer
from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement, base_of
from programs.kind import Kind
from programs.operator import (
    MAX_STATEMENTS,
    Site,
    attempt,
    random_statement,
    returns_with,
    substituted,
)

WRAP_SHARE = 0.5


class Insert:
    """Add one statement."""

    name = "insert"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with one more statement."""
        if parents[0].size >= MAX_STATEMENTS:
            return Fault(f"the program already has {MAX_STATEMENTS} statements")
        return attempt(_insert, parents[0], kind, rng)


def _insert(site: Site, rng: np.random.Generator) -> Function | Fault:
    function = site.function
    place = int(rng.integers(len(function.body) + 1))
    read = _read_from(function, place)
    ordered = sorted([n for n in site.names(place) if n in read])
    if not ordered:
        return Fault("nothing bound before that place is read after it")
    old = ordered[rng.integers(len(ordered))]
    target = f"{base_of(old)}.{len(function.body) + 10_000}"
    statement = random_statement(site, place, target, rng)
    if rng.random() < WRAP_SHARE:
        statement = _wrapping(statement, old, site, rng)
    if not statement.function:
        found = infer(statement, site.types, site.kind)
        if isinstance(found, Fault):
            return found
    after = substituted(function.body[place:], old, target)
    return Function(
        function.name,
        function.params,
        (*function.body[:place], statement, *after),
        returns_with(function, old, target),
    )


def _wrapping(statement: Statement, name: str, site: Site, rng: np.random.Generator) -> Statement:
    """Let one of the arguments be the value that the statement replaces."""
    places = [place for place, _ in site.values(statement)]
    if not places:
        return statement
    args = list(statement.args)
    args[places[rng.integers(len(places))]] = name
    return statement.reading(tuple(args))


def _read_from(function: Function, place: int) -> set[Argument]:
    read = set(function.returns)
    for statement in function.body[place:]:
        read.update(statement.args)
    return read


OPERATOR = Insert()
