"""The first two arguments of `repeat(f, n, x)` and `recur(f, n, x)`: a helper and a number."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence

from programs.calls import text_of
from programs.errors import closest
from programs.genome import COMBINATORS, Argument
from programs.inline import MAX_COPIES
from programs.kind import Kind
from programs.numbers import to_whole, worked_out
from programs.refusal import Refused, described, quoted, refuse


def helper_in(
    node: ast.Call,
    name: str,
    functions: Mapping[str, Sequence[str]],
    now: Mapping[str, Argument],
    kind: Kind,
) -> str:
    """Return the helper that a combinator applies, or raise what is wrong with its arguments."""
    usage = f"`{COMBINATORS[name]}`"
    if node.keywords:
        message = f"the arguments of {usage} stand in this order, without their names"
        raise refuse(node, message, _in_order(node, functions, now))
    match node.args:
        case [ast.Name(id=helper), number, *_] if helper in functions:
            count = _number(number, now)
        case [first, _, *_]:
            raise _no_helper(node, first, usage, _in_order(node, functions, now), functions, kind)
        case _:
            raise refuse(node, f"expected {usage}, found `{quoted(node, 60)}`")
    if count is None or count != int(count):
        message = f"expected a literal number of copies second in {usage}, found "
        nearest = _in_order(node, functions, now)
        raise refuse(number, f"{message}`{quoted(number, 40)}`", nearest)
    if not 1 <= count <= MAX_COPIES:
        raise refuse(number, f"expected 1 to {MAX_COPIES} copies")
    return helper


def _number(node: ast.expr, now: Mapping[str, Argument]) -> float | None:
    """Return a whole number that is written, or any number that has a name."""
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return float(min(value, MAX_COPIES + 1))
        case ast.Name(id=name) if isinstance(value := now.get(name), float):
            return value
        case ast.BinOp():
            value = worked_out(node, now)
            return None if value is None else to_whole(value)
    return None


def _no_helper(
    node: ast.Call,
    first: ast.expr,
    usage: str,
    nearest: str | None,
    functions: Collection[str],
    kind: Kind,
) -> Refused:
    """Refuse what stands where a helper's name should."""
    message = f"expected the name of a helper defined above first in {usage}"
    if nearest is not None:
        return refuse(node, f"{message}, then the number of copies", nearest)
    if not isinstance(first, ast.Name):
        inner = isinstance(first, ast.Lambda)
        found = described(first, kind) if inner else f"`{quoted(first, 40)}`"
        return refuse(first, f"{message}, found {found}")
    if first.id in kind.names:
        return refuse(first, f"{message}: write one that calls `{first.id}`")
    return refuse(first, f"{message}; `{first.id}` is none", closest(first.id, functions))


def _in_order(
    node: ast.Call, functions: Mapping[str, Sequence[str]], now: Mapping[str, Argument]
) -> str | None:
    """Return the call with its arguments in order, where they tell which is which."""
    given = [*node.args, *(k.value for k in node.keywords)]
    helpers = [a for a in given if isinstance(a, ast.Name) and a.id in functions]
    counts = [a for a in given if _number(a, now) is not None]
    if len(helpers) != 1 or len(counts) != 1:
        return None
    placed = [a for a in node.args if a not in (helpers[0], counts[0])]
    named = [k for k in node.keywords if k.value not in (helpers[0], counts[0])]
    values = _values(placed, named, functions[helpers[0].id])
    if not values or any(isinstance(a, ast.Starred) for a in values):
        return None
    return text_of(ast.Call(node.func, [*helpers, *counts, *values], []))


def _values(
    placed: list[ast.expr], named: list[ast.keyword], params: Sequence[str]
) -> list[ast.expr]:
    """Return what a helper is given in its own order, nothing where the names are not its own."""
    by_name = {k.arg: k.value for k in named}
    wanted = params[len(placed) :] if named else ()
    if len(named) == len(params) == 1 and not placed and None not in by_name:
        return [named[0].value]  # `x` of `repeat(f, n, x)`, whatever the helper calls it
    if by_name.keys() != set(wanted):
        return []
    return [*placed, *(by_name[name] for name in wanted)]


def as_copies(line: ast.stmt, functions: Collection[str]) -> str | None:
    """Return the form of a loop that does nothing but apply a helper again and again."""
    match line:
        case ast.For(
            iter=ast.Call(func=ast.Name(id="range"), args=[ast.Constant() as number]),
            body=[ast.Assign(targets=[ast.Name(id=target)], value=ast.Call() as call)],
            orelse=[],
        ):
            match call:
                case ast.Call(func=ast.Name(id=helper), args=[ast.Name(id=given)], keywords=[]) if (
                    helper in functions and given == target
                ):
                    return f"{target} = repeat({helper}, {quoted(number, 10)}, {target})"
    return None
