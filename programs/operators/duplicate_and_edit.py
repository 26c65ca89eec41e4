"""Duplicate and edit: compute a value a second time, a little differently.

Where several places read the value, some of them read the changed copy: one average becomes two
with other constants. Where one place reads it, the copy is applied on top of the original. Gene
duplication followed by divergence is how new functions arise in nature (Ohno 1970).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from programs.edits import first_free, redirected
from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement, base_of
from programs.kind import Kind
from programs.operator import (
    MAX_STATEMENTS,
    Site,
    attempt,
    nudged,
    random_argument,
    random_value,
)


class DuplicateAndEdit:
    """Add a changed copy of one statement."""

    name = "duplicate-and-edit"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with one statement more."""
        if parents[0].size >= MAX_STATEMENTS:
            return Fault(f"the program already has {MAX_STATEMENTS} statements")
        return attempt(_duplicate, parents[0], kind, rng)


def _duplicate(site: Site, rng: np.random.Generator) -> Function | Fault:
    function = site.function
    if not function.body:
        return Fault("there is no statement to duplicate")
    place = int(rng.integers(len(function.body)))
    original = function.body[place]
    values = site.values(original)
    if not values:
        return Fault(f"`{original.op}` takes no value")
    target = f"{base_of(original.target)}.{first_free(function)}"
    args = list(original.args)
    which = values[rng.integers(len(values))][0]
    readers = function.uses()[original.target]
    if readers < 2:
        args[which] = original.target
    else:
        which = int(rng.integers(len(args)))
        args[which] = _edited(original, which, site, place, rng)
    copy = Statement(target, original.op, tuple(args), original.function)
    if copy.args == original.args:
        return Fault("the copy is the original")
    after = redirected(function, place + 1, original.target, target, [copy])
    if readers < 2:
        return after
    return _returned_in_part(function, after, place, original.target, rng)


def _edited(
    statement: Statement, which: int, site: Site, place: int, rng: np.random.Generator
) -> Argument:
    arg, names = statement.args[which], site.names(place)
    if which not in [i for i, _ in site.values(statement)]:
        if statement.function:
            return arg
        return random_argument(site.kind.ops[statement.op].params[which], names, rng)
    if isinstance(arg, float) and arg != 0:
        return nudged(arg, rng)
    return random_value(names, rng)


def _returned_in_part(
    before: Function, after: Function, place: int, name: str, rng: np.random.Generator
) -> Function:
    """Let some of the readers that were redirected read the original again, but not all."""
    old = [*(s.args for s in before.body[place + 1 :]), before.returns]
    new = [*(s.args for s in after.body[place + 2 :]), after.returns]
    readers = [
        (row, column) for row, args in enumerate(old) for column, a in enumerate(args) if a == name
    ]
    keep = {readers[i] for i in rng.choice(len(readers), rng.integers(1, len(readers)), False)}
    mixed = [
        tuple(o if (row, column) in keep else n for column, (o, n) in enumerate(pair))
        for row, pair in enumerate(zip(o, n, strict=True) for o, n in zip(old, new, strict=True))
    ]
    tail = [s.reading(a) for s, a in zip(after.body[place + 2 :], mixed, strict=False)]
    return replace(after, body=(*after.body[: place + 2], *tail), returns=mixed[-1])


OPERATOR = DuplicateAndEdit()
