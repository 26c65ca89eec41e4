"""A program's helpers without the arguments that they do not read, so that nothing makes these.

Where helpers are written out, what reaches no result is gone. Where they are kept, in a simplified
program or an exported file, what they are given and leave unread has to go from their parameters.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from programs.check import without_dead_code
from programs.genome import CALL, Function, Genome, Statement
from programs.inline import operands
from programs.kind import Kind

T = TypeVar("T")


def without_idle_arguments(genome: Genome, kind: Kind, first: int = 0) -> Genome:
    """Return the genome with only what reaches the result.

    Parameters before the place `first` stay: 1 keeps what `repeat` hands on, so all its copies.
    """
    genome = without_dead_code(genome, kind)
    # A helper calls those before it, so what it gives them may be idle once they are seen to.
    for name in [h.name for h in genome.helpers]:
        helper = next((h for h in genome.helpers if h.name == name), None)
        idle = _idle(helper, first) if helper else frozenset()
        if helper and idle:
            functions = tuple(_without(f, helper, idle) for f in genome.functions)
            genome = without_dead_code(replace(genome, functions=functions), kind)
    return genome


def _idle(helper: Function, first: int) -> frozenset[int]:
    """Return the places of the parameters that a helper does not read."""
    uses = helper.uses()
    return frozenset(i for i, p in enumerate(helper.params) if i >= first and not uses[p])


def _without(function: Function, helper: Function, idle: frozenset[int]) -> Function:
    """Drop a helper's parameters, or the arguments for them in another function."""
    if function is helper:
        return replace(function, params=_kept(function.params, idle))
    return replace(function, body=tuple(_cut(s, helper, idle) for s in function.body))


def _cut(statement: Statement, helper: Function, idle: frozenset[int]) -> Statement:
    if statement.function != helper.name:
        return statement
    args = _kept(operands(statement), idle)
    if statement.op == CALL:
        return statement.reading(args)
    if 0 in idle:
        # What one copy gives to the next is not read: the last is all there is.
        return replace(statement, op=CALL, args=args)
    return statement.reading((statement.args[0], *args))


def _kept(values: tuple[T, ...], idle: frozenset[int]) -> tuple[T, ...]:
    return tuple(v for i, v in enumerate(values) if i not in idle)
