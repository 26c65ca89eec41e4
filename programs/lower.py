"""One function's syntax tree to single-assignment statements, or a refusal with its place.

Only the form is looked at here: names must be bound, calls must fit the vocabulary. Types are
`check.py`'s business; `places` remembers where each statement stands in the text for its faults.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from programs.arguments import arguments, of_helper
from programs.beyond_ascii import name_for
from programs.copies import helper_in
from programs.docstrings import docstring
from programs.errors import misspelt
from programs.forms import nearest_call
from programs.genome import (
    CALL,
    RECUR,
    REPEAT,
    Argument,
    Function,
    Named,
    Statement,
    is_anonymous,
)
from programs.hints import Hints
from programs.kind import Kind, Op
from programs.logic import Absent, Logic, Wording
from programs.numbers import literal, to_whole, worked_out
from programs.parameters import plain_parameters
from programs.readable import readable
from programs.refusal import Refused, described, quoted, refuse

MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Lowered:
    """A function, where each of its statements stands (`""`: its return), and its docstring."""

    function: Function
    places: Mapping[str, ast.AST]
    doc: str


def lower(
    definition: ast.FunctionDef, kind: Kind, functions: Mapping[str, Sequence[str]], source: str
) -> Lowered:
    """Lower one function or raise `Refused`; `functions` maps helpers to their parameters."""
    lowering = _Lowering(kind, functions, Hints(kind, definition, source))
    try:
        function = lowering.function(definition)
    except Refused as refused:
        near = refused.fault.nearest
        if near is None or readable(near, functions, kind, lowering.now):
            raise
        raise Refused(replace(refused.fault, nearest=None)) from None
    return Lowered(function, lowering.places, lowering.doc)


class _Lowering:
    """The state while one function is lowered."""

    def __init__(self, kind: Kind, functions: Mapping[str, Sequence[str]], hints: Hints) -> None:
        self.kind = kind
        self.functions = functions
        self.hints = hints
        self.logic = Logic(kind)
        self.body: list[Statement] = []
        self.now: dict[str, Argument] = {}
        self.bindings: dict[str, int] = {}
        self.places: dict[str, ast.AST] = {}
        self.nested = 0
        self.doc = ""

    def function(self, definition: ast.FunctionDef) -> Function:
        params = self.parameters(definition)
        self.now = dict(zip(params, params, strict=True))
        self.bindings = dict.fromkeys(params, 1)
        lines = definition.body
        if (text := docstring(lines[0])) is not None:
            self.doc, lines = text, lines[1:]
        for line in lines[:-1]:
            self.assignment(line)
        if not lines or not isinstance(lines[-1], ast.Return) or lines[-1].value is None:
            raise refuse(
                lines[-1] if lines else definition, "expected the last line to be `return …`"
            )
        value = lines[-1].value
        values = value.elts if isinstance(value, ast.Tuple) else [value]
        self.places[""] = lines[-1]
        returns = tuple(self.expression(v, 0) for v in values)
        return Function(definition.name, params, tuple(self.body), returns)

    def parameters(self, definition: ast.FunctionDef) -> tuple[str, ...]:
        seen: set[str] = set()
        for node in plain_parameters(definition, self.kind):
            self.check_free(node, node.arg)
            if node.arg in seen:
                raise refuse(node, f"there are two parameters `{node.arg}`")
            seen.add(node.arg)
        return tuple(a.arg for a in definition.args.args)

    def assignment(self, line: ast.stmt) -> None:
        match line:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(
                targets
            ) == len(values):
                pairs = [([target], value) for target, value in zip(targets, values, strict=True)]
            case ast.Assign(targets=targets, value=value):
                pairs = [(targets, value)]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                pairs = [([target], value)]
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=right):
                left = ast.copy_location(ast.Name(name, ast.Load()), target)
                pairs = [([target], ast.copy_location(ast.BinOp(left, op, right), line))]
            case ast.Return():
                raise refuse(line, "nothing may follow `return`")
            case _:
                raise self.hints.no_assignment(line, self.now, self.functions)
        names = [[self.free_name(target, line) for target in each] for each, _ in pairs]
        # All values are computed before any name is bound: `a, b = b, a` is an exchange.
        found = [self.expression(value, 0) for _, value in pairs]
        for (first, *others), value in zip(names, found, strict=True):
            self.bind(first, value)
            for name in others:
                self.now[name] = self.now[first]

    def free_name(self, target: ast.expr, line: ast.stmt) -> str:
        if not isinstance(target, ast.Name):
            raise self.hints.no_assignment(line, self.now, self.functions)
        self.check_free(target, target.id)
        return target.id

    def bind(self, name: str, value: Argument) -> None:
        """Give a value just computed its name; a plain copy binds no new value."""
        if not isinstance(value, str | Named):
            value = Named(value, name)
        if not isinstance(value, str) or not is_anonymous(value):
            self.now[name] = value
            return
        version = self.bindings.get(name, 0)
        self.bindings[name] = version + 1
        target = f"{name}.{version}" if version else name
        place = next(i for i in reversed(range(len(self.body))) if self.body[i].target == value)
        self.body[place] = self.body[place].bound_to(target)
        self.logic.note(self.body[place])
        self.places[target] = self.places.pop(value)
        self.now[name] = target

    def check_free(self, node: ast.AST, name: str) -> None:
        if name in self.kind.reserved or name in self.functions:
            whose = "a helper" if name in self.functions else "a function of the language"
            raise refuse(node, f"`{name}` is {whose}; choose another name")
        if not name.isascii():
            raise refuse(node, f"`{name}` has letters outside ASCII", name_for(name))

    def expression(self, node: ast.expr, depth: int) -> Argument:
        if depth > MAX_DEPTH:
            raise refuse(node, f"nested more than {MAX_DEPTH} deep; give a part of it a name")
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return literal(node, value)
            case ast.Constant():
                raise refuse(node, f"expected a number, found `{quoted(node, 40)}`")
            case ast.Name(id=name):
                return self.name(node, name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.negative(node, operand, depth)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.expression(operand, depth + 1)
            case ast.BinOp() | ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return self.signed(node, depth)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.emit(node, self.kind.op_named("where"), [test, body, orelse], depth)
            case ast.Call():
                return self.call(node, depth)
        raise refuse(
            node,
            f"expected arithmetic or a call, found {described(node, self.kind)}",
            self.hints.nearest(node, self.now),
        )

    def number(self, node: ast.expr) -> float | None:
        """Return what arithmetic on numbers alone comes to, in kinds that take only literals."""
        value = worked_out(node, self.now) if self.kind.literals else None
        return None if value is None else to_whole(value)

    def signed(self, node: ast.expr, depth: int) -> Argument:
        """Lower an expression by the op of its sign, or in other words where there is none."""
        if (value := self.number(node)) is not None:
            return value
        match node:
            case ast.Compare() if refused := self.hints.of_rank(node):
                raise refused
            case (
                ast.BinOp(left=left, op=sign, right=right)
                | ast.Compare(left=left, ops=[sign], comparators=[right])
            ) if op := self.logic.op(sign):
                return self.emit(node, op, [left, right], depth)
        return self.reworded(node, depth)

    def negative(self, node: ast.expr, operand: ast.expr, depth: int) -> Argument:
        if (value := self.number(node)) is not None:
            return value
        match operand:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return -literal(node, value)
        return self.emit(node, self.kind.op_named("neg"), [operand], depth)

    def reworded(self, node: ast.expr, depth: int) -> Argument:
        """Lower what the language has no sign for, in the words it has."""
        wording = Wording(self.logic, partial(self.append, node))
        try:
            match node:
                case ast.Compare(left=left, ops=signs, comparators=others):
                    values = [self.expression(o, depth + 1) for o in (left, *others)]
                    return wording.compared(signs, values)
                case ast.BoolOp(op=sign, values=values):
                    return wording.joined(sign, self.conditions(node, values, depth))
                case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() as sign, right=right):
                    return wording.joined(sign, self.conditions(node, [left, right], depth))
                case ast.BinOp(left=left, op=ast.FloorDiv(), right=right):
                    a, b = self.expression(left, depth + 1), self.expression(right, depth + 1)
                    return wording.whole_quotient(a, b)
                case ast.UnaryOp(op=ast.Not(), operand=operand):
                    return wording.opposite(*self.conditions(node, [operand], depth))
        except Absent:
            pass
        raise self.unknown_sign(node)

    def conditions(self, node: ast.expr, parts: list[ast.expr], depth: int) -> list[Argument]:
        if not self.logic.comparisons:
            raise Absent
        values = [self.expression(part, depth + 1) for part in parts]
        for part, value in zip(parts, values, strict=True):
            if value not in self.logic.conditions:
                raise self.hints.no_condition(node, part, self.now)
        return values

    def name(self, node: ast.expr, name: str) -> Argument:
        if name in self.now:
            return self.now[name]
        if name in self.kind.constants:
            return self.kind.constants[name]
        if name in self.functions or name in self.kind.reserved:
            raise refuse(node, f"`{name}` is a function: call it", f"{name}(…)")
        raise self.hints.no_name(node, name, self.now)

    def call(self, node: ast.Call, depth: int) -> Argument:
        if not isinstance(node.func, ast.Name):
            raise self.hints.no_function(node, self.now)
        name = node.func.id
        if name in self.functions:
            args = of_helper(node, name, self.functions[name], node.args)
            return self.append(node, CALL, self.expressions(args, depth), name)
        if name in (REPEAT, RECUR):
            helper = helper_in(node, name, self.functions, self.now, self.kind)
            args = of_helper(node, helper, self.functions[helper], node.args[2:])
            values = self.expressions([node.args[1], *args], depth)
            return self.append(node, name, values, helper)
        op = self.kind.op_named(name)
        if op is None:
            known = [*self.kind.names, *self.functions, REPEAT, RECUR]
            near = nearest_call(node, name, self.now, self.kind)
            raise refuse(node, f"there is no function `{name}`", near or misspelt(name, known))
        return self.emit(node, op, arguments(node, op, self.kind), depth)

    def expressions(self, nodes: Sequence[ast.expr], depth: int) -> tuple[Argument, ...]:
        return tuple(self.expression(node, depth + 1) for node in nodes)

    def emit(self, node: ast.expr, op: Op | None, operands: list[ast.expr], depth: int) -> Argument:
        if op is None:
            raise self.unknown_sign(node)
        return self.append(node, op.name, self.expressions(operands, depth))

    def unknown_sign(self, node: ast.expr) -> Refused:
        """Return the refusal of an operator, with the signs there are where no form comes near."""
        message = f"the operator in `{quoted(node, 60)}` is not part of the language"
        near = self.hints.nearest(node, self.now)
        if near is None or not readable(near, self.functions, self.kind, self.now):
            near = None
            *others, last = [f"`{sign}`" for sign in self.logic.by_sign]
            message += f", whose signs are {', '.join(others)} and {last}"
        return refuse(node, message, near)

    def append(
        self, node: ast.expr, op: str, args: tuple[Argument, ...], function: str = ""
    ) -> Argument:
        self.nested += 1
        target = f".{self.nested}"
        self.body.append(Statement(target, op, args, function))
        self.logic.note(self.body[-1])
        self.places[target] = node
        return target
