"""What to say of an import: nothing is imported, but what a text takes from a module has a form."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from programs.forms import nearest_call, nearest_form
from programs.kind import Kind
from programs.readable import readable
from programs.refusal import quoted

MOST = 4
"""Uses that one message tells of."""


def without_imports(lines: Sequence[ast.stmt], kind: Kind, source: str) -> str:
    """Say that the imports go, and what to write for all that is taken from them."""
    imports = [line for line in lines if isinstance(line, ast.Import | ast.ImportFrom)]
    names = {
        (alias.asname or alias.name).partition(".")[0] for line in imports for alias in line.names
    }
    told = f": drop the import{'s' * (len(imports) > 1)}"
    found: dict[str, str] = {}
    functions = [line for line in lines if isinstance(line, ast.FunctionDef)]
    for function in functions:
        bound = _bound(function)
        for use in _uses(function, names - bound, kind):
            form = _form(use, bound, kind, source)
            if form and readable(form, [f.name for f in functions], kind, {}):
                words = f"on line {use.lineno} write `{form}` for `{quoted(use, 60)}`"
            else:
                words = f"line {use.lineno} has `{quoted(use, 60)}`, which the language has not"
            found.setdefault(ast.dump(use), words)
    if not found:
        return f"{told}, for nothing of it is read"
    return f"{told}; {'; '.join(list(found.values())[:MOST])}"


def _form(use: ast.expr, bound: set[str], kind: Kind, source: str) -> str | None:
    match use:
        case ast.Call(func=ast.Name(id=name)):
            return nearest_call(use, name, dict.fromkeys(bound), kind)
    return nearest_form(use, dict.fromkeys(bound), kind, source)


def _bound(function: ast.FunctionDef) -> set[str]:
    stored = (
        n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    )
    return {*stored, *(a.arg for a in function.args.args)}


def _uses(node: ast.AST, names: set[str], kind: Kind) -> Iterator[ast.expr]:
    """Yield the largest expressions that begin with one of the names."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call | ast.Attribute) and _begins_with(child, names, kind):
            yield child
        else:
            yield from _uses(child, names, kind)


def _begins_with(node: ast.expr, names: set[str], kind: Kind) -> bool:
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return False
    return not (called and kind.op_named(node.id))
