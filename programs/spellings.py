"""How PyTorch spells what the language has: functions, methods and operators, as expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

_SAME = (
    *("abs", "sign", "sqrt", "square", "exp", "log", "log2", "log10", "log1p", "expm1", "exp2"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "floor", "norm", "mean", "sum", "numel"),
)
UNARY = {name: name for name in _SAME} | {
    "absolute": "abs",
    "sgn": "sign",
    "fabs": "abs",
    "vector_norm": "norm",
}
IDENTITIES = ("detach", "clone", "contiguous", "item")
"""Methods that change nothing of the value."""

BUILTIN = {"abs": "abs", "pow": "pow", "float": "item", "min": "minimum", "max": "maximum"}
"""Python's own functions, and torch's that they come to here."""

SIGNS: Mapping[str, type[ast.operator]] = {
    **dict.fromkeys(("add", "sub", "subtract"), ast.Add),
    **dict.fromkeys(("mul", "multiply"), ast.Mult),
    **dict.fromkeys(("div", "divide", "true_divide"), ast.Div),
    "pow": ast.Pow,
    "remainder": ast.Mod,
}
CONSTANTS = {"pi": 3.141592653589793, "e": 2.718281828459045}


def function(name: str, *args: ast.expr) -> ast.Call:
    """Return a call of the language's function `name`."""
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def _clamp(x: ast.expr, min: ast.expr | None = None, max: ast.expr | None = None) -> ast.expr:
    if min is None and max is None:
        raise TypeError
    low = x if min is None else function("maximum", x, min)
    return low if max is None else function("minimum", low, max)


def _with_product(sign: ast.operator) -> Callable[..., ast.expr]:
    def rule(x: ast.expr, a: ast.expr, b: ast.expr, value: ast.expr | None = None) -> ast.expr:
        both = ast.BinOp(a, sign, b)
        return ast.BinOp(x, ast.Add(), ast.BinOp(value, ast.Mult(), both) if value else both)

    return rule


def _lerp(a: ast.expr, b: ast.expr, weight: ast.expr) -> ast.expr:
    return function("lerp", a, b, weight)


RULES: Mapping[str, Callable[..., ast.expr]] = {
    "lerp": _lerp,
    "maximum": lambda a, b: function("maximum", a, b),
    "minimum": lambda a, b: function("minimum", a, b),
    "where": lambda c, a, b: function("where", c, a, b),
    "neg": lambda x: ast.UnaryOp(ast.USub(), x),
    "negative": lambda x: ast.UnaryOp(ast.USub(), x),
    "reciprocal": lambda x: ast.BinOp(ast.Constant(1.0), ast.Div(), x),
    "rsqrt": lambda x: ast.BinOp(ast.Constant(1.0), ast.Div(), function("sqrt", x)),
    "clamp": _clamp,
    "clamp_min": lambda x, min: _clamp(x, min=min),
    "clamp_max": lambda x, max: _clamp(x, max=max),
    "addcmul": _with_product(ast.Mult()),
    "addcdiv": _with_product(ast.Div()),
    "zeros_like": lambda x: ast.Constant(0.0),
    "ones_like": lambda x: ast.Constant(1.0),
    "full_like": lambda x, value: value,
}
