"""Lower free-form Python into the language, where it only spells the language in another way.

    m.mul_(0.9).add_(g, alpha=0.1)        m = m * 0.9 + g * 0.1
    torch.lerp(m, g, 0.1).sign()          sign(lerp(m, g, 0.1))
    BETA = 0.9 above, beta=0.9 in `def`   the same at the head of the function that reads it

A rewriting of syntax alone: nothing is executed, and whatever is not known below leaves the text as
it is. What comes out is parsed as any program is, and kept only where the language's conventions,
such as x / 0 being 0, cannot make a difference (`programs.exactness`).
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from programs.docstrings import docstring
from programs.errors import Fault
from programs.exactness import exact
from programs.freeform import Freeform
from programs.genome import Genome
from programs.given import Heads
from programs.kind import Kind
from programs.parse import parse
from programs.preamble import Preamble, Unknown
from programs.sharing import handed_on, reads_changed, root_of_changes
from programs.spellings import BUILTIN, CONSTANTS, IDENTITIES, RULES, SIGNS, UNARY, function


def lowered(program: Freeform, kind: Kind) -> Genome | None:
    """Return the genome of the same function, or `None` where there is no sure one."""
    if program.form in ("model", "module"):
        return None
    try:
        module = _rewritten(ast.parse(ast.unparse(program.tree)), kind)
        genome = parse(ast.unparse(ast.fix_missing_locations(module)), kind)
    except (Unknown, RecursionError, ValueError):
        return None
    if isinstance(genome, Fault) or not exact(genome, kind):
        return None
    return genome


def _rewritten(tree: ast.Module, kind: Kind) -> ast.Module:
    """Rewrite a whole text: imports and constants go, functions stay."""
    preamble = Preamble(kind)
    compared = any(isinstance(n, ast.Compare) for n in ast.walk(tree))
    judging = {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and compared}
    body: list[ast.stmt] = []
    for line in tree.body:
        match line:
            case ast.FunctionDef(name=name) if name not in preamble.names | set(BUILTIN):
                body.append(_Function(preamble, line, judging).rewritten())
            case ast.Expr(value=ast.Constant(value=str())):
                body.append(line)
            case _:
                preamble.read(line)
    return ast.Module(body, [])


class _Function:
    """Rewrite one function; a method that ends in `_` becomes a new value under the old name.

    `judging` names the functions of the text that may take and give truths.
    """

    def __init__(
        self, preamble: Preamble, definition: ast.FunctionDef, judging: Collection[str]
    ) -> None:
        self.preamble, self.definition, self.judging = preamble, definition, judging
        self.entry = definition.name == preamble.kind.entry.name
        self.constants = dict(preamble.constants)
        self.changed: set[str] = set()
        self.shared = False
        self.local = {a.arg for a in definition.args.args}
        may_get_truths = definition.name in judging and not self.entry
        self.conditions = set(self.local) if may_get_truths else set[str]()
        self.local |= {
            n.id
            for n in ast.walk(definition)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        if self.local & preamble.names:
            raise Unknown

    def rewritten(self) -> ast.FunctionDef:
        args = self.parameters()
        body = [self.statement(line) for line in self.definition.body]
        if self.changed and (self.shared or not self.entry):
            raise Unknown
        heads = Heads()
        body = [heads.visit(line) for line in body]
        first = 1 if docstring(body[0]) is not None else 0
        body[first:first] = heads.lines()
        name = self.definition.name if self.entry else self.named(self.definition.name)
        arguments = ast.arguments([], args, None, [], [], None, [])
        return ast.FunctionDef(name, arguments, body, [], None, None)

    def parameters(self) -> list[ast.arg]:
        """Keep what is given; what has a default of its own is a constant."""
        given = self.definition.args
        if given.kwonlyargs or given.posonlyargs:
            raise Unknown
        bare = len(given.args) - len(given.defaults)
        kept = list(given.args[:bare])
        for arg, default in zip(given.args[bare:], given.defaults, strict=True):
            if not self.entry:
                raise Unknown
            if arg.arg in self.preamble.kind.entry.inputs:
                kept.append(arg)
            else:
                self.constants[arg.arg] = self.preamble.given(arg.arg, default)
                self.local.discard(arg.arg)
                if self.stored(arg.arg):
                    raise Unknown
        return [ast.arg(self.named(a.arg)) for a in kept]

    def stored(self, name: str) -> bool:
        return any(
            isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
            for n in ast.walk(self.definition)
        )

    def statement(self, line: ast.stmt) -> ast.stmt:
        match line:
            case ast.Expr(value=ast.Constant(value=str())):
                return line
            case ast.Expr(value=ast.Call() as call):
                return self.assign(name := _root(call), self.in_place(name, call))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return self.assign(name, self.assigned(name, value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                return self.assign(name, self.assigned(name, value))
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                self.changed.add(name)
                self.note_condition(name, value)
                whole = ast.BinOp(ast.Name(name, ast.Load()), op, value)
                return self.assign(name, self.expression(whole))
            case ast.Return(value=ast.Tuple(elts=values)):
                self.note_states(values[1:])
                whole = ast.Tuple([self.expression(v) for v in values], ast.Load())
                return ast.Return(whole)
            case ast.Return(value=ast.expr() as value):
                return ast.Return(self.expression(value))
        raise Unknown

    def assign(self, name: str, value: ast.expr) -> ast.stmt:
        return ast.Assign([ast.Name(self.named(name), ast.Store())], value)

    def assigned(self, name: str, value: ast.expr) -> ast.expr:
        self.note_condition(name, value)
        if isinstance(value, ast.Call) and _is_change(value):
            if _root(value) != name:
                raise Unknown
            return self.in_place(name, value)
        if self.handed_on(value) - {name}:
            self.shared = True
        return self.expression(value)

    def in_place(self, name: str, call: ast.Call) -> ast.expr:
        """Rewrite changes to what has a name as its new value."""
        self.changed.add(name)
        if reads_changed(call, name):
            raise Unknown
        return self.expression(call, in_place=True)

    def handed_on(self, value: ast.expr) -> set[str]:
        """Return the names of the function's own whose tensors a value may be."""
        tensors = self.preamble.kind.entry.state is not None  # a schedule has only numbers
        return handed_on(value, self.preamble.imported) & self.local if tensors else set()

    def note_states(self, values: list[ast.expr]) -> None:
        """Take note of two states that may be one tensor from now on."""
        names = [n for v in values for n in self.handed_on(v)]
        self.shared |= len(set(names)) < len(names)

    def note_condition(self, name: str, value: ast.expr) -> None:
        if self.has_condition(value):
            self.conditions.add(name)

    def has_condition(self, value: ast.expr) -> bool:
        """Tell whether a comparison has any part in a value, so that it may be true or false."""
        # What such a function is called with or gives is not followed: each call may be a truth.
        truths = self.conditions.union(self.judging)
        return any(
            isinstance(n, ast.Compare) or (isinstance(n, ast.Name) and n.id in truths)
            for n in ast.walk(value)
        )

    def named(self, name: str) -> str:
        """Keep a name out of the language's way."""
        return self.preamble.out_of_the_way(name)

    def expression(self, node: ast.expr, in_place: bool = False) -> ast.expr:
        match node:
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                return node
            case ast.Name(id=name):
                return self.name(name)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
                return ast.UnaryOp(op, self.expression(operand))
            # In floats 1 // 0.1 is 9, and 1 / 0.1 is 10: a whole quotient stays Python.
            case ast.BinOp(left=left, op=op, right=right) if not isinstance(op, ast.FloorDiv):
                return ast.BinOp(self.expression(left), op, self.expression(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return ast.Compare(self.expression(left), [op], [self.expression(right)])
            case ast.IfExp(test=ast.Compare() as test, body=body, orelse=orelse):
                parts = (self.expression(n) for n in (test, body, orelse))
                return ast.IfExp(*parts)
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in CONSTANTS:
                return ast.Constant(CONSTANTS[name])
            case ast.Call(func=ast.Attribute(value=owner, attr=name)):
                if ast.unparse(owner) in self.preamble.modules:
                    return self.call(name, node.args, node.keywords)
                name = name.removesuffix("_") if in_place else name
                inner = isinstance(owner, ast.Call) and in_place
                whole = self.expression(owner, in_place) if inner else self.expression(owner)
                return self.call(name, [_done(whole), *node.args], node.keywords)
            case ast.Call(func=ast.Name(id=name)):
                return self.called(name, node)
            case _Done(value=value):
                return value
        raise Unknown

    def name(self, name: str) -> ast.expr:
        if name in self.constants:
            return self.constants[name]
        if name not in self.local:
            return ast.Constant(self.imported_number(name))
        return ast.Name(self.named(name), ast.Load())

    def imported_number(self, name: str) -> float:
        if (original := self.preamble.imported.get(name)) in CONSTANTS:
            return CONSTANTS[original]
        raise Unknown

    def called(self, name: str, node: ast.Call) -> ast.expr:
        """Rewrite a call by a bare name: imported, built in, or a helper of the text's own."""
        known = self.preamble.imported.get(name, BUILTIN.get(name))
        if known is not None:
            return self.call(known, node.args, node.keywords)
        if any(k.arg is None for k in node.keywords):
            raise Unknown
        args = [self.expression(a) for a in node.args]
        given = [(self.named(k.arg or ""), self.expression(k.value)) for k in node.keywords]
        keywords = [ast.keyword(n, value) for n, value in given]
        return ast.Call(ast.Name(self.named(name), ast.Load()), args, keywords)

    def call(self, name: str, args: list[ast.expr], keywords: list[ast.keyword]) -> ast.expr:
        """Rewrite a call of torch's or math's function `name`."""
        given = [self.expression(a) for a in args]
        named = {k.arg: self.expression(k.value) for k in keywords if k.arg}
        if len(named) < len(keywords):
            raise Unknown
        if name in IDENTITIES and len(given) == 1 and not named:
            return given[0]
        if name in UNARY and len(given) == 1 and not named:
            return function(UNARY[name], given[0])
        if name in SIGNS and len(given) == 2 and named.keys() <= {"alpha"}:
            op = ast.Sub() if name.startswith("sub") else SIGNS[name]()
            right = ast.BinOp(given[1], ast.Mult(), named["alpha"]) if named else given[1]
            if named and not name.startswith(("add", "sub")):
                raise Unknown
            return ast.BinOp(given[0], op, right)
        rule = RULES.get(name)
        # A tensor like one of truths is one of truths too, whatever it is filled with.
        if rule is None or (name.endswith("_like") and any(map(self.has_condition, args))):
            raise Unknown
        try:
            return rule(*given, **named)
        except TypeError:
            raise Unknown from None


class _Done(ast.expr):
    """An expression that is rewritten already."""

    _fields = ("value",)
    value: ast.expr


def _done(value: ast.expr) -> _Done:
    node = _Done()
    node.value = value
    return node


def _is_change(call: ast.Call) -> bool:
    """Tell whether a chain of methods changes its first owner."""
    node: ast.expr = call
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr.endswith("_"):
            return True
        node = node.func.value
    return False


def _root(call: ast.Call) -> str:
    """Return what a chain of changes in place is about; there must be nothing else in it."""
    name = root_of_changes(call)
    if name is None:
        raise Unknown
    return name
