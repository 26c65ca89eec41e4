"""A program without what can be seen to be superfluous by looking, not by running.

Constants are folded, a value computed twice is computed once, what reaches no output is dropped, so
are inputs that are not read, and the outcome is tidy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from programs.check import live
from programs.genome import Argument, Function, Genome, Named, Statement, base_of
from programs.kind import Kind
from programs.rewrites import folded
from programs.tidy import tidy


def neat(genome: Genome, kind: Kind) -> Genome:
    """Return a checked genome without dead, repeated and constant statements."""
    function = live(_merged(genome.main, kind), kind)
    return tidy(genome.with_main(_without_idle_inputs(function, kind)), kind)


def _merged(function: Function, kind: Kind) -> Function:
    """Fold constants and let equal statements be one, but for those with weights of their own.

    A constant that was computed keeps the name that its value was given.
    """
    now: dict[str, Argument] = {}
    known: dict[tuple[str, tuple[Argument, ...]], str] = {}
    body: list[Statement] = []
    for statement in function.body:
        args = tuple(_meant(a, now) for a in statement.args)
        if statement.function or kind.ops[statement.op].weighted:
            body.append(statement.reading(args))
            continue
        values = [a for a in args if isinstance(a, float)]
        constant = folded(statement.op, values, kind) if len(values) == len(args) else None
        key = (statement.op, args)
        if constant is not None:
            name = base_of(statement.target)
            now[statement.target] = Named(constant, name) if name else constant
        elif key in known:
            now[statement.target] = known[key]
        else:
            known[key] = statement.target
            body.append(statement.reading(args))
    returns = tuple(_meant(r, now) for r in function.returns)
    return replace(function, body=tuple(body), returns=returns)


def _meant(arg: Argument, now: Mapping[str, Argument]) -> Argument:
    return now.get(arg, arg) if isinstance(arg, str) else arg


def _without_idle_inputs(function: Function, kind: Kind) -> Function:
    entry, uses = kind.entry, function.uses()
    idle = {n for n in entry.inputs if n not in entry.required and not uses.get(n)}
    return replace(function, params=tuple(p for p in function.params if p not in idle))
