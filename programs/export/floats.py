"""How one op is written for Python's own floats, as in a schedule that is computed once per step.

Python raises where the language has a convention: on x / 0, on the root of something negative, on
overflow; and its `max` forgets what is no number. A helper keeps the convention there, and is left
out where an operand's range allows it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from programs.export.sizes import TRUTH, WILD, Size, constant, size_of
from programs.export.spell import (
    ATOM,
    CHOICE,
    COMPARISON,
    POWER,
    PRODUCT,
    SIGNS,
    SUM,
    UNARY,
    Operand,
    Written,
    infix,
)
from programs.ranges import Range

_INFIX = {"add": "+", "sub": "-", "mul": "*"}
_CALLS = {
    "abs": "abs({})",
    "sign": "sign({})",
    "cbrt": "cbrt({})",
    "arctan": "math.atan({})",
    "arcsinh": "math.asinh({})",
    "tanh": "math.tanh({})",
    "log1p": "math.log(clamp(abs(1 + {}), 1e-30, 1e30))",
}
_FINITE = {"sin": "math.sin", "cos": "math.cos", "tan": "math.tan"}
_EXTREMA = {"maximum": "max", "minimum": "min"}
_BOUNDED = {
    "exp": ("math.exp({})", -80.0, 80.0),
    "exp2": ("2.0 ** {}", -115.0, 115.0),
    "exp10": ("10.0 ** {}", -34.0, 34.0),
    "expm1": ("math.expm1({})", -80.0, 80.0),
    "arcsin": ("math.asin({})", -1.0, 1.0),
    "arccos": ("math.acos({})", -1.0, 1.0),
    "sinh": ("math.sinh({})", -80.0, 80.0),
    "cosh": ("math.cosh({})", -80.0, 80.0),
    "arccosh": ("math.acosh({})", 1.0, 1e30),
    "arctanh": ("math.atanh({})", -0.999999, 0.999999),
}
_LOGARITHMS = ("log", "log2", "log10")

HELPERS = {
    "divide": '''
def divide(a, b):
    """Divide; x / 0 is 0."""
    return a / b if b else 0.0
''',
    "mod": '''
def mod(a, b):
    """Return the remainder; x mod 0 is 0."""
    return a % b if b else 0.0
''',
    "power": '''
def power(a, b):
    """Raise to a power as hardware does: with infinity and NaN where Python raises."""
    return torch.pow(torch.tensor(a, dtype=torch.float64), b).item()
''',
    "sign": '''
def sign(x):
    """Return -1, 0 or 1."""
    return float((x > 0) - (x < 0))
''',
    "cbrt": '''
def cbrt(x):
    """Return the cube root."""
    return math.copysign(abs(x) ** (1.0 / 3.0), x)
''',
    "clamp": '''
def clamp(x, low, high):
    """Hold x between two numbers."""
    return max(min(x, high), low)
''',
    "safely": '''
def safely(function, x):
    """Apply a function; what is infinite has no answer."""
    return function(x) if math.isfinite(x) else math.nan
''',
    "floor": '''
def floor(x):
    """Round down to a whole number; what is infinite stays."""
    return float(math.floor(x)) if math.isfinite(x) else x
''',
    "extremum": '''
def extremum(function, a, b):
    """Return the larger or the smaller of two; NaN where one of them is that."""
    return math.nan if math.isnan(a) or math.isnan(b) else function(a, b)
''',
}
"""The functions a file may carry, each only where it is called."""


@dataclass(slots=True)
class FloatSpeller:
    """Write ops on floats; `sizes` holds what is known of the values with a text."""

    helpers: set[str]
    sizes: dict[str, Size]
    tests: dict[str, Written]

    def __call__(self, op: str, args: Sequence[Operand], known: Range) -> Written:
        """Return the expression for one call of `op`, whose value is in a known range."""
        written = self._written(op, args)
        self.helpers |= {name for name in HELPERS if re.search(rf"(?<![\w.]){name}\(", written[0])}
        self.sizes[written[0]] = self._size_of(op, written[0], args, known)
        return written

    def size(self, arg: Operand) -> Size:
        """Return what is known of the size of an operand."""
        return constant(arg.range.low) if arg.literal else self.sizes[arg.text]

    def _size_of(self, op: str, text: str, args: Sequence[Operand], known: Range) -> Size:
        """Return the size of a result, which no test can make wild."""
        tested = {"where": 1}.get(op, len(args) if op in SIGNS else 0)
        sizes = [TRUTH] * tested + [self.size(a) for a in args[tested:]]
        return WILD if text.startswith("power(") else size_of(op, sizes, known)

    def _is_wild(self, args: Sequence[Operand]) -> bool:
        """Tell whether one of the operands may be infinite or no number."""
        return any(self.size(a).is_wild for a in args)

    def _written(self, op: str, args: Sequence[Operand]) -> Written:
        first, last = args[0], args[-1]
        if op in _INFIX:
            return infix(_INFIX[op], first, last)
        if op in _CALLS:
            inner = [a.within(SUM) for a in args] if op == "log1p" else [a.text for a in args]
            return _CALLS[op].format(*inner), ATOM
        if op in _BOUNDED:
            return _bounded(*_BOUNDED[op], first)
        if op in _LOGARITHMS:
            return f"math.{op}({_clamped(f'abs({first.text})', 1e-30, 1e30)})", ATOM
        if op in _FINITE:
            given = f"{_FINITE[op]}, {first.text}" if self._is_wild(args) else first.text
            return f"safely({given})" if self._is_wild(args) else f"{_FINITE[op]}({given})", ATOM
        if op == "floor":
            # Python's whole numbers are exact at any size, and then too large for a float.
            tame = f"float(math.floor({first.text}))"
            return f"floor({first.text})" if self._is_wild(args) else tame, ATOM
        if op in _EXTREMA:
            return self._extremum(_EXTREMA[op], first, last), ATOM
        if op in SIGNS:
            return self._compared(SIGNS[op], first, last)
        if op == "where":
            return self._chosen(*args)
        if op == "clip" and self._is_wild(args[1:]):
            size = f"abs({last.text})"
            return f"extremum(min, extremum(max, {first.text}, -{size}), {size})", ATOM
        return _RULES[op](*args)

    def _extremum(self, function: str, a: Operand, b: Operand) -> str:
        given = f"{a.text}, {b.text}"
        return f"extremum({function}, {given})" if self._is_wild((a, b)) else f"{function}({given})"

    def _compared(self, sign: str, a: Operand, b: Operand) -> Written:
        test = f"{a.within(COMPARISON + 1)} {sign} {b.within(COMPARISON + 1)}"
        text = f"float({test})"
        self.tests[text] = (test, COMPARISON)
        return text, ATOM

    def _chosen(self, c: Operand, a: Operand, b: Operand) -> Written:
        test, _ = self.tests.get(c.text, (c.within(COMPARISON), 0))
        return f"{a.within(SUM)} if {test} else {b.within(SUM)}", CHOICE


def _within(known: Range, low: float, high: float) -> bool:
    return known.low >= low and known.high <= high


def _clamped(text: str, low: float, high: float) -> str:
    return f"clamp({text}, {low!r}, {high!r})"


def _bounded(template: str, low: float, high: float, a: Operand) -> Written:
    binds = POWER if "**" in template else ATOM
    if _within(a.range, low, high):
        return template.format(a.within(POWER) if binds == POWER else a.text), binds
    return template.format(_clamped(a.text, low, high)), binds


def _neg(a: Operand) -> Written:
    return f"-{a.within(UNARY)}", UNARY


def _div(a: Operand, b: Operand) -> Written:
    if b.range.nonzero:
        return infix("/", a, b)
    return f"divide({a.text}, {b.text})", ATOM


def _reciprocal(a: Operand) -> Written:
    return _div(Operand("1.0", tensor=False), a)


def _mod(a: Operand, b: Operand) -> Written:
    if b.range.nonzero:
        return f"{a.within(PRODUCT)} % {b.within(PRODUCT + 1)}", PRODUCT
    return f"mod({a.text}, {b.text})", ATOM


def _pow(a: Operand, b: Operand) -> Written:
    if _is_tame(a.range, b.range):
        return f"{a.within(POWER + 1)} ** {b.within(POWER)}", POWER
    return f"power({a.text}, {b.text})", ATOM


def _is_tame(a: Range, b: Range) -> bool:
    """Tell whether a power is a finite number, so that Python's own does."""
    if a.low <= 0:
        return a.nonnegative and a.high < 1e30 and b.low >= 0 and b.high <= 10
    ends = [x * math.log(y) for x in (b.low, b.high) for y in (a.low, min(a.high, 1e300))]
    return a.high < math.inf and not any(math.isnan(e) or e > 700 for e in ends)


def _multiplied(times: int) -> Callable[[Operand], Written]:
    def written(a: Operand) -> Written:
        if a.text.isidentifier():
            return " * ".join([a.text] * times), PRODUCT
        return _pow(a, Operand(str(times), tensor=False, range=Range(times, times)))

    return written


def _sqrt(a: Operand) -> Written:
    return f"math.sqrt({a.text if a.range.nonnegative else f'abs({a.text})'})", ATOM


def _lerp(a: Operand, b: Operand, t: Operand) -> Written:
    step = f"({b.within(SUM)} - {a.within(SUM + 1)}) * {t.within(PRODUCT + 1)}"
    return f"{a.within(SUM)} + {step}", SUM


def _clip(a: Operand, b: Operand) -> Written:
    bound = b.text if b.range.nonnegative else f"abs({b.text})"
    below = b.within(UNARY) if b.range.nonnegative else bound
    return f"clamp({a.text}, -{below}, {bound})", ATOM


_RULES: dict[str, Callable[..., Written]] = {
    "neg": _neg,
    "div": _div,
    "reciprocal": _reciprocal,
    "mod": _mod,
    "pow": _pow,
    "square": _multiplied(2),
    "cube": _multiplied(3),
    "sqrt": _sqrt,
    "lerp": _lerp,
    "clip": _clip,
}
