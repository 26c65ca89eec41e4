"""How the parser says no: an exception with a located fault, and words for what it met."""

from __future__ import annotations

import ast

from programs.errors import Fault
from programs.kind import Kind

_WORDS: dict[type[ast.AST], str] = {
    ast.Attribute: "an attribute",
    ast.Subscript: "an index",
    ast.For: "a loop",
    ast.While: "a loop",
    ast.If: "an `if` statement",
    ast.Import: "an import",
    ast.ImportFrom: "an import",
    ast.FunctionDef: "a function inside a function",
    ast.Lambda: "a function inside a function",
    ast.ClassDef: "a class",
    ast.Expr: "an expression whose value has no name",
    ast.Assign: "a target that is no name, or several for one value",
    ast.AnnAssign: "a name without a value",
    ast.AugAssign: "a target that is no name",
    ast.NamedExpr: "`:=` (give the value a line of its own)",
    ast.Invert: "`~`",
    ast.Starred: "a `*`",
    ast.Tuple: "several values where one is wanted",
    ast.List: "a list",
    ast.Dict: "a dictionary",
    ast.ListComp: "a list",
    ast.GeneratorExp: "a loop",
    ast.JoinedStr: "a text",
    ast.Pass: "`pass`",
    ast.With: "a `with` statement",
    ast.Try: "a `try` statement",
    ast.Assert: "an assertion",
}


class Refused(Exception):
    """Carry a fault out of the recursion, up to `parse`."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def refuse(node: ast.AST | None, message: str, nearest: str | None = None) -> Refused:
    """Return the refusal of what stands at a node."""
    line = getattr(node, "lineno", 1)
    return Refused(Fault(message, line, getattr(node, "col_offset", 0) + 1, nearest))


def described(node: ast.AST, kind: Kind) -> str:
    """Say in words what a construct outside the language is, and what the kind has instead."""
    node = node.op if isinstance(node, ast.UnaryOp) else node
    return _WORDS.get(type(node), f"a Python `{type(node).__name__}`") + _instead(node, kind)


def _instead(node: ast.AST, kind: Kind) -> str:
    match node:
        case ast.If() if "where" in kind.ops:
            return " (write `where(condition, a, b)`)"
        case ast.Invert() if "ge" in kind.ops:
            return " (write `1 - c` for a comparison `c`)"
        case ast.For() | ast.While() | ast.GeneratorExp() | ast.ListComp():
            return " (write `repeat(f, n, x)` with a helper `f` defined above)"
        case ast.FunctionDef() | ast.Lambda():
            return f" (define it above `def {kind.entry.name}`)"
    return ""


def quoted(node: ast.AST, width: int) -> str:
    """Return the beginning of a node's source; Python prints no number of over 4,300 digits."""
    try:
        return ast.unparse(node)[:width]
    except ValueError:
        return "…"
