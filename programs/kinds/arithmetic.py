"""Element-wise functions and their numerical conventions, for every kind that computes numbers.

The conventions are the same in the probes, in training and in an exported file:

    x / 0 is 0                                    exact division everywhere else
    sqrt and the logarithms act on |x|            log of |x| < 1e-30 is log 1e-30
    arcsin, arccos, arctanh, arccosh              clip their argument into their domain
    exp, exp2, exp10, expm1, sinh, cosh           clip their argument so that float32 stays finite
    pow is the machine's                          a negative number to a broken power is NaN
    x mod 0 is 0                                  else the remainder has the divisor's sign
    comparisons give 1 or 0, `where` tests != 0   a comparison with NaN is 0
    sign is -1, 0 or 1                            the sign of NaN is 0
    clip(a, b) holds a within ±|b|                clip(a, -2) is clip(a, 2)

One difference is left: where the quotient overflows, torch's remainder is NaN and numpy's is not.

Functions and their names follow Chen et al. 2023 (Lion), appendix H, and its published code.
"""

from __future__ import annotations

import math

from programs.kind import Op, Param
from programs.kinds.shapes import broadcast

CONSTANTS = {"pi": math.pi, "e": math.e, "eps": 1e-8}

HELPERS = {
    "divide": (
        "def divide(a, b):\n"
        '    """Divide element-wise; x / 0 is 0."""\n'
        "    return xp.where(b == 0, 0.0, a / b)\n"
    ),
}
"""Functions over `xp` that the expressions call."""


def unary(name: str, expression: str, doc: str, *aliases: str) -> Op:
    """Describe an element-wise function of one argument."""
    return Op(name, (Param("a"),), broadcast, expression, doc, aliases=aliases)


def binary(
    name: str,
    expression: str,
    doc: str,
    *aliases: str,
    infix: str | None = None,
    commutative: bool = False,
) -> Op:
    """Describe an element-wise function of two arguments."""
    params = (Param("a"), Param("b"))
    return Op(name, params, broadcast, expression, doc, infix, commutative, aliases=aliases)


ARITHMETIC = (
    binary("add", "a + b", "sum", infix="+", commutative=True),
    binary("sub", "a - b", "difference", "subtract", infix="-"),
    binary("mul", "a * b", "product", "multiply", infix="*", commutative=True),
    binary("div", "divide(a, b)", "quotient; x / 0 is 0", "divide", infix="/"),
    binary("pow", "a ** b", "power", "power", infix="**"),
    unary("neg", "-a", "negative", "negative"),
    binary("maximum", "xp.maximum(a, b)", "larger of two", "max", commutative=True),
    binary("minimum", "xp.minimum(a, b)", "smaller of two", "min", commutative=True),
    binary("mod", "xp.where(b == 0, 0.0, xp.remainder(a, b))", "remainder; x mod 0 is 0"),
)

COMPARISONS = (
    binary("gt", "(a > b) * 1.0", "1 where a > b, else 0", infix=">"),
    binary("lt", "(a < b) * 1.0", "1 where a < b, else 0", infix="<"),
    binary("ge", "(a >= b) * 1.0", "1 where a ≥ b, else 0", infix=">="),
    binary("le", "(a <= b) * 1.0", "1 where a ≤ b, else 0", infix="<="),
    Op(
        "where",
        (Param("c"), Param("a"), Param("b")),
        broadcast,
        "xp.where(c != 0, a, b)",
        "a where c is not 0, else b",
    ),
)

ELEMENTWISE = (
    unary("abs", "xp.abs(a)", "absolute value"),
    unary("sign", "xp.sign(a)", "-1, 0 or 1"),
    unary("square", "a * a", "a²"),
    unary("cube", "a * a * a", "a³"),
    unary("sqrt", "xp.sqrt(xp.abs(a))", "square root of |a|"),
    unary("cbrt", "xp.sign(a) * xp.abs(a) ** (1.0 / 3.0)", "cube root"),
    unary("reciprocal", "divide(1.0, a)", "1 / a; 1 / 0 is 0", "inverse"),
    unary("exp", "xp.exp(xp.clip(a, -80.0, 80.0))", "eᵃ"),
    unary("exp2", "xp.exp2(xp.clip(a, -115.0, 115.0))", "2ᵃ"),
    unary("exp10", "10.0 ** xp.clip(a, -34.0, 34.0)", "10ᵃ"),
    unary("expm1", "xp.expm1(xp.clip(a, -80.0, 80.0))", "eᵃ - 1"),
    unary("log", "xp.log(xp.clip(xp.abs(a), 1e-30, 1e30))", "natural logarithm of |a|"),
    unary("log2", "xp.log2(xp.clip(xp.abs(a), 1e-30, 1e30))", "logarithm of |a| to base 2"),
    unary("log10", "xp.log10(xp.clip(xp.abs(a), 1e-30, 1e30))", "logarithm of |a| to base 10"),
    unary("log1p", "xp.log(xp.clip(xp.abs(1.0 + a), 1e-30, 1e30))", "logarithm of |1 + a|"),
    unary("sin", "xp.sin(a)", "sine"),
    unary("cos", "xp.cos(a)", "cosine"),
    unary("tan", "xp.tan(a)", "tangent"),
    unary("arcsin", "xp.arcsin(xp.clip(a, -1.0, 1.0))", "inverse sine", "asin"),
    unary("arccos", "xp.arccos(xp.clip(a, -1.0, 1.0))", "inverse cosine", "acos"),
    unary("arctan", "xp.arctan(a)", "inverse tangent", "atan"),
    unary("sinh", "xp.sinh(xp.clip(a, -80.0, 80.0))", "hyperbolic sine"),
    unary("cosh", "xp.cosh(xp.clip(a, -80.0, 80.0))", "hyperbolic cosine"),
    unary("tanh", "xp.tanh(a)", "hyperbolic tangent"),
    unary("arcsinh", "xp.arcsinh(a)", "inverse hyperbolic sine", "asinh"),
    unary("arccosh", "xp.arccosh(xp.clip(a, 1.0, 1e30))", "inverse hyperbolic cosine", "acosh"),
    unary(
        "arctanh",
        "xp.arctanh(xp.clip(a, -0.999999, 0.999999))",
        "inverse hyperbolic tangent",
        "atanh",
    ),
    Op(
        "lerp",
        (Param("a"), Param("b"), Param("t")),
        broadcast,
        "a + (b - a) * t",
        "a + (b - a)·t: the moving average of optimisers",
        aliases=("interp", "interpolate"),
    ),
    binary(
        "clip", "xp.minimum(xp.maximum(a, -xp.abs(b)), xp.abs(b))", "a held within ±|b|", "clamp"
    ),
)
