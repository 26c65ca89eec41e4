"""What people may ask of the leaderboard: conditions and orders over named columns.

A condition is written like Python (`score > 0.9 and "sign" in source`), read with `ast` and made
into SQL piece by piece: a name must be one of `COLUMNS`, every value becomes a parameter, and
whatever is not listed here is an error. No text of the user's ever is part of a statement.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from programs.errors import InputError, closest

NUMBERS = ("rung", "score", "stderr", "baseline", "gain", "size", "seconds")
TEXTS = ("id", "run", "task", "kind", "proposer", "operator", "model", "source", "created")
COLUMNS = (*NUMBERS, *TEXTS)
"""The columns of the leaderboard that can be asked for; `metrics.NAME` is a number too."""

LONGEST = 2000
"""Characters of a condition."""

_COMPARE = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "* 1.0 /"}


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL, the values of its parameters in their order, and what sort it yields."""

    text: str
    values: tuple[Any, ...] = ()
    sort: str = "condition"


@dataclass(frozen=True, slots=True)
class Key:
    """What to sort by: the highest first, or where `ascending` the lowest."""

    name: str
    column: Sql
    ascending: bool

    @property
    def order(self) -> str:
        """Return the term of an ORDER BY; what lacks a value comes last."""
        return f"{self.column.text} {'ASC' if self.ascending else 'DESC'} NULLS LAST"


def condition(text: str) -> Sql:
    """Read a condition; `InputError` says what in it cannot be used, and what can."""
    try:
        if len(text) > LONGEST:
            raise InputError(f"The condition is longer than {LONGEST} characters.")
        found = _read(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(
            f"The condition `{text[:80]}` cannot be read: write it like "
            "`score > 0.9 and size <= 8`."
        ) from None
    if found.sort != "condition":
        raise InputError(f"`{text[:80]}` is no condition: compare it with something.")
    return found


def keys(text: str) -> list[Key]:
    """Read the columns to sort by, `NAME` or `-NAME`, with commas between them."""
    found = []
    for part in text.split(","):
        name = part.strip().removeprefix("-")
        *_, last = names = name.split(".")
        if len(names) == 2 and names[0] == "metrics" and last.isidentifier():
            column = _metric(last)
        else:
            column = _column(name)
        found.append(Key(name, column, part.strip().startswith("-")))
    return found


def _read(node: ast.expr) -> Sql:
    match node:
        case ast.BoolOp(op, values):
            word = " AND " if isinstance(op, ast.And) else " OR "
            return _joined([_demand(_read(v), "condition", v) for v in values], word)
        case ast.UnaryOp(ast.Not(), operand):
            of = _demand(_read(operand), "condition", operand)
            return Sql(f"NOT {of.text}", of.values)
        case ast.UnaryOp(ast.USub(), operand):
            of = _demand(_read(operand), "number", operand)
            return Sql(f"(-{of.text})", of.values, "number")
        case ast.BinOp(left, op, right) if type(op) in _ARITHMETIC:
            sides = [_demand(_read(side), "number", side) for side in (left, right)]
            joined = _joined(sides, f" {_ARITHMETIC[type(op)]} ")
            return Sql(joined.text, joined.values, "number")
        case ast.Compare(left, ops, comparators):
            sides = [left, *comparators]
            pairs = zip(sides, ops, sides[1:], strict=False)
            return _joined([_compared(a, op, b) for a, op, b in pairs], " AND ")
        case ast.Name(name):
            return _column(name)
        case ast.Attribute(ast.Name("metrics"), name):
            return _metric(name)
        case ast.Constant(bool() | int() | float() | str() as value):
            return Sql("?", (value,), "text" if isinstance(value, str) else "number")
    raise InputError(f"`{ast.unparse(node)[:80]}` cannot stand in a condition.")


def _compared(left: ast.expr, op: ast.cmpop, right: ast.expr) -> Sql:
    match op, right:
        case (ast.Is() | ast.Eq(), ast.Constant(None)):
            return Sql(f"({_read(left).text} IS NULL)", _read(left).values)
        case (ast.IsNot() | ast.NotEq(), ast.Constant(None)):
            return Sql(f"({_read(left).text} IS NOT NULL)", _read(left).values)
        case (ast.In() | ast.NotIn(), _):
            found = _contained(left, right)
            negated = isinstance(op, ast.NotIn)
            return Sql(f"NOT {found.text}", found.values) if negated else found
    if type(op) not in _COMPARE:
        raise InputError("Compare with ==, !=, <, <=, >, >=, `in` or `not in`.")
    a, b = _read(left), _read(right)
    _demand(b, a.sort, right)
    return _joined([a, b], f" {_COMPARE[type(op)]} ")


def _contained(left: ast.expr, right: ast.expr) -> Sql:
    """Read `proposer in ("evolution", "llambo")` or `"sign" in source`."""
    a = _read(left)
    if isinstance(right, ast.Tuple | ast.List | ast.Set):
        members = [_demand(_read(each), a.sort, each) for each in right.elts]
        among = _joined(members, ", ")
        return Sql(f"({a.text} IN {among.text})", (*a.values, *among.values))
    _demand(a, "text", left)
    b = _demand(_read(right), "text", right)
    return Sql(f"(instr({b.text}, {a.text}) > 0)", (*b.values, *a.values))


def _column(name: str) -> Sql:
    if name not in COLUMNS:
        hint = closest(name, COLUMNS)
        ask = f" Did you mean `{hint}`?" if hint else ""
        listed = ", ".join(COLUMNS)
        raise InputError(f"There is no column `{name}`.{ask} There are {listed} and metrics.NAME.")
    return Sql(name, (), "number" if name in NUMBERS else "text")


def _metric(name: str) -> Sql:
    # An identifier, so nothing in it can end the quotes of the path.
    return Sql(f"json_extract(metrics, '$.\"{name}\"')", (), "number")


def _demand(found: Sql, sort: str, node: ast.expr) -> Sql:
    if found.sort != sort:
        raise InputError(f"`{ast.unparse(node)[:80]}` is a {found.sort}, where a {sort} is due.")
    return found


def _joined(pieces: Sequence[Sql], between: str) -> Sql:
    text = between.join(piece.text for piece in pieces)
    return Sql(f"({text})", tuple(value for piece in pieces for value in piece.values))
