"""Sorts of arguments, as far as their text tells: a number, a kernel's size, a flat tensor.

For messages alone, as all of `programs.forms`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from programs.refusal import quoted

_NEVER_BELOW_0 = ("step", "total", "lr", "pi", "e", "eps")
_NEVER_BELOW_0_CALLS = (
    *("abs", "square", "sqrt", "exp", "exp2", "exp10", "norm", "rms", "global_norm", "row_norm"),
    *("column_norm", "row_count", "column_count", "numel"),
)
_FLAT = {"flatten": [], "ravel": [], "view": ["-1"], "reshape": ["-1"]}
"""Methods that make one vector of a tensor, and what they are given for it."""

_WIDEST_KERNEL = 12

_MODULES = ("torch", "np", "numpy", "jnp")


def _is_plus(node: ast.expr) -> bool:
    """Tell whether a value is never below 0."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return value >= 0
        case ast.Name(id=name):
            return name in _NEVER_BELOW_0
        case ast.Call(func=ast.Name(id="maximum"), args=args):
            return any(_is_plus(a) for a in args)
        case ast.Call(func=ast.Name(id="minimum"), args=args):
            return all(_is_plus(a) for a in args)
        case ast.Call(func=ast.Name(id=name)):
            return name in _NEVER_BELOW_0_CALLS
        case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.Div(), right=right):
            return _is_plus(left) and _is_plus(right)
        case ast.BinOp(left=left, op=ast.FloorDiv(), right=right):
            return _is_plus(left) and _is_plus(right)
        case ast.BinOp(op=ast.Mod(), right=right):
            return _is_plus(right)
        case ast.BinOp(left=left, op=ast.Pow()):
            return _is_plus(left)
    return False


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.UnaryOp(operand=operand):
            return _is_number(operand)
    return isinstance(node, ast.Constant)


def _is_mask(node: ast.expr) -> bool:
    """Tell whether a value may be one of truths, whose bits are the whole of it."""
    match node:
        case ast.Name(id=name):
            return name not in _NEVER_BELOW_0
        case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() | ast.Mult(), right=right):
            return _is_mask(left) and _is_mask(right)
        case ast.BinOp(left=ast.Constant(value=1), op=ast.Sub(), right=right):
            return _is_mask(right)
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            return _is_mask(operand)
        case ast.UnaryOp(op=ast.Not()) | ast.Compare() | ast.BoolOp() | ast.Call():
            return True
    return False


def _is_kernel(node: ast.expr) -> bool:
    """Tell whether a number can hardly be a width: where it stands, torch's layers have one."""
    match node:
        case ast.Constant(value=int() as value):
            return value % 2 == 1 and value < _WIDEST_KERNEL
        case ast.Tuple(elts=sizes):
            return all(_is_kernel(size) for size in sizes)
    return False


def flattened(node: ast.expr) -> ast.expr | None:
    """Return the tensor that is made one vector of: `g` in `g.flatten()` and `g.view(-1)`."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name)), args=[]) if name in _MODULES:
            return None
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=name), attr=flat), args=[owner, *sizes]
        ) if name in _MODULES:
            return owner if _is_flat(flat, sizes) else None
        case ast.Call(func=ast.Attribute(value=owner, attr=flat), args=sizes, keywords=[]):
            return owner if _is_flat(flat, sizes) else None
    return None


def _is_flat(name: str, sizes: list[ast.expr]) -> bool:
    return [quoted(s, 10) for s in sizes] == _FLAT.get(name)


SORTS: Mapping[str, Callable[[ast.expr], bool]] = {
    "plus": _is_plus,
    "number": _is_number,
    "kernel": _is_kernel,
    "mask": _is_mask,
    "tensor": lambda node: not _is_number(node),
    "flat": lambda node: flattened(node) is not None,
}
