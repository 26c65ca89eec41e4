"""Unroll: write `repeat(f, 2, x)` as `f(f(x))`.

Each copy of a `repeat` has weights of its own, so the program does what it did before, but now the
copies have places between them and can be inlined and changed one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from programs.edits import first_free
from programs.errors import Fault
from programs.genome import CALL, REPEAT, Argument, Function, Genome, Statement
from programs.inline import copies, operands
from programs.kind import Kind
from programs.operator import MAX_STATEMENTS
from programs.tidy import tidy

MOST = 4
"""Copies up to which a `repeat` is written out."""


class Unroll:
    """Replace a `repeat` by calls."""

    name = "unroll"
    arity = 1

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the parent with one `repeat` less."""
        (parent,) = parents
        places = [
            (f, i)
            for f in parent.functions
            for i, s in enumerate(f.body)
            if s.op == REPEAT and copies(s) <= MOST
        ]
        if not places:
            return Fault(f"the program has no `repeat` of at most {MOST} copies")
        function, place = places[rng.integers(len(places))]
        child = tidy(parent.with_function(_unrolled(function, place)), kind)
        if child.size > MAX_STATEMENTS:
            return Fault(f"the child would have more than {MAX_STATEMENTS} statements")
        return child


def _unrolled(function: Function, place: int) -> Function:
    statement = function.body[place]
    value: Argument
    value, *others = operands(statement)
    number, count = first_free(function), copies(statement)
    calls = []
    for copy in range(count):
        target = statement.target if copy == count - 1 else f".{number + copy}"
        calls.append(Statement(target, CALL, (value, *others), statement.function))
        value = target
    return replace(function, body=(*function.body[:place], *calls, *function.body[place + 1 :]))


OPERATOR = Unroll()
