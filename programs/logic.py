"""Conditions and whole quotients, of which the language has only some signs, from those it has.

    a == b          (a >= b) * (a <= b)       a comparison is 1 or 0
    a != b          1 - (a >= b) * (a <= b)
    a < b < c       (a < b) * (b < c)
    p and q         p * q                     p & q too; p and q must be conditions
    p or q          maximum(p, q)             p | q too
    not p           1 - p
    a // b          floor(a / b), or (a - mod(a, b)) / b where there is no `floor`

Operands are lowered already, so that each is computed once however often it is read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from itertools import pairwise

from programs.genome import Argument, Statement
from programs.kind import Kind, Op

SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.Mod: "%",
    ast.Gt: ">",
    ast.Lt: "<",
    ast.GtE: ">=",
    ast.LtE: "<=",
}
BOTH = (ast.And, ast.BitAnd)
EITHER = (ast.Or, ast.BitOr)
_COMPARISONS = {">", "<", ">=", "<="}

Append = Callable[[str, tuple[Argument, ...]], Argument]
"""Adds a call of the op with this name, and gives back the name of its value."""


class Absent(Exception):
    """Raise where a kind lacks what a condition is made of."""


class Logic:
    """The signs that one kind has, and which values of a function are conditions."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.by_sign = {op.infix: op for op in kind.ops.values() if op.infix}
        if "mod" in kind.ops:
            self.by_sign["%"] = kind.ops["mod"]
        self.comparisons = self.by_sign.keys() & _COMPARISONS
        self.conditions: set[Argument] = set()

    def op(self, sign: ast.AST) -> Op | None:
        """Return the op that a sign of Python stands for."""
        return self.by_sign.get(SIGNS.get(type(sign), ""))

    def note(self, statement: Statement) -> None:
        """Take note of a value that can be nothing but 1 or 0."""
        op = self.kind.ops.get(statement.op)
        if op is None:
            return
        if op.infix == "-":
            found = statement.args[0] == 1 and statement.args[1] in self.conditions
        elif op.infix == "*" or op.name == "maximum":
            found = self.conditions.issuperset(statement.args)
        else:
            found = op.infix in _COMPARISONS
        if found:
            self.conditions.add(statement.target)


class Wording:
    """Say with the signs of a kind what it has no sign for; `append` adds the statements."""

    def __init__(self, logic: Logic, append: Append) -> None:
        self.logic, self.append = logic, append

    def compared(self, signs: Sequence[ast.cmpop], values: Sequence[Argument]) -> Argument:
        """Return whether each value stands in its relation to the next."""
        whole, *others = (
            self._related(sign, *pair) for sign, pair in zip(signs, pairwise(values), strict=True)
        )
        for other in others:
            whole = self._made("*", whole, other)
        return whole

    def joined(self, sign: ast.AST, values: Sequence[Argument]) -> Argument:
        """Return whether all conditions hold, or any."""
        whole, *others = values
        for other in others:
            whole = (
                self._made("*", whole, other)
                if isinstance(sign, BOTH)
                else self._called("maximum", whole, other)
            )
        return whole

    def opposite(self, value: Argument) -> Argument:
        """Return whether a condition does not hold."""
        return self._made("-", 1.0, value)

    def whole_quotient(self, a: Argument, b: Argument) -> Argument:
        """Return the largest whole number that is not above a / b."""
        if "floor" in self.logic.kind.ops:
            return self._called("floor", self._made("/", a, b))
        return self._made("/", self._made("-", a, self._made("%", a, b)), b)

    def _related(self, sign: ast.cmpop, a: Argument, b: Argument) -> Argument:
        match sign:
            case ast.Eq():
                return self._made("*", self._made(">=", a, b), self._made("<=", a, b))
            case ast.NotEq():
                return self.opposite(self._related(ast.Eq(), a, b))
        return self._made(SIGNS.get(type(sign), ""), a, b)

    def _made(self, sign: str, *args: Argument) -> Argument:
        op = self.logic.by_sign.get(sign)
        if op is None:
            raise Absent
        return self.append(op.name, args)

    def _called(self, name: str, *args: Argument) -> Argument:
        if name not in self.logic.kind.ops:
            raise Absent
        return self.append(name, args)
