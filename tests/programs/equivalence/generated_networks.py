"""Pairs made from the library's architectures, rewritten so that they stay or do not stay.

rewritings    helpers written out, sums turned round, activations spelt out, signs turned twice
near misses   one activation or norm exchanged, one attribute moved (a dilation where there is a
              kernel of 1 changes nothing, and is labelled so)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from programs.canonical import written_out
from programs.check import check
from programs.errors import Fault
from programs.genome import Function, Genome, Statement
from programs.kind import Kind
from programs.load import library
from programs.render import render
from programs.tidy import tidy
from tests.programs.equivalence.labels import Pair

Rewrite = Callable[[Statement], list[Statement]]

OTHER = {
    "relu": "gelu",
    "gelu": "silu",
    "silu": "relu",
    "tanh": "sin",
    "sigmoid": "softplus",
    "layer_norm": "rms_norm",
    "rms_norm": "layer_norm",
    "max_pool": "avg_pool",
    "gru": "min_gru",
}
MOVED = {"heads": 2.0, "kernel": 5.0, "dilation": 3.0, "times": 3.0, "experts": 3.0, "rank": 5.0}


def networks(kind: Kind) -> list[Pair]:
    """Return the pairs made from every architecture of the library."""
    pairs = []
    for name, program in library(kind.name).items():
        assert program.genome is not None
        source = render(program.genome, kind)
        for other, equivalent, why in _variants(program.genome, kind):
            text = render(tidy(other, kind), kind)
            if text != source:
                place = f"{name} ({why})"
                pairs.append(Pair(kind.name, "generated", source, text, equivalent, why, place))
    return pairs


def _variants(genome: Genome, kind: Kind) -> Iterator[tuple[Genome, bool, str]]:
    flat = written_out(genome)
    if not flat.twins:
        yield replace(genome, functions=(flat.function,)), True, "Helpers written out"
    for rewrite in (_turned_round, _spelt_out, _signs_turned):
        yield _each(genome, kind, rewrite), True, rewrite.__doc__ or ""
    for function in genome.functions:
        for place, statement in enumerate(function.body):
            for other, equivalent, why in _near(statement, kind):
                body = (*function.body[:place], other, *function.body[place + 1 :])
                child = Genome(genome.with_function(replace(function, body=body)).functions)
                if not isinstance(check(child, kind), Fault):
                    yield child, equivalent, f"{why} in statement {place + 1} of {function.name}"


def _near(statement: Statement, kind: Kind) -> Iterator[tuple[Statement, bool, str]]:
    if statement.function:
        return
    if other := OTHER.get(statement.op):
        yield replace(statement, op=other), False, f"{other} for {statement.op}"
    params = kind.ops[statement.op].params
    given = dict(zip((param.name for param in params), statement.args, strict=True))
    for place, param in enumerate(params):
        value = MOVED.get(param.name)
        if value is not None and statement.args[place] != value:
            args = (*statement.args[:place], value, *statement.args[place + 1 :])
            gapless = param.name == "dilation" and given["kernel"] == 1
            yield statement.reading(args), gapless, f"{param.name}={value:g}"


def _each(genome: Genome, kind: Kind, rewrite: Callable[[Statement, Kind], list[Statement]]):
    functions = tuple(_rewritten(f, kind, rewrite) for f in genome.functions)
    return replace(genome, functions=functions)


def _rewritten(
    function: Function, kind: Kind, rewrite: Callable[[Statement, Kind], list[Statement]]
) -> Function:
    return replace(function, body=tuple(new for s in function.body for new in rewrite(s, kind)))


def _turned_round(s: Statement, kind: Kind) -> list[Statement]:
    """Sums and products turned round."""
    commutative = not s.function and kind.ops[s.op].commutative
    return [s.reading(s.args[::-1])] if commutative else [s]


def _signs_turned(s: Statement, kind: Kind) -> list[Statement]:
    """Sums as differences of negatives."""
    if s.op != "add":
        return [s]
    part = f"{s.target.replace('.', '_')}_part"
    negative = Statement(part, "neg", (s.args[1],))
    return [negative, Statement(s.target, "sub", (s.args[0], part))]


def _spelt_out(s: Statement, kind: Kind) -> list[Statement]:
    """Activations written as what they are made of."""
    part = f"{s.target.replace('.', '_')}_part"
    match s.op, s.args:
        case "relu", (x,):
            return [Statement(s.target, "maximum", (x, 0.0))]
        case "squared_relu", (x,):
            return [Statement(part, "relu", (x,)), Statement(s.target, "mul", (part, part))]
        case "silu", (x,):
            return [Statement(part, "sigmoid", (x,)), Statement(s.target, "mul", (part, x))]
        case "square", (x,):
            return [Statement(s.target, "mul", (x, x))]
    return [s]
