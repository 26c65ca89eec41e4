"""The nearest legal form of what others write: `relu(x)` is `maximum(x, 0)` in the language.

For messages alone: nothing here is read as a program. A form is shown only where the kind has all
that it is made of; of a name's rows in `programs.foreign` the first such one counts.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from programs.foreign import Row, rows
from programs.kind import Kind, Op
from programs.logic import Logic
from programs.refusal import quoted

WIDEST = 80
"""Characters up to which a suggestion is made of the words of the text itself."""

LARGEST = 60
"""Nodes of a syntax tree up to which an argument is mended too."""

_METHODS = {"T": "transpose", "t": "transpose", "mT": "transpose", "mm": "matmul", "bmm": "matmul"}
_IGNORED = ("keepdim", "keepdims", "dtype", "out", "inplace")
_RENAMED = {"axis": "dim", "a_min": "min", "a_max": "max", "other": "y"}


def form_of_call(
    name: str, args: list[ast.expr], keywords: list[ast.keyword], kind: Kind
) -> str | None:
    """Return the form of a call of a function that the kind lacks, or has otherwise."""
    name = name if name in rows() else name.rstrip("_")
    if args and isinstance(args[0], ast.List | ast.Tuple):
        args, keywords = args[0].elts, []  # torch.cat([x, y], dim=-1)
    return next(_of_rows(name, args, keywords, kind), None)


def form_of_sign(node: ast.AST, kind: Kind) -> str | None:
    """Return the form of an operator that the kind lacks."""
    match node:
        case ast.BinOp(
            left=left, op=ast.Div(), right=ast.Constant(value=int() | float() as by)
        ) if by and "mul" in kind.ops:
            factor = ast.Constant(_short(1.0, by, operator.truediv))
            return _text(ast.BinOp(left, ast.Mult(), factor))
        case ast.Subscript(value=ast.Attribute(value=owner, attr="shape"), slice=ast.expr() as at):
            return form_of_call("shape", [owner, at], [], kind)
        case ast.BinOp(left=left, op=sign, right=right):
            return form_of_call(type(sign).__name__, [left, right], [], kind)
        case ast.UnaryOp(op=sign, operand=operand):
            return form_of_call(type(sign).__name__, [operand], [], kind)
    return None


def form_of_attribute(node: ast.AST, bound: Mapping[str, object], kind: Kind) -> str | None:
    """Return the form of `torch.sign(x)`, `np.linalg.norm(x)`, `x.mean()` and `x.T`."""
    inner = node.func if isinstance(node, ast.Call) else node
    if not isinstance(inner, ast.Attribute):
        return None
    name, module = inner.attr, _is_module(inner.value, bound)
    if not isinstance(node, ast.Call):
        if module:
            return name if name in kind.constants else None
        args, keywords = [inner.value], []
    else:
        args = [_mended(a, bound, kind) for a in node.args]
        if not module:
            args = [_mended(inner.value, bound, kind), *args]
        keywords = node.keywords
    plain = name.rstrip("_")
    op = kind.op_named(plain) or kind.op_named(_METHODS.get(plain, ""))
    if op is not None and (direct := _direct(op, plain, args, keywords)) is not None:
        return direct
    return form_of_call(name, args, keywords, kind) or (op.usage if op else None)


def _mended(node: ast.expr, bound: Mapping[str, object], kind: Kind) -> ast.expr:
    """Return an argument in its own nearest form: `torch.exp(g.abs())` has two to mend."""
    short = len(list(islice(ast.walk(node), LARGEST))) < LARGEST
    if not short or isinstance(node, ast.Starred):
        return node
    return _Mending(bound, kind).visit(_copied(node))


class _Mending(ast.NodeTransformer):
    def __init__(self, bound: Mapping[str, object], kind: Kind) -> None:
        self.bound, self.kind = bound, kind

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return self.mended(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return self.mended(node)

    def mended(self, node: ast.expr) -> ast.AST:
        form = form_of_attribute(node, self.bound, self.kind)
        if form is None or "…" in form:
            return self.generic_visit(node)
        return ast.parse(form, mode="eval").body


def _copied(node: ast.expr) -> ast.expr:
    try:
        return ast.parse(ast.unparse(node), mode="eval").body
    except ValueError:  # a number of over 4,300 digits
        return node


def _is_spread(args: list[ast.expr]) -> bool:
    """Tell whether how many arguments there are shows only when `f(*x)` runs."""
    return any(isinstance(a, ast.Starred) for a in args)


def _is_module(owner: ast.expr, bound: Mapping[str, object]) -> bool:
    """Tell whether an owner is a dotted name that starts with nothing of the program's."""
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    return isinstance(owner, ast.Name) and owner.id not in bound


def _direct(op: Op, name: str, args: list[ast.expr], keywords: list[ast.keyword]) -> str | None:
    """Return a call of the op itself where the arguments fit it."""
    params = [p.name for p in op.params]
    given = {*params[: len(args)], *(k.arg or "" for k in keywords)}
    needed = {p.name for p in op.params if p.default is None}
    if (
        _is_spread(args)
        or not needed <= given <= set(params)
        or len(given) < len(args) + len(keywords)
    ):
        return None
    shown = name if name in (op.name, *op.aliases) else op.name
    return _text(ast.Call(ast.Name(shown, ast.Load()), args, keywords)) or f"{shown}(…)"


def _of_rows(
    name: str, args: list[ast.expr], keywords: list[ast.keyword], kind: Kind
) -> Iterator[str]:
    logic = Logic(kind)
    for row in rows().get(name, ()):
        given = _given(row, args, keywords)
        if given is None or not all(_legal(n, logic, row) for n in ast.walk(row.form)):
            continue
        filled = _Filled(given).visit(_copied(row.form))
        yield _text(_folded(filled)) or ast.unparse(row.form)


def _given(
    row: Row, args: list[ast.expr], keywords: list[ast.keyword]
) -> dict[str, ast.expr] | None:
    """Return the arguments by the row's names, or `None` where they do not fit it."""
    if _is_spread(args) or len(args) > len(row.params):
        return None
    given = dict(zip(row.params, args, strict=False))
    for keyword in keywords:
        name = _RENAMED.get(keyword.arg or "", keyword.arg or "")
        if name in _IGNORED:
            continue
        if name in given:
            return None
        given[name] = keyword.value
    fits = given.keys() == set(row.params)
    fits = fits and all(quoted(given[n], 20) == value for n, value in row.fixed.items())
    return given if fits else None


def _legal(node: ast.AST, logic: Logic, row: Row) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return logic.kind.op_named(name) is not None
        case ast.BinOp(op=ast.FloorDiv()):
            return "%" in logic.by_sign or "floor" in logic.kind.ops
        case ast.Compare(ops=[ast.Eq() | ast.NotEq()]):
            return ">=" in logic.by_sign
        case ast.BinOp(op=sign) | ast.Compare(ops=[sign]):
            return logic.op(sign) is not None
    return True


class _Filled(ast.NodeTransformer):
    """Put arguments in the place of a form's names."""

    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.given.get(node.id, node)


def _folded(node: ast.expr) -> ast.expr:
    """Work out `1 - 0.9`, as nobody would write it."""
    match node:
        case ast.Call(args=args):
            node.args = [_folded(a) for a in args]
        case ast.BinOp(
            left=ast.Constant(value=int() | float() as a),
            op=ast.Sub(),
            right=ast.Constant(value=int() | float() as b),
        ):
            return ast.Constant(_short(a, b, operator.sub))
    return node


def _short(a: float, b: float, op: Callable[[float, float], float]) -> float:
    try:
        return float(f"{op(a, b):.6g}")
    except OverflowError:  # a whole number beyond all floats
        return 0.0


def _text(node: ast.expr) -> str | None:
    """Return a suggestion, or `None` where it is too long to be one."""
    text = quoted(node, WIDEST + 1)
    return text if len(text) <= WIDEST and "…" not in text else None
