"""A program without what can be seen to be superfluous by looking, not by running.

Constants are folded, a value computed twice is computed once, what reaches no output is dropped, so
are helpers that are not called and inputs that are not read, and the outcome is tidy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from programs.folding import Folding, folded
from programs.genome import (
    CALL,
    Argument,
    Function,
    Genome,
    Named,
    Statement,
    base_of,
    is_anonymous,
)
from programs.idle import without_idle_arguments
from programs.inline import copies, operands
from programs.kind import Kind
from programs.tidy import tidy


def neat(genome: Genome, kind: Kind, fold: Folding = folded) -> Genome:
    """Return a checked genome without dead, repeated and constant statements.

    It computes the same to the last digit, unless `fold` gives other constants than `folded`.
    """
    functions = tuple(_merged(f, kind, fold) for f in genome.functions)
    genome = without_idle_arguments(replace(genome, functions=functions), kind, first=1)
    return tidy(genome.with_main(_without_idle_inputs(genome.main, kind)), kind)


def _merged(function: Function, kind: Kind, fold: Folding) -> Function:
    """Fold constants and let equal statements be one, but for those with weights of their own.

    A constant that was computed keeps the name that its value was given, and so does a value whose
    first statement gave it none.
    """
    now: dict[str, Argument] = {}
    named: dict[str, str] = {}
    known: dict[tuple[str, tuple[Argument, ...]], str] = {}
    body: list[Statement] = []
    for statement in function.body:
        args = tuple(_meant(a, now) for a in statement.args)
        if statement.function or kind.ops[statement.op].weighted:
            body.append(_once(statement.reading(args)))
            continue
        values = [a for a in args if isinstance(a, float)]
        constant = fold(statement.op, values, kind) if len(values) == len(args) else None
        key = (statement.op, args)
        if constant is not None:
            name = base_of(statement.target)
            now[statement.target] = Named(constant, name) if name else constant
        elif key in known:
            now[statement.target] = first = known[key]
            if is_anonymous(first) and not is_anonymous(statement.target):
                named.setdefault(first, statement.target)
        else:
            known[key] = statement.target
            body.append(statement.reading(args))
    returns = tuple(_meant(_meant(r, now), named) for r in function.returns)
    renamed = tuple(s.renamed(lambda name: named.get(name, name)) for s in body) if named else body
    return replace(function, body=tuple(renamed), returns=returns)


def _once(statement: Statement) -> Statement:
    """Turn a single copy into a call."""
    if not statement.function or statement.op == CALL or copies(statement) > 1:
        return statement
    return replace(statement, op=CALL, args=operands(statement))


def _meant(arg: Argument, now: Mapping[str, Argument]) -> Argument:
    return now.get(arg, arg) if isinstance(arg, str) else arg


def _without_idle_inputs(function: Function, kind: Kind) -> Function:
    entry, uses = kind.entry, function.uses()
    idle = {n for n in entry.inputs if n not in entry.required and not uses.get(n)}
    return replace(function, params=tuple(p for p in function.params if p not in idle))
