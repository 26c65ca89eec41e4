"""The arguments of a call, brought into the order in which the function takes them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from programs.calls import form_of_call
from programs.errors import closest
from programs.kind import Kind, Op, Param
from programs.refusal import Refused, quoted, refuse


def arguments(node: ast.Call, op: Op, kind: Kind) -> list[ast.expr]:
    """Bring positional and keyword arguments into the op's order."""
    try:
        return ordered(node, op)
    except Refused as refused:
        name = node.func.id if isinstance(node.func, ast.Name) else op.name
        form = form_of_call(name, node.args, node.keywords, kind)
        if form is None:
            raise
        raise Refused(replace(refused.fault, nearest=form)) from None


def ordered(node: ast.Call, op: Op) -> list[ast.expr]:
    """Bring the arguments of a call into the op's order, or say what is wrong with them."""
    names = [p.name for p in op.params]
    for spread in (a for a in node.args if isinstance(a, ast.Starred)):
        raise refuse(node, f"expected `{op.usage}`, found `{quoted(spread, 40)}`")
    for several in (a for a in node.args if isinstance(a, ast.List | ast.Tuple)):
        raise refuse(several, f"expected `{op.usage}`, found several values in brackets")
    if len(node.args) > len(names):
        raise refuse(node, f"expected `{op.usage}`, found {len(node.args)} arguments")
    called = node.func.id if isinstance(node.func, ast.Name) else op.name
    if len(node.args) > (places := op.by_place(called)):
        later = f"`{quoted(node.args[places], 40)}` without a name"
        raise refuse(node, f"expected `{op.usage}`, found {later} in `{called}`")
    given = _by_name(node, node.args, names, op.usage)
    return [_argument(node, op, param, given.get(param.name)) for param in op.params]


def of_helper(
    node: ast.Call, name: str, params: Sequence[str], args: Sequence[ast.expr]
) -> list[ast.expr]:
    """Bring what a call gives to the text's own function into the order of its parameters."""
    found, wanted = len(args) + len(node.keywords), len(params)
    usage = f"{name}({', '.join(params)})"
    given = {} if found > wanted else _by_name(node, args, params, usage)
    if len(given) != wanted:
        plural = "" if wanted == 1 else "s"
        raise refuse(node, f"`{name}` takes {wanted} argument{plural}, found {found}")
    return [given[param] for param in params]


def _by_name(
    node: ast.Call, args: Sequence[ast.expr], names: Sequence[str], usage: str
) -> dict[str, ast.expr]:
    """Return what a call gives for each name, in its place or by the name."""
    given: dict[str, ast.expr] = dict(zip(names, args, strict=False))
    for keyword in node.keywords:
        if keyword.arg is None:
            raise refuse(node, f"expected `{usage}`, found `**{quoted(keyword.value, 40)}`")
        if keyword.arg not in names or keyword.arg in given:
            near = closest(keyword.arg, set(names) - set(given))
            raise refuse(node, f"expected `{usage}`, found `{keyword.arg}=`", near)
        given[keyword.arg] = keyword.value
    return given


def _argument(node: ast.Call, op: Op, param: Param, given: ast.expr | None) -> ast.expr:
    """Fill in a default, and take `True` for 1 where a literal is wanted."""
    if given is None and param.default is None:
        raise refuse(node, f"expected `{op.usage}`; `{param.name}` is missing")
    if given is None:
        return ast.copy_location(ast.Constant(param.default), node)
    if param.attribute and isinstance(given, ast.Constant) and isinstance(given.value, bool):
        return ast.copy_location(ast.Constant(int(given.value)), given)
    return given
