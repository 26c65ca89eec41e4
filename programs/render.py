"""Genome to pleasant source: named values a line each, nested expressions where they are used."""

from __future__ import annotations

from programs.genome import (
    CALL,
    Argument,
    Function,
    Genome,
    Named,
    Statement,
    base_of,
    is_anonymous,
    named_constants,
)
from programs.kind import Kind, Op

_ATOM = 100
_UNARY = 60
_PRECEDENCE = {
    "**": 70,
    "*": 50,
    "/": 50,
    "@": 50,
    "+": 40,
    "-": 40,
    ">": 20,
    "<": 20,
    ">=": 20,
    "<=": 20,
}
_CHAINS = {"+", "-", "*", "/", "@"}

Text = tuple[str, int]
"""An expression and how tightly its outermost operator binds."""


def render(genome: Genome, kind: Kind) -> str:
    """Return the source of a tidy genome; parsing it gives the genome back."""
    functions = "\n\n\n".join(_function(f, kind) for f in genome.functions)
    if not genome.doc:
        return functions + "\n"
    doc = genome.doc.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{doc}"""\n\n\n{functions}\n'


def number(value: float) -> str:
    """Write a constant with as few characters as give the same float back."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return repr(value).replace("e-0", "e-").replace("e+", "e")


def expressions(function: Function, kind: Kind) -> dict[str, str]:
    """Return for each statement's target the expression that it is bound to."""
    nested: dict[str, Text] = {}
    texts = {}
    for statement in function.body:
        text = _statement(statement, kind, nested)
        texts[statement.target] = text[0]
        if is_anonymous(statement.target):
            nested[statement.target] = text
    return texts


def _function(function: Function, kind: Kind) -> str:
    nested: dict[str, Text] = {}
    lines = [f"def {function.name}({', '.join(function.params)}):"]
    lines += [f"    {name} = {number(c)}" for name, c in named_constants(function).items()]
    for statement in function.body:
        text = _statement(statement, kind, nested)
        if is_anonymous(statement.target):
            nested[statement.target] = text
        else:
            lines.append(f"    {base_of(statement.target)} = {text[0]}")
    returns = (_argument(a, nested)[0] for a in function.returns)
    lines.append(f"    return {', '.join(returns)}")
    return "\n".join(lines)


def _argument(arg: Argument, nested: dict[str, Text]) -> Text:
    if isinstance(arg, str):
        return nested[arg] if arg in nested else (base_of(arg), _ATOM)
    if isinstance(arg, Named):
        return arg.name, _ATOM
    return number(arg), _ATOM if arg >= 0 and str(arg)[0] != "-" else _UNARY


def _statement(statement: Statement, kind: Kind, nested: dict[str, Text]) -> Text:
    if not statement.function:
        return _call(kind.ops[statement.op], statement.args, nested)
    given = [_argument(a, nested)[0] for a in statement.args]
    if statement.op == CALL:
        return f"{statement.function}({', '.join(given)})", _ATOM
    return f"{statement.op}({', '.join([statement.function, *given])})", _ATOM


def _call(op: Op, args: tuple[Argument, ...], nested: dict[str, Text]) -> Text:
    texts = [_argument(a, nested) for a in args]
    if op.infix:
        return _infix(op.infix, texts[0], texts[1])
    if op.name == "neg":
        return f"-{_within(texts[0], _UNARY)}", _UNARY
    shown = []
    by_name = False
    for param, arg, (text, _) in zip(op.params, args, texts, strict=True):
        left_out = param.default is not None and param.default == arg and type(arg) is not Named
        by_name = by_name or param.keyword or left_out
        if not left_out:
            shown.append(f"{param.name}={text}" if by_name else text)
    return f"{op.name}({', '.join(shown)})", _ATOM


def _infix(sign: str, left: Text, right: Text) -> Text:
    binds = _PRECEDENCE[sign]
    if sign == "**":
        return f"{_within(left, binds + 1)}**{_within(right, binds)}", binds
    # Left-associative signs need brackets on the right at equal strength; comparisons do not chain.
    before = _within(left, binds if sign in _CHAINS else binds + 1)
    return f"{before} {sign} {_within(right, binds + 1)}", binds


def _within(text: Text, at_least: int) -> str:
    return text[0] if text[1] >= at_least else f"({text[0]})"
