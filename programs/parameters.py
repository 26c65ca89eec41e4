"""The parameters of a function: names alone, or a refusal that says where the rest belongs."""

from __future__ import annotations

import ast

from programs.kind import Kind
from programs.refusal import quoted, refuse

_SIMPLE = "expected plain parameters: no defaults, no `*`, no decorator"


def plain_parameters(definition: ast.FunctionDef, kind: Kind) -> list[ast.arg]:
    """Return the parameters of a function that has nothing else in its head."""
    args = definition.args
    extras = (args.vararg, args.kwarg, args.kwonlyargs, args.defaults, args.posonlyargs)
    # Python 3.12 reads `def f[T](x)`.
    generic = getattr(definition, "type_params", ())
    if any(extras) or definition.decorator_list or generic:
        entry = definition.name == kind.entry.name
        given = _given(args, kind) if entry else {}
        told = f"; write {', '.join(f'`{n} = {v}`' for n, v in given.items())} in the body"
        raise refuse(definition, _SIMPLE + told * bool(given), _head(definition, [*given]))
    if args.args and args.args[0].arg == "self":
        message = f"`{definition.name}` is a function and no method: leave out `self`"
        raise refuse(args.args[0], message, _head(definition, ["self"]))
    return args.args


def _given(args: ast.arguments, kind: Kind) -> dict[str, str]:
    """Return the numbers that are parameters only to have a name."""
    named = [*args.args[len(args.args) - len(args.defaults) :], *args.kwonlyargs]
    return {
        arg.arg: quoted(value, 20)
        for arg, value in zip(named, [*args.defaults, *args.kw_defaults], strict=False)
        if isinstance(value, ast.expr) and arg.arg not in kind.entry.inputs
    }


def _head(definition: ast.FunctionDef, without: list[str]) -> str | None:
    """Return the head of a function with names alone."""
    args = definition.args
    if args.vararg or args.kwarg:
        return None
    names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    head = f"def {definition.name}({', '.join(n for n in names if n not in without)})"
    return head if len(head) <= 80 else None
