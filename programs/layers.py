"""Layers as others build them: `nn.Linear(64, 128)(x)` is a call of a function of `x`.

For messages alone, as all of `programs.forms`.
"""

from __future__ import annotations

import ast

STACK = "Sequential"


def applied(node: ast.AST) -> ast.Call | None:
    """Return a layer that is made and applied at once as one call: `Linear(x, 64, 128)`."""
    match node:
        case ast.Call(func=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) as made):
            if name == STACK:
                return _stacked(made, node)
            return ast.Call(
                ast.Name(name, ast.Load()),
                [*node.args, *made.args],
                [*node.keywords, *made.keywords],
            )
    return None


def _stacked(made: ast.Call, node: ast.Call) -> ast.Call | None:
    """Return layers in a row as the last one, applied to what the others give."""
    if len(node.args) != 1 or node.keywords or not made.args or made.keywords:
        return None
    value = node.args[0]
    for layer in made.args:
        value = ast.Call(layer, [value], [])
    return applied(value)


def made_only(node: ast.AST) -> bool:
    """Tell whether a layer is made and not applied: `nn.Linear(64, 128)`, by its capital."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name[:1].isupper()
    return False


def part_of_call(node: ast.AST) -> tuple[ast.Call, int] | None:
    """Return the call and the place where one of its results is taken: `split(x, 2)[0]`."""
    match node:
        case ast.Subscript(value=ast.Call() as call, slice=ast.Constant(value=int() as place)):
            return call, place
    return None


def last_position(node: ast.AST) -> ast.expr | None:
    """Return the sequence whose last position is taken: `x[:, -1]`."""
    match node:
        case ast.Subscript(value=owner, slice=ast.expr() as at):
            taken = ast.unparse(at).strip("()")
            return owner if taken in (":, -1", ":, -1, :") else None
    return None
