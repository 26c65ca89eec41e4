"""Delete: take a random statement out; its readers see what was there before.

Lion's second mutation (Chen et al. 2023, §2.1). What was there before is the name's earlier
binding where it has one, else one of the statement's own arguments.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement, base_of, is_anonymous
from programs.kind import Kind
from programs.operator import Site, attempt, returns_with, substituted


class Delete:
    """Remove one statement."""

    name = "delete"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent without one of its statements."""
        return attempt(_delete, parents[0], kind, rng)


def _delete(site: Site, rng: np.random.Generator) -> Function | Fault:
    function = site.function
    if not function.body:
        return Fault("there is no statement to delete")
    place = int(rng.integers(len(function.body)))
    gone = function.body[place]
    heirs = _earlier_bindings(function, place) or [a for _, a in site.values(gone)]
    if not heirs:
        return Fault(f"nothing can stand in for `{gone.op}`")
    heir: Argument = heirs[rng.integers(len(heirs))]
    after = substituted(function.body[place + 1 :], gone.target, heir)
    return Function(
        function.name,
        function.params,
        (*function.body[:place], *after),
        returns_with(function, gone.target, heir),
    )


def _earlier_bindings(function: Function, place: int) -> list[Argument]:
    gone: Statement = function.body[place]
    if is_anonymous(gone.target):
        return []
    base = base_of(gone.target)
    for name in reversed(function.bound(place)):
        if base_of(name) == base:
            return [name]
    return []


OPERATOR = Delete()
