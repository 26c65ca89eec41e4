"""What an expression of free-form Python hands on under a second name, instead of making its own.

    m    +m    m.detach()    m if c else g    f(m) with a helper f      may be the same tensor
    0.9 * m    m.clone()     m.sign()                                   is another one

A change in place, `m.mul_(0.9)`, is seen under every name that a tensor has.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

_SAME = ("detach", "contiguous")
_MADE = ("abs", "float", "pow")


def handed_on(value: ast.expr, imported: Mapping[str, str]) -> set[str]:
    """Return the names whose tensors a value may be; `imported` names functions of torch."""
    match value:
        case ast.Name(id=name):
            return {name}
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return handed_on(operand, imported)
        case ast.IfExp(body=body, orelse=orelse):
            return handed_on(body, imported) | handed_on(orelse, imported)
        case ast.Call(func=ast.Attribute(value=owner, attr=name)):
            given = [owner, *_given(value)] if name in _SAME else []
        case ast.Call(func=ast.Name(id=name)):
            of_torch = name in imported and imported[name] not in _SAME
            given = [] if name in _MADE or of_torch else _given(value)
        case _:
            return set()
    return set().union(*(handed_on(a, imported) for a in given))


def _given(call: ast.Call) -> list[ast.expr]:
    """Return what a call is given, by place and by name."""
    return [*call.args, *(k.value for k in call.keywords)]


def root_of_changes(call: ast.Call) -> str | None:
    """Return the name at the start of a chain of methods that all change it in place."""
    node: ast.expr = call
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if not node.func.attr.endswith("_"):
            return None
        node = node.func.value
    return node.id if isinstance(node, ast.Name) else None


def reads_changed(call: ast.Call, name: str) -> bool:
    """Tell whether a chain of changes reads its owner anew: `m.mul_(0.9).add_(m)`."""
    node: ast.expr = call
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        given = _given(node)
        node = node.func.value
        # The first change has what it is given before it changes anything.
        first = isinstance(node, ast.Name)
        names = (n.id for a in given for n in ast.walk(a) if isinstance(n, ast.Name))
        if not first and name in names:
            return True
    return False
