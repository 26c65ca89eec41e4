"""What is known of each value's range, so that no guard is kept that it cannot need.

Abstract execution on closed intervals. A state starts at zero and its range is widened until it
holds whatever a step makes of it: the second moment of Adam stays at or above zero, so its square
root needs no `abs`, and a denominator of `sqrt(v) + 1e-8` never meets the rule for division by
zero. Intervals allow for the rounding of the narrowest type in use (bfloat16) and for underflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from programs.genome import Argument, Function, Statement

TINY, HUGE = 1e-37, 1e37
ROUNDING = 2.0**-7
SCALAR_ROUNDING = 2.0**-20
"""Of tensors, and of values computed once per step in double precision."""


@dataclass(frozen=True, slots=True)
class Range:
    """A closed interval that holds every value (NaN aside)."""

    low: float = -math.inf
    high: float = math.inf

    @property
    def nonzero(self) -> bool:
        """Tell whether zero is outside."""
        return self.low > 0 or self.high < 0

    @property
    def nonnegative(self) -> bool:
        """Tell whether no value is below zero."""
        return self.low >= 0


ANY = Range()
NONNEGATIVE = Range(0.0)
INPUTS = {"lr": NONNEGATIVE, "step": Range(1.0), "total": Range(1.0)}


def ranges_of(
    function: Function,
    states: tuple[str, ...],
    scalars: frozenset[str],
    inputs: Mapping[str, Range] = INPUTS,
) -> Mapping[str, Range]:
    """Return the range of every name; `scalars` are those no tensor enters."""
    held = dict.fromkeys(states, Range(0.0, 0.0))
    while True:
        known = {p: held.get(p, inputs.get(p, ANY)) for p in function.params}
        for statement in function.body:
            known[statement.target] = _after(statement, known, scalars)
        new = zip(states, function.returns[1:], strict=True)
        wider = {s: _widened(held[s], range_of(r, known)) for s, r in new}
        if wider == held:
            return known
        held = wider


def range_of(arg: Argument, known: Mapping[str, Range]) -> Range:
    """Return the range of a name or a constant."""
    return known[arg] if isinstance(arg, str) else Range(arg, arg)


def _widened(held: Range, new: Range) -> Range:
    low = held.low if new.low >= held.low else 0.0 if new.low >= 0 else -math.inf
    high = held.high if new.high <= held.high else 0.0 if new.high <= 0 else math.inf
    return Range(low, high)


def _after(statement: Statement, known: Mapping[str, Range], scalars: frozenset[str]) -> Range:
    rule = _RULES.get(statement.op)
    if rule is None:
        return ANY
    args = [range_of(a, known) for a in statement.args]
    if _is_square(statement):
        return _square(args[0])
    if statement.op in ("add", "sub"):
        args.append(Range(high=SCALAR_ROUNDING if statement.target in scalars else ROUNDING))
    found = rule(*args)
    if math.isnan(found.low) or math.isnan(found.high):
        return ANY
    return Range(_outward(found.low, -math.inf), _outward(found.high, math.inf))


def _is_square(statement: Statement) -> bool:
    """Tell whether a value is multiplied with itself, however that is written."""
    op, args = statement.op, statement.args
    return (op == "mul" and args[0] == args[1]) or (op == "pow" and args[1] == 2.0)


def _outward(end: float, beyond: float) -> float:
    """Move an end that may underflow to zero, or overflow, outward."""
    if end == 0:
        return 0.0
    if abs(end) < TINY:
        return 0.0 if (end >= 0) == (beyond < 0) else math.copysign(TINY, beyond)
    return beyond if abs(end) > HUGE and end * beyond > 0 else end


def _add(a: Range, b: Range, rounding: Range) -> Range:
    """Add; where the ends cancel, the rounding error of the larger stays behind."""
    low, high = a.low + b.low, a.high + b.high
    if a.low * b.low < 0:
        low -= rounding.high * max(abs(a.low), abs(b.low))
    if a.high * b.high < 0:
        high += rounding.high * max(abs(a.high), abs(b.high))
    return Range(low, high)


def _neg(a: Range) -> Range:
    return Range(-a.high, -a.low)


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def product(a: Range, b: Range) -> Range:
    """Return the range of a product."""
    ends = [_times(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return Range(min(ends), max(ends))


def quotient(a: Range, b: Range) -> Range:
    """Return the range of a quotient; x / 0 is 0."""
    if b.low > 0:
        return product(a, Range(1 / b.high, 1 / b.low))
    if b.nonnegative and a.nonnegative:
        return NONNEGATIVE
    return ANY


def _square(a: Range) -> Range:
    magnitude = _abs(a)
    return product(magnitude, magnitude)


def _abs(a: Range) -> Range:
    nearest = 0.0 if a.low <= 0 <= a.high else min(abs(a.low), abs(a.high))
    return Range(nearest, max(abs(a.low), abs(a.high)))


def _root(a: Range) -> Range:
    magnitude = _abs(a)
    return Range(math.sqrt(magnitude.low), math.sqrt(magnitude.high))


def _pow(a: Range, b: Range) -> Range:
    if a.low >= 0 and a.high <= 1 and b.low >= 1:
        return Range(0.0, a.high)
    if a.low >= 1 and b.low >= 0:
        return Range(1.0)
    if a.low >= 1 and b.high <= 0:
        return Range(0.0, 1.0)
    return NONNEGATIVE if a.nonnegative else ANY


def _hull(*parts: Range) -> Range:
    return Range(min(p.low for p in parts), max(p.high for p in parts))


def _lerp(a: Range, b: Range, t: Range) -> Range:
    # A rounded average of two values may leave their hull by an ulp, but not cross zero.
    if t.low >= 0 and t.high <= 1 and a.nonnegative and b.nonnegative:
        return NONNEGATIVE
    return ANY


def _floor(end: float) -> float:
    return math.floor(end) if math.isfinite(end) else end


def _known(low: float, high: float) -> Callable[..., Range]:
    return lambda *_: Range(low, high)


_RULES: dict[str, Callable[..., Range]] = {
    "add": _add,
    "sub": lambda a, b, rounding: _add(a, _neg(b), rounding),
    "neg": _neg,
    "mul": product,
    "div": quotient,
    "pow": _pow,
    "abs": _abs,
    "square": _square,
    "sqrt": _root,
    "lerp": _lerp,
    "where": lambda _, a, b: _hull(a, b),
    "maximum": lambda a, b: Range(max(a.low, b.low), max(a.high, b.high)),
    "minimum": lambda a, b: Range(min(a.low, b.low), min(a.high, b.high)),
    "exp": _known(1e-36, math.inf),
    "cosh": _known(0.5, math.inf),
    **dict.fromkeys(("gt", "lt", "ge", "le"), _known(0.0, 1.0)),
    **dict.fromkeys(("sign", "sin", "cos", "tanh"), _known(-1.0, 1.0)),
    "floor": lambda a: Range(_floor(a.low), _floor(a.high)),
    **dict.fromkeys(("row_count", "column_count", "numel"), _known(1.0, math.inf)),
    **dict.fromkeys(("norm", "rms", "row_norm", "column_norm", "global_norm"), _known(0, math.inf)),
    **dict.fromkeys(("row_mean", "column_mean", "mean"), lambda a: _hull(a, Range(0.0, 0.0))),
}
