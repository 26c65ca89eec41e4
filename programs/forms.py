"""The nearest legal form of what others write: `relu(x)` is `maximum(x, 0)` in the language.

For messages alone: nothing here is read as a program. Rather none is shown than a wrong one.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping
from itertools import islice

from programs.calls import (
    IGNORED,
    WIDEST,
    copied,
    form_of_call,
    is_spread,
    legal,
    short,
    text_of,
)
from programs.foreign import OTHERWISE, rows
from programs.kind import Kind, Op
from programs.layers import applied, last_position, made_only, part_of_call
from programs.layout import as_meant
from programs.logic import Logic
from programs.numbers import number_of_call, worked_out
from programs.refusal import Refused, quoted

LARGEST = 60
"""Nodes of a syntax tree up to which an argument is mended too."""

_METHODS = {"T": "transpose", "t": "transpose", "mT": "transpose", "mm": "matmul", "bmm": "matmul"}
_AMBIGUOUS = ("norm",)
"""What torch means otherwise than the writers of networks do."""


def nearest_form(node: ast.AST, bound: Mapping[str, object], kind: Kind, source: str) -> str | None:
    """Return the nearest legal form of an expression that the language has not."""
    if isinstance(node, ast.expr) and any(isinstance(n, ast.BitXor) for n in ast.walk(node)):
        meant = as_meant(node, [ast.BitXor], source)
        if not isinstance(meant, ast.BinOp | ast.UnaryOp):
            return nearest_form(meant, bound, kind, source) if meant else None
        mended = _mended(meant, bound, kind)
        return text_of(mended) if _has_signs(mended, kind) else None
    return (
        form_of_attribute(node, bound, kind)
        or _form_of_part(node, bound, kind)
        or _form_of_sign(_with_mended_operands(node, bound, kind), bound, kind)
    )


def nearest_call(node: ast.Call, name: str, bound: Mapping[str, object], kind: Kind) -> str | None:
    """Return the nearest form of a call of a function that the kind lacks."""
    if name != name.lower():
        return _form_of_layer(node, bound, kind)
    if kind.literals and (number := number_of_call(name, node.args, bound)):
        return number
    return form_of_call(name, node.args, node.keywords, kind)


def _with_mended_operands(node: ast.AST, bound: Mapping[str, object], kind: Kind) -> ast.AST:
    match node:
        case ast.BinOp(left=left, op=sign, right=right):
            return ast.BinOp(_mended(left, bound, kind), sign, _mended(right, bound, kind))
        case ast.UnaryOp(op=sign, operand=operand):
            return ast.UnaryOp(sign, _mended(operand, bound, kind))
    return node


def _form_of_sign(node: ast.AST, bound: Mapping[str, object], kind: Kind) -> str | None:
    """Return the form of an operator that the kind lacks."""
    match node:
        case ast.BinOp(left=left, op=ast.Div(), right=right) if kind.literals and (
            by := _number(right, bound)
        ):
            return text_of(ast.BinOp(left, ast.Mult(), _inverse(right, by)))
        case ast.Subscript(value=ast.Attribute(value=owner, attr="shape"), slice=ast.expr() as at):
            return form_of_call("shape", [owner, at], [], kind)
        case ast.BinOp(left=left, op=sign, right=right):
            return form_of_call(type(sign).__name__, [left, right], [], kind)
        case ast.UnaryOp(op=ast.Invert()) if "ge" not in kind.ops:
            return None
        case ast.UnaryOp(op=sign, operand=operand):
            return form_of_call(type(sign).__name__, [operand], [], kind)
    return None


def _number(node: ast.expr, bound: Mapping[str, object]) -> float | None:
    try:
        return worked_out(node, bound)
    except Refused:
        return None


def _inverse(written: ast.expr, by: float) -> ast.expr:
    """Return 1 / `by` as one would write it: 0.5, and `1 / 3` where no few digits are the same."""
    few = short(1.0, by, operator.truediv)
    if isinstance(written, ast.Constant) and few * by == 1:
        return ast.Constant(few)
    return ast.BinOp(ast.Constant(1), ast.Div(), written)


def form_of_attribute(node: ast.AST, bound: Mapping[str, object], kind: Kind) -> str | None:
    """Return the form of `torch.sign(x)`, `x.mean()`, `x.T` and `nn.Linear(64, 128)(x)`."""
    if (layer := applied(node)) is not None:
        return _form_of_layer(layer, bound, kind)
    inner = node.func if isinstance(node, ast.Call) else node
    if not isinstance(inner, ast.Attribute):
        return None
    name, module = inner.attr, _is_module(inner.value, bound)
    owner = quoted(inner.value, LARGEST).rpartition(".")[2] if module else ""
    if not isinstance(node, ast.Call):
        if module:
            return name if name in kind.constants else None
        args, keywords = [inner.value], []
    elif module and kind.literals and (number := number_of_call(name, node.args, bound)):
        return number
    else:
        args = [_mended(a, bound, kind) for a in node.args]
        if not module:
            args = [_mended(inner.value, bound, kind), *args]
        keywords = node.keywords
    plain = name.rstrip("_")
    op = kind.op_named(plain) or kind.op_named(_METHODS.get(plain, ""))
    same = op is not None and plain not in OTHERWISE
    if op and same and (direct := _direct(op, plain, args, keywords)) is not None:
        return direct
    if plain in _AMBIGUOUS and kind.weighted:
        return None
    if (form := form_of_call(name, args, keywords, kind, owner)) is not None:
        return form
    if module and made_only(node) and isinstance(node, ast.Call) and "x" in bound:
        return form_of_attribute(ast.Call(node, [ast.Name("x", ast.Load())], []), bound, kind)
    usual = same and op is not None and op.name == plain
    return op.usage if op and usual and not _asks_more(op, args, keywords) else None


def form_of_targets(
    targets: ast.Tuple, value: ast.expr, bound: Mapping[str, object], kind: Kind
) -> str | None:
    """Return the form of `a, b = split(x, 2)`, one value for each name, or of what gives one."""
    first, before = value, ""
    match value:
        case ast.Call(args=[ast.Call() as made, *others]):
            # What is made is made once: it gets a name before it is taken apart.
            name = next(n for n in ("h", "both", "whole", "") if n not in bound)
            before = f"{name} = {quoted(made, WIDEST)}; "
            first = ast.Call(value.func, [ast.Name(name, ast.Load()), *others], value.keywords)
    form = _form_of(first, bound, kind)
    whole = ast.parse(form, mode="eval").body if form and "…" not in form else None
    names = [quoted(t, WIDEST) for t in targets.elts]
    if isinstance(whole, ast.Tuple) and len(whole.elts) == len(names):
        parts = ", ".join(quoted(e, WIDEST) for e in whole.elts)
        text = f"{before}{', '.join(names)} = {parts}"
    elif applied(value) and not isinstance(whole, ast.Tuple) and form:
        text = f"{names[0]} = {form}"
    elif _gives_one(value, kind) and all(n == "_" for n in names[1:]):
        text = f"{names[0]} = {form or quoted(value, WIDEST)}"
    else:
        return None
    return text if len(text) <= WIDEST else None


def _gives_one(value: ast.expr, kind: Kind) -> bool:
    """Tell whether a function of the kind, which gives one value, is called by its name."""
    match value:
        case ast.Call(func=ast.Name(id=name)):
            return kind.op_named(name) is not None
    return False


def _form_of(node: ast.expr, bound: Mapping[str, object], kind: Kind) -> str | None:
    """Return the form of any call, by its name alone or by way of a module."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            return form_of_call(name, args, keywords, kind)
    return form_of_attribute(node, bound, kind)


def _form_of_layer(node: ast.Call, bound: Mapping[str, object], kind: Kind) -> str | None:
    """Return the form of a layer, by a row of its own or as the function of its name."""
    if not isinstance(node.func, ast.Name):
        return None
    name, keywords = node.func.id, node.keywords
    args = [_mended(a, bound, kind) for a in node.args]
    if (form := form_of_call(name, args, keywords, kind)) is not None:
        return form
    if name in rows(kind.weighted):
        return None
    # A layer is made of sizes in an order of its own: only what has none is the function itself.
    name, op = name.lower(), kind.op_named(name.lower())
    values = sum(not p.attribute for p in op.params) if op else 0
    direct = _direct(op, name, args, keywords) if op and len(args) == values else None
    return direct or form_of_call(name, args, keywords, kind)


def _form_of_part(node: ast.AST, bound: Mapping[str, object], kind: Kind) -> str | None:
    """Return the form of `x[:, -1]`, `split(x, 2)[0]` and `nn.LSTM(64, 64)(x)[0]`."""
    sequence = last_position(node)
    if sequence is not None and "last" in kind.ops:
        return text_of(ast.Call(ast.Name("last", ast.Load()), [sequence], []))
    found = part_of_call(node)
    form = _form_of(found[0], bound, kind) if found else None
    if found is None or form is None or "…" in form:
        return None
    whole = ast.parse(form, mode="eval").body
    if isinstance(whole, ast.Tuple) and -len(whole.elts) <= found[1] < len(whole.elts):
        return text_of(whole.elts[found[1]])
    return form if found[1] == 0 and applied(found[0]) else None


def _mended(node: ast.expr, bound: Mapping[str, object], kind: Kind) -> ast.expr:
    """Return an argument in its own nearest form: `torch.exp(g.abs())` has two to mend."""
    short = len(list(islice(ast.walk(node), LARGEST))) < LARGEST
    if not short or isinstance(node, ast.Starred):
        return node
    return _Mending(bound, kind).visit(copied(node))


class _Mending(ast.NodeTransformer):
    def __init__(self, bound: Mapping[str, object], kind: Kind) -> None:
        self.bound, self.kind = bound, kind

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return self.mended(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return self.mended(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        bits = isinstance(node.op, ast.BitAnd | ast.BitOr)
        legal = bits or _has_signs(node, self.kind)
        form = None if legal else _form_of_sign(node, self.bound, self.kind)
        return ast.parse(form, mode="eval").body if form and "…" not in form else node

    def mended(self, node: ast.expr) -> ast.AST:
        form = form_of_attribute(node, self.bound, self.kind)
        if form is None or "…" in form:
            return self.generic_visit(node)
        return ast.parse(form, mode="eval").body


def _has_signs(node: ast.AST, kind: Kind) -> bool:
    """Tell whether the kind has all signs of an expression."""
    logic = Logic(kind)
    return all(legal(n, logic) for n in ast.walk(node) if not isinstance(n, ast.Call))


def _is_module(owner: ast.expr, bound: Mapping[str, object]) -> bool:
    """Tell whether an owner is a dotted name that starts with nothing of the program's."""
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    return isinstance(owner, ast.Name) and owner.id not in bound


def _asks_more(op: Op, args: list[ast.expr], keywords: list[ast.keyword]) -> bool:
    """Tell whether a call says what the op does not take, so that the op is another function."""
    return len(args) > op.arity or any(k.arg not in [p.name for p in op.params] for k in keywords)


def _direct(op: Op, name: str, args: list[ast.expr], keywords: list[ast.keyword]) -> str | None:
    """Return a call of the op itself where the arguments fit it."""
    params = [p.name for p in op.params]
    keywords = [k for k in keywords if k.arg not in IGNORED]
    given = {*params[: len(args)], *(k.arg or "" for k in keywords)}
    needed = {p.name for p in op.params if p.default is None}
    if (
        is_spread(args)
        or not needed <= given <= set(params)
        or len(given) < len(args) + len(keywords)
    ):
        return None
    shown = name if name in (op.name, *op.aliases) else op.name
    if len(args) > op.by_place(shown):
        return None
    return text_of(ast.Call(ast.Name(shown, ast.Load()), args, keywords)) or f"{shown}(…)"
