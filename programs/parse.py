"""Source text to type-checked genome, or to a fault that says where and what instead.

The text is read by Python's own `ast` and never executed. Everything that is not one function of
straight-line arithmetic over the vocabulary is refused with a place and the nearest legal form.
"""

from __future__ import annotations

import ast
import inspect
import warnings
from collections.abc import Iterator

from programs.check import check_returns, infer
from programs.errors import Fault, closest
from programs.genome import Argument, Function, Genome, Statement, is_anonymous
from programs.kind import Kind, Op, Type
from programs.tidy import tidy

MAX_CHARACTERS = 64 * 1024
MAX_DEPTH = 64
MAX_CONSTANT = 1e30

_INFIX: dict[type[ast.AST], str] = {
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


class _Refused(Exception):
    """Carry a fault out of the recursion; it never leaves this module."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def parse(source: str, kind: Kind) -> Genome | Fault:
    """Read a program of `kind`; give back its genome, or the first fault with its place."""
    if len(source) > MAX_CHARACTERS:
        return Fault(
            f"the program has {len(source):,} characters; at most {MAX_CHARACTERS:,} are read"
        )
    tree = _syntax_tree(source)
    if isinstance(tree, Fault):
        return tree
    try:
        genome = _Reader(kind).module(tree)
    except _Refused as refused:
        return refused.fault
    return tidy(genome, kind)


def _syntax_tree(source: str) -> ast.Module | Fault:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.parse(source)
    except SyntaxError as error:
        return Fault(f"not valid Python: {error.msg}", error.lineno or 1, max(error.offset or 1, 1))
    except (ValueError, RecursionError, MemoryError, OverflowError):
        return Fault(
            "not valid Python: nested too deeply, or with characters Python does not read", 1, 1
        )


class _Reader:
    """Lower one syntax tree to single-assignment statements."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.by_infix = {op.infix: op for op in kind.ops.values() if op.infix}
        if "mod" in kind.ops:
            self.by_infix["%"] = kind.ops["mod"]
        self.body: list[Statement] = []
        self.now: dict[str, Argument] = {}
        self.types: dict[str, Type] = {}
        self.bindings: dict[str, int] = {}
        self.nested = 0
        self.doc = ""

    def module(self, tree: ast.Module) -> Genome:
        statements = list(tree.body)
        doc = ""
        if statements and (text := _docstring(statements[0])) is not None:
            doc, statements = text, statements[1:]
        for statement in statements:
            if not isinstance(statement, ast.FunctionDef):
                raise _refuse(
                    statement, f"expected `def {self.kind.entry.name}(…)` and nothing beside it"
                )
        if len(statements) != 1:
            found = "none" if not statements else f"{len(statements)} functions"
            place = statements[1] if len(statements) > 1 else None
            raise _refuse(place, f"expected one function `{self.kind.entry.name}`, found {found}")
        (definition,) = statements
        assert isinstance(definition, ast.FunctionDef)
        function = self.function(definition)
        return Genome((function,), doc or self.doc)

    def function(self, definition: ast.FunctionDef) -> Function:
        params = self.parameters(definition)
        self.now = dict(zip(params, params, strict=True))
        self.types = {p: self.kind.entry.inputs.get(p, self.kind.entry.state) for p in params}
        self.bindings = dict.fromkeys(params, 1)
        lines = definition.body
        if (text := _docstring(lines[0])) is not None:
            self.doc, lines = text, lines[1:]
        for line in lines[:-1]:
            self.assignment(line)
        if not lines or not isinstance(lines[-1], ast.Return) or lines[-1].value is None:
            raise _refuse(
                lines[-1] if lines else definition, "expected the last line to be `return …`"
            )
        value = lines[-1].value
        values = value.elts if isinstance(value, ast.Tuple) else [value]
        returns = tuple(self.expression(v, 0) for v in values)
        function = Function(definition.name, params, tuple(self.body), returns)
        if (fault := self.kind.entry.faults_in(function)) is not None:
            raise _refuse(definition, fault.message)
        if (fault := check_returns(function, self.types, self.kind)) is not None:
            raise _refuse(lines[-1], fault.message)
        return function

    def parameters(self, definition: ast.FunctionDef) -> tuple[str, ...]:
        args = definition.args
        if (
            args.vararg
            or args.kwarg
            or args.kwonlyargs
            or args.defaults
            or definition.decorator_list
        ):
            raise _refuse(
                definition, "expected plain parameters: no defaults, no `*`, no decorator"
            )
        params = tuple(a.arg for a in (*args.posonlyargs, *args.args))
        for node in args.args:
            self.check_free(node, node.arg)
        return params

    def assignment(self, line: ast.stmt) -> None:
        match line:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name) as target, value=ast.expr() as value):
                pass
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=right):
                left = ast.copy_location(ast.Name(name, ast.Load()), target)
                value = ast.copy_location(ast.BinOp(left, op, right), line)
            case ast.Return():
                raise _refuse(line, "nothing may follow `return`")
            case _:
                raise _refuse(line, f"expected `name = expression`, found {_described(line)}")
        self.check_free(target, name)
        self.bind(name, self.expression(value, 0))

    def bind(self, name: str, value: Argument) -> None:
        """Give the value just computed its name; a plain copy binds no new value."""
        last = self.body[-1] if self.body else None
        if last is None or value != last.target or not is_anonymous(last.target):
            self.now[name] = value
            return
        version = self.bindings.get(name, 0)
        self.bindings[name] = version + 1
        target = f"{name}.{version}" if version else name
        self.body[-1] = Statement(target, last.op, last.args)
        self.types[target] = self.types[last.target]
        self.now[name] = target

    def check_free(self, node: ast.AST, name: str) -> None:
        if name in self.kind.reserved:
            raise _refuse(node, f"`{name}` is a function of the language; choose another name")
        if not name.isascii():
            raise _refuse(node, f"`{name}` has letters outside ASCII")

    def expression(self, node: ast.expr, depth: int) -> Argument:
        if depth > MAX_DEPTH:
            raise _refuse(node, f"nested more than {MAX_DEPTH} deep; give a part of it a name")
        match node:
            case ast.Constant(value=bool() | None | str() | bytes() | complex()):
                raise _refuse(node, f"expected a number, found `{ast.unparse(node)[:40]}`")
            case ast.Constant(value=value):
                return _number(node, value)
            case ast.Name(id=name):
                return self.name(node, name)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -_number(node, value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.emit(node, self.kind.op_named("neg"), [operand], depth)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.expression(operand, depth + 1)
            case ast.BinOp(left=left, op=op, right=right):
                return self.emit(node, self.sign(op), [left, right], depth)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.emit(node, self.sign(op), [left, right], depth)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.emit(node, self.kind.op_named("where"), [test, body, orelse], depth)
            case ast.Call():
                return self.call(node, depth)
        raise _refuse(
            node, f"expected arithmetic or a call, found {_described(node)}", self.nearest(node)
        )

    def sign(self, op: ast.AST) -> Op | None:
        return self.by_infix.get(_INFIX.get(type(op), ""))

    def name(self, node: ast.expr, name: str) -> Argument:
        if name in self.now:
            return self.now[name]
        if name in self.kind.constants:
            return self.kind.constants[name]
        inputs = [n for n in self.kind.entry.inputs if n not in self.now]
        if name in inputs:
            raise _refuse(
                node, f"`{name}` is not a parameter here: add it to `def {self.kind.entry.name}(…)`"
            )
        raise _refuse(
            node, f"the name `{name}` is not bound before this line", closest(name, self.now)
        )

    def call(self, node: ast.Call, depth: int) -> Argument:
        if not isinstance(node.func, ast.Name):
            raise _refuse(node, "expected a function of the language", self.nearest(node))
        op = self.kind.op_named(node.func.id)
        if op is None:
            known = [*self.kind.ops, *(a for o in self.kind.ops.values() for a in o.aliases)]
            raise _refuse(
                node, f"there is no function `{node.func.id}`", closest(node.func.id, known)
            )
        return self.emit(node, op, self.arguments(node, op), depth)

    def arguments(self, node: ast.Call, op: Op) -> list[ast.expr]:
        """Bring positional and keyword arguments into the op's order."""
        given: dict[str, ast.expr] = {}
        names = [p.name for p in op.params]
        if len(node.args) > len(names) or any(isinstance(a, ast.Starred) for a in node.args):
            raise _refuse(node, f"expected `{op.usage}`, found {len(node.args)} arguments")
        given.update(zip(names, node.args, strict=False))
        for keyword in node.keywords:
            if keyword.arg not in names or keyword.arg in given:
                raise _refuse(node, f"expected `{op.usage}`, found `{keyword.arg}=`")
            given[keyword.arg] = keyword.value
        for param in op.params:
            if param.name not in given and param.default is None:
                raise _refuse(node, f"expected `{op.usage}`; `{param.name}` is missing")
            default = ast.copy_location(ast.Constant(param.default), node)
            given.setdefault(param.name, default)
        return [given[name] for name in names]

    def emit(self, node: ast.expr, op: Op | None, operands: list[ast.expr], depth: int) -> Argument:
        if op is None:
            raise _refuse(
                node, f"the operator in `{ast.unparse(node)[:60]}` is not part of the language"
            )
        args = tuple(self.expression(o, depth + 1) for o in operands)
        self.nested += 1
        statement = Statement(f".{self.nested}", op.name, args)
        found = infer(statement, self.types, self.kind)
        if isinstance(found, Fault):
            raise _refuse(node, found.message)
        self.types[statement.target] = found
        self.body.append(statement)
        return statement.target

    def nearest(self, node: ast.AST) -> str | None:
        """Guess the legal form of `torch.sign(x)`, `x.mean()` and `x.T`."""
        inner = node.func if isinstance(node, ast.Call) else node
        if not isinstance(inner, ast.Attribute):
            return None
        op = self.kind.op_named(inner.attr.rstrip("_")) or self.kind.op_named(
            _METHODS.get(inner.attr, "")
        )
        if op is None:
            return None
        owner = inner.value
        if isinstance(owner, ast.Name) and owner.id not in self.now:
            return op.name
        return f"{op.name}({ast.unparse(owner)[:40]}{', …' if op.arity > 1 else ''})"


_METHODS = {"T": "transpose", "t": "transpose", "mT": "transpose", "clamp": "clip", "mm": "matmul"}


def _docstring(node: ast.stmt) -> str | None:
    match node:
        case ast.Expr(value=ast.Constant(value=str() as text)):
            return inspect.cleandoc(text)
    return None


def _number(node: ast.expr, value: object) -> float:
    assert isinstance(value, int | float)
    if not abs(value) <= MAX_CONSTANT:
        raise _refuse(node, f"expected a number within ±{MAX_CONSTANT:g}")
    return float(value)


def _described(node: ast.AST) -> str:
    words = {
        ast.Attribute: "an attribute",
        ast.Subscript: "an index",
        ast.For: "a loop",
        ast.While: "a loop",
        ast.If: "an `if` statement (write `where(condition, a, b)`)",
        ast.Import: "an import",
        ast.ImportFrom: "an import",
        ast.FunctionDef: "a function inside a function",
        ast.BoolOp: "`and` / `or` (multiply comparisons, or take their `maximum`)",
        ast.Compare: "a chain of comparisons",
    }
    return words.get(type(node), f"a Python `{type(node).__name__}`")


def _refuse(node: ast.AST | None, message: str, nearest: str | None = None) -> _Refused:
    line = getattr(node, "lineno", 1)
    return _Refused(Fault(message, line, getattr(node, "col_offset", 0) + 1, nearest))


def names_in(source: str) -> Iterator[str]:
    """Yield the function names a text defines, to tell which kind it is; nothing for bad Python."""
    tree = _syntax_tree(source)
    if isinstance(tree, ast.Module):
        yield from (n.name for n in tree.body if isinstance(n, ast.FunctionDef))
