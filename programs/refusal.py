"""How the parser says no: an exception with a located fault, and words for what it met."""

from __future__ import annotations

import ast

from programs.errors import Fault

_WORDS: dict[type[ast.AST], str] = {
    ast.Attribute: "an attribute",
    ast.Subscript: "an index",
    ast.For: "a loop",
    ast.While: "a loop",
    ast.If: "an `if` statement (write `where(condition, a, b)`)",
    ast.Import: "an import",
    ast.ImportFrom: "an import",
    ast.FunctionDef: "a function inside a function",
    ast.BoolOp: "`and` / `or` (multiply comparisons, or take their `maximum`)",
    ast.Compare: "a chain of comparisons",
}


class Refused(Exception):
    """Carry a fault out of the recursion, up to `parse`."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def refuse(node: ast.AST | None, message: str, nearest: str | None = None) -> Refused:
    """Return the refusal of what stands at a node."""
    line = getattr(node, "lineno", 1)
    return Refused(Fault(message, line, getattr(node, "col_offset", 0) + 1, nearest))


def described(node: ast.AST) -> str:
    """Say in words what a construct outside the language is."""
    return _WORDS.get(type(node), f"a Python `{type(node).__name__}`")
