"""What a refusal says beside its place: the nearest legal form of what stands in a text."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping

from programs.beyond_ascii import name_for
from programs.calls import text_of
from programs.copies import as_copies
from programs.errors import nearly
from programs.forms import form_of_targets, nearest_form
from programs.kind import Kind
from programs.layout import MEANT, as_meant, comparison_around
from programs.refusal import Refused, described, quoted, refuse
from programs.unreturned import OTHER_NAMES


class Hints:
    """Find the forms for one function of a text; `bound` holds the names known at a place."""

    def __init__(self, kind: Kind, definition: ast.FunctionDef, source: str) -> None:
        self.kind, self.definition, self.source = kind, definition, source

    def nearest(self, node: ast.AST, bound: Mapping[str, object]) -> str | None:
        """Return the nearest legal form of an expression."""
        if self._around(node) is not None:
            return None
        return nearest_form(node, bound, self.kind, self.source)

    def no_name(self, node: ast.expr, name: str, bound: Collection[str]) -> Refused:
        """Refuse a name that nothing has here."""
        entry, plain = self.kind.entry, name_for(name) or name
        if name in entry.inputs:
            message = f"`{name}` is not a parameter here: add it to `def {entry.name}(…)`"
            return refuse(node, message)
        message, meant = f"the name `{name}` is not bound before this line", OTHER_NAMES.get(plain)
        if meant in entry.inputs and meant not in bound:
            return refuse(node, f"{message}: add `{meant}` to `def {entry.name}(…)`", meant)
        known = (*bound, *self.kind.constants)
        near = next((n for n in (meant, plain) if n in known), None)
        return refuse(node, message, near or nearly(plain, bound))

    def no_function(self, node: ast.Call, bound: Mapping[str, object]) -> Refused:
        """Refuse a call of what is no function of the language, and say what its form does else."""
        near = self.nearest(node, bound)
        unlike = near is not None and "conv(" in near and _without_bias(node)
        told = "; a convolution always has a bias" if unlike else ""
        return refuse(node, f"expected a function of the language{told}", near)

    def of_rank(self, node: ast.Compare) -> Refused | None:
        """Refuse a question after the number of dimensions, of which every tensor has two."""
        tensor = _tensor_of_rank(node.left)
        if tensor is None or "column_count" not in self.kind.ops:
            return None
        message = "expected a tensor as its matrix view, in which a vector has one column"
        question = ast.Compare(ast.Name("n"), node.ops, node.comparators)
        sign = _ABOUT_VECTORS.get(quoted(question, 20))
        near = f"column_count({quoted(tensor, 40)}) {sign} 1" if sign else None
        return refuse(node, f"{message}, found `{quoted(node, 40)}`", near)

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


_ABOUT_VECTORS = {
    **dict.fromkeys(("n > 1", "n >= 2", "n == 2", "n != 1"), ">"),
    **dict.fromkeys(("n < 2", "n <= 1", "n == 1", "n != 2"), "<="),
}
"""Questions after the number of dimensions that ask whether there are columns."""


def _tensor_of_rank(node: ast.expr) -> ast.expr | None:
    """Return the tensor whose number of dimensions is asked for: `w.ndim`, `len(w.shape)`."""
    match node:
        case ast.Attribute(value=owner, attr="ndim"):
            return owner
        case ast.Call(func=ast.Attribute(value=owner, attr="dim"), args=[]):
            return owner
        case ast.Call(func=ast.Name(id="len"), args=[ast.Attribute(value=owner, attr="shape")]):
            return owner
    return None


def _without_bias(node: ast.AST) -> bool:
    """Tell whether some layer is made without its bias."""
    return any(
        isinstance(n, ast.keyword)
        and n.arg in ("bias", "use_bias")
        and quoted(n.value, 10) == "False"
        for n in ast.walk(node)
    )
