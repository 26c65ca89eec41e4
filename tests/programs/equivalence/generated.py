"""Pairs made from the library: every known program, rewritten so that it stays or does not stay.

    rewritings    identities applied to any program: names, dead code, order, operators spelt out
    near misses   one constant of a program moved by 2 %

They complete the pairs written by hand, which are the harder ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from programs.genome import Argument, Function, Genome, Statement
from programs.kind import Kind
from programs.load import kind_named, library
from programs.render import render
from programs.tidy import tidy
from tests.programs.equivalence.generated_networks import networks
from tests.programs.equivalence.labels import Pair

Body = tuple[Statement, ...]

OFF = 1.02

BOUNDS = {"gt", "lt", "ge", "le", "where", "maximum", "minimum", "clip"}
"""Ops at which a constant may lie anywhere in a range: `step <= 1` and `step <= 1.02` are one."""

OBFUSCATED = {"lion_raw"}
"""Programs with constants that do nothing, which is what they are there for."""


def generated(kind_name: str) -> list[Pair]:
    """Return the pairs made from every program of a kind's library."""
    kind = kind_named(kind_name)
    if kind.motifs:
        return networks(kind)
    return [
        Pair(kind_name, "generated", source, other, equivalent, why, f"{name} ({why})")
        for name, program in library(kind_name).items()
        if program.genome is not None and name not in OBFUSCATED
        for source in [render(program.genome, kind)]
        for other, equivalent, why in _variants(program.genome, kind)
        if other != source
    ]


def _variants(genome: Genome, kind: Kind) -> Iterator[tuple[str, bool, str]]:
    for rewrite in REWRITINGS:
        other = genome.with_main(rewrite(genome.main, kind))
        yield render(tidy(other, kind), kind), True, (rewrite.__doc__ or "").rstrip(".")
    for place, statement in enumerate(genome.main.body):
        for which, value in enumerate(statement.args):
            if isinstance(value, float) and value and statement.op not in BOUNDS:
                main = _moved(genome.main, place, which, value * OFF)
                why = f"{value:g} of statement {place + 1} is 2 % off"
                yield render(tidy(genome.with_main(main), kind), kind), False, why


def _moved(function: Function, place: int, which: int, value: float) -> Function:
    statement = function.body[place]
    args = (*statement.args[:which], value, *statement.args[which + 1 :])
    body = (*function.body[:place], statement.reading(args), *function.body[place + 1 :])
    return replace(function, body=body)


def _renamed(function: Function, kind: Kind) -> Function:
    """States and intermediate values under other names."""

    def new(arg: Argument) -> Argument:
        named = isinstance(arg, str) and arg[0] != "." and arg not in kind.entry.inputs
        return f"other_{arg}" if named else arg

    return Function(
        function.name,
        tuple(str(new(p)) for p in function.params),
        tuple(
            Statement(str(new(s.target)), s.op, tuple(new(a) for a in s.args))
            for s in function.body
        ),
        tuple(new(r) for r in function.returns),
    )


def _with_dead_code(function: Function, kind: Kind) -> Function:
    """Dead statements before and after the others."""
    first = function.params[0]
    before = Statement("idle_before", "mul", (first, 3.0))
    after = Statement("idle_after", "add", ("idle_before", first))
    return replace(function, body=(before, *function.body, after))


def _reordered(function: Function, kind: Kind) -> Function:
    """Independent statements in another order."""
    body = list(function.body)
    for place in range(1, len(body)):
        if body[place - 1].target not in body[place].args:
            body[place - 1 : place + 1] = body[place], body[place - 1]
    return replace(function, body=tuple(body))


def _commuted(function: Function, kind: Kind) -> Function:
    """The arguments of commutative functions swapped."""
    return _each(function, lambda s: [s.reading(s.args[::-1]) if kind.ops[s.op].commutative else s])


def _states_reversed(function: Function, kind: Kind) -> Function:
    """States in the opposite order."""
    states = kind.entry.states(function)
    inputs = tuple(p for p in function.params if p not in states)
    returns = (function.returns[0], *function.returns[:0:-1])
    return replace(function, params=(*inputs, *states[::-1]), returns=returns)


def _spelt_out(function: Function, kind: Kind) -> Function:
    """Interpolations, squares and differences written as sums and products."""
    return _each(function, _in_plain_arithmetic)


def _by_functions(function: Function, kind: Kind) -> Function:
    """Quotients by reciprocals, differences by negatives, roots by powers of sizes."""
    return _each(function, _in_functions)


def _with_zero(function: Function, kind: Kind) -> Function:
    """A value minus itself added to the result."""
    first = function.returns[0]
    extra = (Statement("zero", "sub", (first, first)), Statement("result", "add", (first, "zero")))
    return replace(
        function, body=(*function.body, *extra), returns=("result", *function.returns[1:])
    )


def _twice_half(function: Function, kind: Kind) -> Function:
    """The result doubled and halved."""
    extra = (
        Statement("double", "mul", (2.0, function.returns[0])),
        Statement("half", "div", ("double", 2.0)),
    )
    return replace(function, body=(*function.body, *extra), returns=("half", *function.returns[1:]))


def _each(function: Function, rewrite: Callable[[Statement], list[Statement]]) -> Function:
    body = tuple(new for statement in function.body for new in rewrite(statement))
    return replace(function, body=body)


def _in_plain_arithmetic(s: Statement) -> list[Statement]:
    part = [f"{s.target.replace('.', '_')}_part{i}" for i in range(3)]
    match s.op, s.args:
        case "lerp", (a, b, t):
            rest = Statement(part[0], "sub", (1.0, t))
            old, new = (Statement(part[1], "mul", (part[0], a)), Statement(part[2], "mul", (t, b)))
            return [rest, old, new, Statement(s.target, "add", (part[1], part[2]))]
        case "square", (a,):
            return [Statement(s.target, "mul", (a, a))]
        case "sub", (a, b):
            return [Statement(part[0], "neg", (b,)), Statement(s.target, "add", (a, part[0]))]
    return [s]


def _in_functions(s: Statement) -> list[Statement]:
    part = f"{s.target.replace('.', '_')}_part"
    match s.op, s.args:
        case "div", (a, b):
            inverse = Statement(part, "reciprocal", (b,))
            return [inverse, Statement(s.target, "mul", (a, part))]
        case "sub", (a, b):
            turned = Statement(part, "sub", (b, a))
            return [turned, Statement(s.target, "neg", (part,))]
        case "sqrt", (a,):
            return [Statement(part, "abs", (a,)), Statement(s.target, "pow", (part, 0.5))]
    return [s]


REWRITINGS = (
    _renamed,
    _with_dead_code,
    _reordered,
    _commuted,
    _states_reversed,
    _spelt_out,
    _by_functions,
    _with_zero,
    _twice_half,
)
