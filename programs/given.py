"""Numbers that free-form Python gives a name outside a function, or as a parameter's default.

The language has neither, so each comes to stand as a line at the head of the function that reads
it:

    BETA = 0.9                            def update(w, g, m):
    def update(w, g, m, eps=1e-8):            BETA = 0.9
                                              eps = 1e-8
"""

from __future__ import annotations

import ast
from typing import Any


class Given(ast.Constant):
    """A literal that the text gave a name."""

    def __init__(self, name: str, value: float) -> None:
        super().__init__(value)
        self.name = name


class Heads(ast.NodeTransformer):
    """Let every literal that has a name be read by it, and say which lines bind them."""

    def __init__(self) -> None:
        self.known: dict[str, ast.Constant] = {}

    def visit(self, node: ast.AST) -> Any:
        """Replace a named literal by its name."""
        if not isinstance(node, Given):
            return super().visit(node)
        self.known[node.name] = ast.Constant(node.value)
        return ast.Name(node.name, ast.Load())

    def lines(self) -> list[ast.stmt]:
        """Return the assignments that the function begins with."""
        return [ast.Assign([ast.Name(n, ast.Store())], c) for n, c in self.known.items()]
