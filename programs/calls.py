"""The legal form of a call or a sign, filled in from the first row of the table that fits it.

For messages alone, as all of `programs.forms`. A form is shown only where the kind has all that it
is made of.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping

from programs.foreign import Row, rows
from programs.kind import Kind
from programs.logic import Logic
from programs.refusal import quoted
from programs.sorts import SORTS, flattened

WIDEST = 80
"""Characters up to which a suggestion is made of the words of the text itself."""

IGNORED = (
    *("keepdim", "keepdims", "dtype", "out", "inplace", "training", "approximate", "padding"),
    *("batch_first", "need_weights", "eps", "epsilon", "momentum", "dropout"),
)
_RENAMED = {
    new: old
    for old, news in {
        "dim": "axis",
        "min": "a_min",
        "max": "a_max",
        "y": "other",
        "p": "ord",
        "heads": "num_heads n_heads nhead",
        "width": "normalized_shape num_features num_channels out_features out_channels features "
        "filters units",
        "kernel": "kernel_size pool_size window_shape",
        "stride": "strides",
        "bias": "use_bias",
        "size": "output_size",
        "groups": "num_groups",
        "slope": "negative_slope",
    }.items()
    for new in news.split()
}


def form_of_call(
    name: str,
    args: list[ast.expr],
    keywords: list[ast.keyword],
    kind: Kind,
    owner: str | None = None,
) -> str | None:
    """Return the form of a call of a function that the kind lacks, or has otherwise.

    `owner` is the module before the name, without those that it is in, or "" for a value.
    """
    known = rows(kind.weighted)
    name = name if name in known else name.rstrip("_")
    if args and isinstance(args[0], ast.List | ast.Tuple):
        if any(quoted(a, 20) != "-1" for a in args[1:]):
            return None
        args = args[0].elts  # torch.cat([x, y], dim=-1)
        keywords = [k for k in keywords if quoted(k.value, 20) != "-1"]
    if is_convolution(name):
        keywords = [k for k in keywords if k.arg not in ("bias", "use_bias")]
    names = [name] if owner is None else [f"{owner}.{name}", f".{name}", name]
    found: Iterable[Row] = next((known[n] for n in names if n in known), ())
    return next(_of_rows(found, args, keywords, kind), None)


def is_convolution(name: str) -> bool:
    """Tell whether a layer is one that has a bias here, whatever is said of it."""
    return name.lower() in ("conv", "conv1d", "conv2d")


def _of_rows(
    found: Iterable[Row], args: list[ast.expr], keywords: list[ast.keyword], kind: Kind
) -> Iterator[str]:
    logic = Logic(kind)
    for row in found:
        given = _given(row, args, keywords)
        if given is None or not all(legal(n, logic) for n in ast.walk(row.form)):
            continue
        if kind.weighted and _computes_twice(row, given):
            continue
        filled = _Filled(given).visit(copied(row.form))
        yield text_of(_folded(filled)) or ast.unparse(row.form)


def _computes_twice(row: Row, given: Mapping[str, ast.expr]) -> bool:
    """Tell whether a form repeats a call, which would make weights anew each time."""
    names = [n.id for n in ast.walk(row.form) if isinstance(n, ast.Name)]
    calls = [n for n, a in given.items() if any(isinstance(c, ast.Call) for c in ast.walk(a))]
    return any(names.count(n) > 1 for n in calls)


def _given(
    row: Row, args: list[ast.expr], keywords: list[ast.keyword]
) -> dict[str, ast.expr] | None:
    """Return the arguments by the row's names, or `None` where they do not fit it."""
    if is_spread(args) or len(args) > row.placed:
        return None
    given = dict(zip(row.params, args, strict=False))
    for keyword in keywords:
        name = _RENAMED.get(keyword.arg or "", keyword.arg or "")
        if name in IGNORED and name not in row.params:
            continue
        if name in given:
            return None
        given[name] = keyword.value
    if given.keys() != set(row.params):
        return None
    texts = {n: quoted(a, 20).replace("[", "(").replace("]", ")") for n, a in given.items()}
    fits = all(texts[name] == texts.get(value, value) for name, value in row.fixed.items())
    fits = fits and all(SORTS[sort](given[name]) for name, sort in row.sorts.items())
    return {n: _meant(a, row.sorts.get(n)) for n, a in given.items()} if fits else None


def _meant(node: ast.expr, sort: str | None) -> ast.expr:
    """Return what an argument is in a form, which takes tensors as they are."""
    return (flattened(node) if sort == "flat" else None) or _one_of(node)


def _one_of(node: ast.expr) -> ast.expr:
    """Return the number that a size is in all directions: 3 for `(3, 3)`."""
    match node:
        case ast.Tuple(elts=[ast.Constant() as first, *others]) if all(
            isinstance(o, ast.Constant) and o.value == first.value for o in others
        ):
            return first
    return node


def legal(node: ast.AST, logic: Logic) -> bool:
    """Tell whether a kind has the sign or the function of a node."""
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
            return ast.Constant(short(a, b, operator.sub))
    return node


def short(a: float, b: float, op: Callable[[float, float], float]) -> float:
    """Work a sign out, in as many digits as one would write."""
    try:
        return float(f"{op(a, b):.6g}")
    except OverflowError:  # a whole number beyond all floats
        return 0.0


def text_of(node: ast.expr) -> str | None:
    """Return a suggestion, or `None` where it is too long to be one."""
    text = quoted(node, WIDEST + 1)
    return text if len(text) <= WIDEST and "…" not in text else None


def is_spread(args: list[ast.expr]) -> bool:
    """Tell whether how many arguments there are shows only when `f(*x)` runs."""
    return any(isinstance(a, ast.Starred) for a in args)


def copied(node: ast.expr) -> ast.expr:
    """Return a copy that may be changed."""
    try:
        return ast.parse(ast.unparse(node), mode="eval").body
    except ValueError:  # a number of over 4,300 digits
        return node
