"""Whether a suggestion can be read: what a refusal shows as legal must be legal.

Only the form is looked at, as in `lower.py`: names, signs, and the arguments of calls.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from programs.arguments import ordered
from programs.calls import legal
from programs.genome import COMBINATORS
from programs.kind import Kind, Op
from programs.logic import Logic
from programs.refusal import Refused

_CONDITIONS = (ast.Compare, ast.BoolOp)
_OTHERS = (
    *(ast.Name, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.keyword, ast.expr_context),
    *(ast.operator, ast.unaryop, ast.cmpop, ast.boolop),
)


def readable(suggestion: str, functions: Collection[str], kind: Kind) -> bool:
    """Tell whether a form could stand in a program whose helpers are `functions`.

    Its names may be a reader's to fill in, and what is no expression is taken as it is: the name of
    a function, a function's head, lines.
    """
    if "…" in suggestion:
        return True
    try:
        tree = ast.parse(suggestion, mode="eval").body
    except SyntaxError:
        return True
    parts = tree.elts if isinstance(tree, ast.Tuple) else [tree]
    logic = Logic(kind)
    return all(_is_legal(n, functions, logic) for part in parts for n in ast.walk(part))


def _is_legal(node: ast.AST, functions: Collection[str], logic: Logic) -> bool:
    match node:
        case ast.Constant(value=value):
            return isinstance(value, int | float)
        case ast.Call(func=ast.Name(id=name)):
            op = logic.kind.op_named(name)
            return name in (*functions, *COMBINATORS) or (op is not None and _takes(node, op))
        case ast.BoolOp(values=values):
            return bool(logic.comparisons) and all(isinstance(v, _CONDITIONS) for v in values)
    return isinstance(node, (*_OTHERS, ast.Compare)) and legal(node, logic)


def _takes(node: ast.Call, op: Op) -> bool:
    try:
        ordered(node, op)
    except Refused:
        return False
    return True
