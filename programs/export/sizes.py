"""How large and how small the values of a schedule can be: no guard is kept without need.

A value is zero or lies between `least` and `most` in size. Where `most` is infinite, the value may
be that, or no number at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from programs.ranges import Range

HUGE, TINY = 1e300, 1e-290
ULP = 2.0**-53


@dataclass(frozen=True, slots=True)
class Size:
    """What is known of the size of a value that is not zero."""

    most: float
    least: float

    @property
    def is_wild(self) -> bool:
        """Tell whether the value may be infinite or no number."""
        return self.most == math.inf


WILD, TRUTH = Size(math.inf, 0.0), Size(1.0, 1.0)


def constant(value: float) -> Size:
    """Return the size of a number."""
    return Size(abs(value), abs(value) or 1.0)


def count(known: Range) -> Size:
    """Return the size of a whole number."""
    return Size(known.high, 1.0)


def size_of(op: str, args: Sequence[Size], known: Range) -> Size:
    """Return the size of what an op makes of values, whose range is known."""
    if any(a.is_wild for a in args):
        return WILD
    rule = _RULES.get(op)
    found = rule(*args) if rule else _smooth(op, args)
    most = min(found.most, max(-known.low, known.high))
    return Size(most if most < HUGE else math.inf, found.least if found.least > TINY else 0.0)


def _add(a: Size, b: Size) -> Size:
    # What is left of two floats is a multiple of the last place of the smaller.
    return Size(a.most + b.most, min(a.least, b.least) * ULP)


def _mul(a: Size, b: Size) -> Size:
    return Size(a.most * b.most, a.least * b.least)


def _div(a: Size, b: Size) -> Size:
    return Size(a.most / b.least if b.least else math.inf, a.least / max(b.most, TINY))


def _pow(a: Size, b: Size) -> Size:
    """Bound the power of a value that is not negative."""
    ends = [math.log(x) if x else math.inf for x in (a.most, a.least)]
    largest = max(map(abs, ends)) * b.most
    return Size(math.exp(largest), math.exp(-largest)) if largest < 690 else WILD


def _lerp(a: Size, b: Size, t: Size) -> Size:
    return _add(a, _mul(_add(b, a), t))


def _any(*args: Size) -> Size:
    return Size(max(a.most for a in args), min(a.least for a in args))


def _smooth(op: str, args: Sequence[Size]) -> Size:
    """Bound a function whose argument is held within its domain: near zero it is no steeper."""
    (a,) = args
    return Size(_BOUNDED.get(op, a.most + 1), min(a.least, 1.0) * 1e-36)


_BOUNDED = {
    **dict.fromkeys(("exp", "exp2", "exp10", "expm1", "sinh", "cosh"), 1e35),
    **dict.fromkeys(("log", "log2", "log10", "log1p", "arccosh", "arctanh", "arcsinh"), 1e3),
    **dict.fromkeys(("sin", "cos", "sign", "tanh", "arctan", "arcsin", "arccos"), 4.0),
    "tan": 1e17,
}

_RULES: dict[str, Callable[..., Size]] = {
    "add": _add,
    "sub": _add,
    "mul": _mul,
    "div": _div,
    "reciprocal": lambda a: _div(constant(1.0), a),
    "pow": _pow,
    "square": lambda a: _mul(a, a),
    "cube": lambda a: _mul(a, _mul(a, a)),
    "lerp": _lerp,
    "mod": lambda a, b: Size(b.most, min(a.least, b.least) * ULP),
    **dict.fromkeys(("gt", "lt", "ge", "le"), lambda *_: TRUTH),
    **dict.fromkeys(("neg", "abs", "maximum", "minimum", "clip"), _any),
    "where": lambda _, a, b: _any(a, b),
}
