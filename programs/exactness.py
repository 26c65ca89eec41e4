"""Whether a program computes what its text would compute in plain PyTorch.

The language has conventions of its own (`programs.kinds.arithmetic`): x / 0 is 0, a root or a
logarithm takes the absolute value, an exponential is clipped. Ranges of values tell where none of
them can ever apply; only there do the language and plain Python mean the same. And to PyTorch a
comparison is a truth, not 1 or 0: two of them added are still one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from programs.genome import Argument, Function, Genome, Statement
from programs.kind import Kind, Scope
from programs.ranges import INPUTS, Range, range_of, ranges_of

SMALLEST, STEEPEST = 1e-30, 80.0
_PLAIN = (
    *("add", "sub", "mul", "neg", "abs", "sign", "square", "maximum", "minimum", "where", "lerp"),
    *("gt", "lt", "ge", "le", "sin", "cos", "tan", "tanh", "floor", "norm", "mean", "sum", "numel"),
)
_COMPARISONS = ("gt", "lt", "ge", "le")
_OF_TRUTHS = ("mul", "maximum", "minimum", "where", "sign", "abs", "square", "pow")
_SCALARS = ("lr", "step", "total")


def exact(genome: Genome, kind: Kind) -> bool:
    """Tell whether no convention of the language can make a difference."""
    if genome.helpers:
        return False
    function = genome.main
    scalars = {p for p in function.params if p in _SCALARS}
    for s in function.body:
        bare = all(not isinstance(a, str) or a in scalars for a in s.args)
        if bare and kind.ops[s.op].scope is Scope.ELEMENT:
            scalars.add(s.target)
    inputs = INPUTS if kind.entry.state is not None else {**INPUTS, "step": Range(0.0)}
    known = ranges_of(function, kind.entry.states(function), frozenset(scalars), inputs)
    truths = _truths(function)
    return all(
        _safe(s, known, s.target in scalars) and not (s.op == "add" and truths.issuperset(s.args))
        for s in function.body
    )


def _truths(function: Function) -> set[Argument]:
    """Return what PyTorch computes as true or false where the language has 1 or 0."""
    found: set[Argument] = set()
    for s in function.body:
        values = s.args[1:] if s.op == "where" else s.args
        if s.op in _COMPARISONS or (s.op in _OF_TRUTHS and found.issuperset(values)):
            found.add(s.target)
    return found


def _safe(statement: Statement, known: Mapping[str, Range], scalar: bool) -> bool:
    if statement.op in _PLAIN:
        return True
    rule = _RULES.get(statement.op)
    if rule is None:
        return False
    return rule([range_of(a, known) for a in statement.args], scalar)


def _power(args: Sequence[Range], scalar: bool) -> bool:
    """A number to a power: Python's raises, or turns complex, where tensors give not-a-number."""
    base, exponent = args
    return not scalar or base.low > 0 or (base.nonnegative and exponent.nonnegative)


def _steep(args: Sequence[Range], scalar: bool) -> bool:
    return args[0].low >= -STEEPEST and args[0].high <= STEEPEST


_RULES: Mapping[str, Callable[[Sequence[Range], bool], bool]] = {
    "div": lambda args, _: args[1].nonzero,
    "mod": lambda args, _: args[1].low > 0,
    "reciprocal": lambda args, _: args[0].nonzero,
    "sqrt": lambda args, _: args[0].nonnegative,
    "pow": _power,
    **dict.fromkeys(("log", "log2", "log10"), lambda args, _: args[0].low >= SMALLEST),
    "log1p": lambda args, _: args[0].low >= 0,
    **dict.fromkeys(("exp", "expm1", "sinh", "cosh"), _steep),
}
