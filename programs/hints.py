"""What a refusal says beside its place: the nearest legal form of what stands in a text."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping

from programs.calls import text_of
from programs.copies import as_copies
from programs.forms import form_of_targets, nearest_form
from programs.kind import Kind
from programs.layout import MEANT, as_meant, comparison_around
from programs.refusal import Refused, described, quoted, refuse


class Hints:
    """Find the forms for one function of a text; `bound` holds the names known at a place."""

    def __init__(self, kind: Kind, definition: ast.FunctionDef, source: str) -> None:
        self.kind, self.definition, self.source = kind, definition, source

    def nearest(self, node: ast.AST, bound: Mapping[str, object]) -> str | None:
        """Return the nearest legal form of an expression."""
        if self._around(node) is not None:
            return None
        return nearest_form(node, bound, self.kind, self.source)

    def no_condition(self, node: ast.expr, part: ast.expr, bound: Mapping[str, object]) -> Refused:
        """Refuse a part of a condition that is none."""
        around = self._around(node)
        if around is None or not isinstance(node, ast.BinOp):
            found = f"expected a comparison in `{quoted(node, 60)}`, found `{quoted(part, 40)}`"
            return refuse(part, found, self.nearest(node, bound))
        written, meant = MEANT[type(node.op)]
        whole = as_meant(around, MEANT, self.source)
        message = f"`{written}` binds more tightly than a comparison: write `{meant}`"
        return refuse(node, message, text_of(whole) if whole else None)

    def no_assignment(
        self, line: ast.stmt, bound: Mapping[str, object], functions: Collection[str]
    ) -> Refused:
        """Refuse a line that is no `name = expression`."""
        near = as_copies(line, functions)
        match line:
            case ast.Assign(targets=[ast.Tuple() as targets], value=value):
                near = form_of_targets(targets, value, bound, self.kind)
        message = f"expected `name = expression`, found {described(line, self.kind)}"
        return refuse(line, message, near)

    def _around(self, node: ast.AST) -> ast.Compare | None:
        """Return the comparison that took in the `&` or `|` which should have joined two."""
        match node:
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
                return comparison_around(node, self.definition)
        return None
