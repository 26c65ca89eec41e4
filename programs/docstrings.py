"""Docstrings, read so that they are written again as they were read."""

from __future__ import annotations

import ast
import inspect


def docstring(node: ast.stmt) -> str | None:
    """Return the text of a docstring, or `None` for any other statement."""
    match node:
        case ast.Expr(value=ast.Constant(value=str() as text)):
            return _readable(text)
    return None


def _readable(text: str) -> str:
    """Dedent a docstring and blank what cannot be printed, so that it is written as it was read."""
    text = "".join(c if c == "\n" or c.isprintable() else " " for c in text.expandtabs())
    while (clean := inspect.cleandoc(text).strip()) != text:
        text = clean
    return text
