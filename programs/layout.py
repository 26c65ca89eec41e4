"""What a text means by its layout where Python reads it otherwise: `1 - p^2` means `1 - p ** 2`.

Python's `^`, `&` and `|` are signs of bits and bind otherwise than what they are written for. The
text is read again with the sign that is meant; brackets stand in it where the writer put them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

MEANT: dict[type[ast.AST], tuple[str, str]] = {
    ast.BitXor: ("^", "**"),
    ast.BitAnd: ("&", "and"),
    ast.BitOr: ("|", "or"),
}
"""What is written, and for what, by the sign that Python reads."""


def as_meant(node: ast.expr, signs: Iterable[type[ast.AST]], source: str) -> ast.expr | None:
    """Return what stands at a node with other signs in the place of these signs of bits."""
    text = ast.get_source_segment(source, node)
    if text is None or "#" in text:
        return None
    for sign in signs:
        written, meant = MEANT[sign]
        text = text.replace(written, f" {meant} ")
    try:
        return ast.parse(f"({text})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def comparison_around(node: ast.expr, within: ast.AST) -> ast.Compare | None:
    """Return the comparison that `&` or `|` is an operand of: `a > 0 & b > 0` holds `0 & b`."""
    for found in ast.walk(within):
        operands = (found.left, *found.comparators) if isinstance(found, ast.Compare) else ()
        if any(operand is node for operand in operands):
            return found  # type: ignore[return-value]
    return None
