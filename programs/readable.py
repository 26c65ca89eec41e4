"""Whether a suggestion can be read: what a refusal shows as legal must be legal.

Only the form is looked at, as in `lower.py`: names, signs, and the arguments of calls.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from functools import partial

from programs.arguments import ordered
from programs.calls import legal
from programs.genome import COMBINATORS, Argument
from programs.kind import Kind, Op
from programs.logic import Logic
from programs.numbers import worked_out
from programs.refusal import Refused

_CONDITIONS = (ast.Compare, ast.BoolOp)
_OTHERS = (
    *(ast.Name, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.keyword, ast.expr_context),
    *(ast.operator, ast.unaryop, ast.cmpop, ast.boolop),
)


def readable(
    suggestion: str, functions: Collection[str], kind: Kind, now: Mapping[str, Argument]
) -> bool:
    """Tell whether a form could stand where `now` is bound and `functions` are the helpers.

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
    legal_here = partial(_is_legal, functions=functions, logic=logic, now=now)
    return all(legal_here(n) for part in parts for n in ast.walk(part))


def fits(form: str, functions: Collection[str], kind: Kind) -> bool:
    """Tell whether a form is readable and a call of a function that takes its literals."""
    if "…" in form or not readable(form, functions, kind, {}):
        return False
    tree = ast.parse(form, mode="eval").body
    match tree:
        case ast.Call(func=ast.Name(id=name)) if (op := kind.op_named(name)) is not None:
            pairs = zip(op.params, ordered(tree, op), strict=True)
            return all(p.attribute.admits(_constant(a)) for p, a in pairs if p.attribute)
    return False


def _constant(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _is_legal(
    node: ast.AST, functions: Collection[str], logic: Logic, now: Mapping[str, Argument]
) -> bool:
    match node:
        case ast.BinOp() if logic.kind.literals and _is_number(node, now):
            return True
        case ast.Constant(value=value):
            return isinstance(value, int | float)
        case ast.Call(func=ast.Name(id=name)):
            op = logic.kind.op_named(name)
            return name in (*functions, *COMBINATORS) or (op is not None and _takes(node, op))
        case ast.BoolOp(values=values):
            return bool(logic.comparisons) and all(isinstance(v, _CONDITIONS) for v in values)
    return isinstance(node, (*_OTHERS, ast.Compare)) and legal(node, logic)


def _is_number(node: ast.expr, now: Mapping[str, Argument]) -> bool:
    try:
        return worked_out(node, now) is not None
    except Refused:
        return False


def _takes(node: ast.Call, op: Op) -> bool:
    try:
        ordered(node, op)
    except Refused:
        return False
    return True
