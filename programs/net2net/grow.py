"""Draw changes until one leaves what a network computes as it was."""

from __future__ import annotations

from collections.abc import Iterable

from programs.check import Typed, check, checked, without_dead_code
from programs.errors import Fault
from programs.genome import Function, Genome, Statement
from programs.kind import Kind
from programs.kinds.networks.plan import recipe_of
from programs.net2net.plan import planned
from programs.operator import MAX_STATEMENTS
from programs.tidy import tidy


def weighted(parent: Genome, kind: Kind) -> Typed | Fault:
    """Check a parent; refuse a kind whose programs have no weights to hand on."""
    if kind.weighted and "linear" in kind.ops:
        return checked(parent, kind)
    return Fault(f"a program of kind {kind.name} has no weights, so there is nothing to inherit")


def preserving(
    parent: Genome, typed: Typed, edits: Iterable[Function | Fault], nothing: str
) -> Genome | Fault:
    """Return the parent with the first edit that keeps what it computes.

    `typed` is the parent, checked; `nothing` begins the sentence for there being no such edit.
    """
    why = Fault("it has no layer of that sort")
    source = recipe_of(typed)
    for edited in edits:
        if isinstance(edited, Fault):
            why = edited
            continue
        child = tidy(without_dead_code(parent.with_function(edited), typed.kind), typed.kind)
        if child.size > MAX_STATEMENTS:
            why = Fault(f"the child would have more than {MAX_STATEMENTS} statements")
            continue
        after = check(child, typed.kind)
        found = after if isinstance(after, Fault) else planned(typed, source, after)
        if not isinstance(found, Fault):
            return child
        why = found
    return Fault(f"{nothing}: {why.message}")


def called(target: str, op: str, kind: Kind, *values: str) -> Statement:
    """Return a call of an op on values, with its attributes' defaults."""
    given = iter(values)
    args = [next(given) if p.attribute is None else p.default for p in kind.ops[op].params]
    return Statement(target, op, tuple(a for a in args if a is not None))
