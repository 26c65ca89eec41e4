"""Arithmetic on numbers alone, where a kind has none of its own: `times=8 / 3`, `linear(x, 4 * d)`.

Networks take literals and have no arithmetic on them, so it is worked out as the text is read.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping

from programs.refusal import Refused, quoted, refuse

MAX_CONSTANT = 1e30

NEAR = 1e-12
"""The share of a whole number up to which what lies beside it is dirt of the last digits."""

_SIGNS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}

_FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "int": math.trunc,
    "float": float,
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "abs": abs,
    "max": max,
    "min": min,
    "sqrt": math.sqrt,
    "log2": math.log2,
    "pow": pow,
}


def worked_out(node: ast.expr, now: Mapping[str, object]) -> float | None:
    """Return what arithmetic on literals, and on names of them, comes to; `None` for all else."""
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return literal(node, value)
        case ast.Name(id=name) if isinstance(value := now.get(name), float):
            return float(value)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            value = worked_out(operand, now)
            return -value if value is not None and isinstance(sign, ast.USub) else value
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _SIGNS:
            a = worked_out(left, now)
            b = None if a is None else worked_out(right, now)
            return None if a is None or b is None else _made(node, _SIGNS[type(sign)], a, b)
    return None


def to_whole(value: float) -> float:
    """Return the whole number beside what arithmetic comes to: `0.29 * 100` is 29."""
    whole = float(round(value))
    return whole if math.isclose(value, whole, rel_tol=NEAR) else value


def literal(node: ast.expr, value: float) -> float:
    """Return a number of the text as one that a program may hold."""
    if not abs(value) <= MAX_CONSTANT:
        raise refuse(node, f"expected a number within ±{MAX_CONSTANT:g}")
    return float(value)


def _made(node: ast.expr, op: Callable[[float, float], float], a: float, b: float) -> float:
    try:
        value = op(a, b)
    except ZeroDivisionError:
        value = None
    except OverflowError:
        value = math.inf
    if not isinstance(value, float):
        raise refuse(node, f"expected a number, but `{quoted(node, 40)}` is none")
    return literal(node, value)


def number_of_call(name: str, args: list[ast.expr], now: Mapping[str, object]) -> str | None:
    """Return the number that a function of Python's gives: 170 for `int(64 * 8 / 3)`."""
    try:
        values = [worked_out(a, now) for a in args]
        found = _FUNCTIONS[name](*values)
    except (Refused, KeyError, TypeError, ValueError, ArithmeticError):
        return None
    if not isinstance(found, int | float) or abs(found) > MAX_CONSTANT:
        return None
    return str(int(found)) if found == int(found) else repr(found)
