"""Algebra for simplification: pairs of expressions in the program language, and how to apply them.

A rule need not always hold. It says where a simpler program may lie, and `simplify` keeps what
behaves the same: `s * a + t * b → lerp(b, a, s)` is tried on every weighted sum and survives where
the weights add up to 1. Rules that only move things (associativity, common factors) are there to
bring the parts of another rule together.

In a rule, `p`, `q`, `s` and `t` stand for constants, other letters for any value. A rule about a
function that a kind does not have is no rule of that kind.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from programs.edits import first_free, instead
from programs.folding import without_dirt
from programs.genome import Argument, Function, Statement
from programs.kind import Kind
from programs.rules import RULES

CONSTANTS = frozenset("pqst")


@dataclass(frozen=True, slots=True)
class Pattern:
    """An op applied to patterns, letters and numbers."""

    op: str
    args: tuple[Part, ...]


Part = Pattern | str | float
Bindings = Mapping[str, Argument]


@dataclass(frozen=True, slots=True)
class Rule:
    """Where `left` is found, `right` may do; `text` shows it to people."""

    text: str
    left: Pattern
    right: Part


def rewritten(function: Function, kind: Kind) -> Iterator[tuple[str, Function]]:
    """Yield every application of every rule to a function, with the rule's text."""
    made_by = {s.target: s for s in function.body}
    rules = _rules(kind)
    for place, statement in enumerate(function.body):
        for rule in rules.get(statement.op, ()):
            for found in _matches(rule.left, statement.target, made_by, kind, {}):
                changed = _applied(rule.right, found, function, place, kind)
                if changed is not None:
                    yield rule.text, changed


def _matches(
    part: Part, arg: Argument, made_by: Mapping[str, Statement], kind: Kind, bound: Bindings
) -> Iterator[Bindings]:
    """Yield the ways in which a value fits a pattern."""
    if isinstance(part, int | float):
        if arg == part:
            yield bound
    elif isinstance(part, str):
        if part in CONSTANTS and isinstance(arg, str):
            return
        if bound.get(part, arg) == arg:
            yield {**bound, part: arg}
    elif isinstance(arg, str) and arg in made_by and made_by[arg].op == part.op:
        args = made_by[arg].args
        yield from _all_match(part.args, args, made_by, kind, bound)
        if kind.ops[part.op].commutative:
            yield from _all_match(part.args, args[::-1], made_by, kind, bound)


def _all_match(
    parts: Sequence[Part],
    args: Sequence[Argument],
    made_by: Mapping[str, Statement],
    kind: Kind,
    bound: Bindings,
) -> Iterator[Bindings]:
    if not parts:
        yield bound
        return
    for found in _matches(parts[0], args[0], made_by, kind, bound):
        yield from _all_match(parts[1:], args[1:], made_by, kind, found)


def _applied(
    right: Part, bound: Bindings, function: Function, place: int, kind: Kind
) -> Function | None:
    """Return the function with the statement at `place` computed as `right` says."""
    added: list[Statement] = []
    value = _built(right, bound, first_free(function), added, kind)
    if value is None:
        return None
    old = function.body[place]
    if added and added[-1].target == value:
        added[-1] = replace(added[-1], target=old.target)
        body = (*function.body[:place], *added, *function.body[place + 1 :])
        return replace(function, body=body)
    return instead(function, place, value)


def _built(
    part: Part, bound: Bindings, first: int, added: list[Statement], kind: Kind
) -> Argument | None:
    """Add the statements that compute a pattern; constants are computed on the way."""
    if isinstance(part, int | float):
        return part
    if isinstance(part, str):
        return bound[part]
    args = [_built(a, bound, first, added, kind) for a in part.args]
    if any(a is None for a in args):
        return None
    values = [a for a in args if isinstance(a, float)]
    if len(values) == len(args):
        return without_dirt(part.op, values, kind)
    added.append(
        Statement(f".{first + len(added)}", part.op, tuple(a for a in args if a is not None))
    )
    return added[-1].target


@cache
def _rules(kind: Kind) -> Mapping[str, tuple[Rule, ...]]:
    """Return the kind's rules by the outermost op of their left side."""
    found: dict[str, list[Rule]] = {}
    for text in RULES:
        left, right = (_read(ast.parse(t.strip(), mode="eval").body, kind) for t in text.split("→"))
        if isinstance(left, Pattern) and right is not None:
            found.setdefault(left.op, []).append(Rule(text, left, right))
    return {op: tuple(rules) for op, rules in found.items()}


_SIGNS: Mapping[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.Gt: ">",
    ast.Lt: "<",
    ast.GtE: ">=",
    ast.LtE: "<=",
}


def _read(node: ast.expr, kind: Kind) -> Part | None:
    """Read one side of a rule; `None` where the kind lacks an op of it."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _pattern("neg", [operand], kind)
        case ast.BinOp(left=left, op=sign, right=right):
            return _pattern(_SIGNS[type(sign)], [left, right], kind)
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            return _pattern(_SIGNS[type(sign)], [left, right], kind)
        case ast.Call(func=ast.Name(id=name), args=args):
            return _pattern(name, args, kind)
    raise ValueError(f"not an expression of a rule: {ast.unparse(node)}")


def _pattern(name: str, operands: Sequence[ast.expr], kind: Kind) -> Pattern | None:
    infix = {op.infix: op for op in kind.ops.values() if op.infix}
    op = infix.get(name) or kind.op_named(name)
    args = [_read(o, kind) for o in operands]
    if op is None or op.arity != len(args) or any(a is None for a in args):
        return None
    return Pattern(op.name, tuple(a for a in args if a is not None))
