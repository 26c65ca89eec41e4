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
from programs.written import written

_DIGITS = 8
"""Characters beyond which a number that has a name in the kind is written by it."""

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
    return f'"""{_quoted(genome.doc)}"""\n\n\n{functions}\n'


def _quoted(doc: str) -> str:
    """Escape what would end a docstring, or be read as something else."""
    doc = doc.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'{doc[:-1]}\\"' if doc.endswith('"') else doc


def number(value: float) -> str:
    """Write a constant with as few characters as give the same float back."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return repr(value).replace("e-0", "e-").replace("e+", "e")


def expressions(function: Function, kind: Kind) -> dict[str, str]:
    """Return for each statement's target the expression that it is bound to."""
    nested = _by_name(function, kind)
    texts = {}
    for statement in function.body:
        text = _statement(statement, kind, nested)
        texts[statement.target] = text[0]
        if is_anonymous(statement.target):
            nested[statement.target] = text
    return texts


def _function(function: Function, kind: Kind) -> str:
    nested = _by_name(function, kind)
    lines = [f"def {function.name}({', '.join(function.params)}):"]
    for name, constant in named_constants(function).items():
        lines.append(f"    {name} = {_argument(float(constant), nested)[0]}")
    for statement in function.body:
        text = _statement(statement, kind, nested)
        if is_anonymous(statement.target):
            nested[statement.target] = text
        else:
            lines.append(f"    {base_of(statement.target)} = {text[0]}")
    returns = (_argument(a, nested)[0] for a in function.returns)
    lines.append(f"    return {', '.join(returns)}")
    return "\n".join(lines)


def _by_name(function: Function, kind: Kind) -> dict[Argument, Text]:
    """Return the constants with many digits that the kind has a name for and the function has not.

    What is nested comes beside them.
    """
    read = {a for s in function.body for a in s.args}.union(function.returns)
    found: dict[Argument, Text] = {}
    for name, value in kind.constants.items():
        if len(number(value)) <= _DIGITS or not (value in read or -value in read):
            continue
        if name not in named_constants(function) and name not in map(base_of, function.bound()):
            found |= {value: (name, _ATOM), -value: (f"-{name}", _UNARY)}
    return found


def _argument(arg: Argument, nested: dict[Argument, Text]) -> Text:
    if isinstance(arg, Named):
        return arg.name, _ATOM
    if arg in nested:
        return nested[arg]
    if isinstance(arg, str):
        return base_of(arg), _ATOM
    return number(arg), _ATOM if arg >= 0 and str(arg)[0] != "-" else _UNARY


def _statement(statement: Statement, kind: Kind, nested: dict[Argument, Text]) -> Text:
    if not statement.function:
        return _call(kind.ops[statement.op], statement.args, nested)
    given = [_argument(a, nested)[0] for a in statement.args]
    if statement.op == CALL:
        return f"{statement.function}({', '.join(given)})", _ATOM
    return f"{statement.op}({', '.join([statement.function, *given])})", _ATOM


def _call(op: Op, args: tuple[Argument, ...], nested: dict[Argument, Text]) -> Text:
    if op.infix:
        left, right = (_argument(a, nested) for a in args)
        return _infix(op.infix, left, right)
    if op.name == "neg":
        return f"-{_within(_argument(args[0], nested), _UNARY)}", _UNARY
    shown = [f"{name}{_argument(arg, nested)[0]}" for name, arg in written(op, args)]
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
