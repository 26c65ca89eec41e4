"""The `forward` of a function's module: its statements, with layers in the place of calls.

A layer without weights is written out as the expression it is. Expressions are kept as syntax
trees, so that brackets come where Python needs them.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from programs.export.functions import known_functions
from programs.export.instances import Instance
from programs.export.layers import attribute, rewritten
from programs.export.names import Names
from programs.genome import CALL, RECUR, Argument, Function, Statement, base_of, is_anonymous
from programs.inline import copies, operands
from programs.kind import Kind
from programs.kinds.networks.features import Feature
from programs.kinds.networks.layer import Layer
from programs.render import number

WIDTH = 72
"""Characters from which a nested expression gets a line and a name of its own."""

_SIGNS = {"add": "a + b", "sub": "a - b", "mul": "a * b"}
_DIMENSIONS = {"features": ("-1", "1"), "positions": ("1", "(2, 3)")}
_EXTREMA = {"maximum": "torch.maximum(a, b)", "minimum": "torch.minimum(a, b)"}


@dataclass(frozen=True, slots=True)
class Lines:
    """The parameters and the body of a `forward`."""

    parameters: tuple[str, ...]
    body: tuple[str, ...]


class Forward:
    """Write statements; `attributes` maps calls with a module of their own to its name."""

    def __init__(
        self,
        function: Function,
        kind: Kind,
        here: Sequence[Instance],
        attributes: Mapping[str, str],
    ) -> None:
        self.function, self.kind, self.here, self.attributes = function, kind, here, attributes
        bound = [n for n in function.bound() if not is_anonymous(n)]
        self.names = Names(_local(n) for n in bound)
        self.values: dict[str, ast.expr] = {p: ast.Name(_local(p)) for p in function.params}
        self.body: list[str] = []
        self.last = function.body[-1] if function.body else None

    def lines(self) -> Lines:
        """Return the whole method."""
        for statement in self.function.body:
            self.add(statement)
        result = self.value(self.function.returns[0])
        self.body.append(f"return {ast.unparse(result)}")
        return Lines(tuple(_local(p) for p in self.function.params), tuple(self.body))

    def value(self, arg: Argument) -> ast.expr:
        """Return the expression for a name or a constant."""
        return (
            self.values[arg] if isinstance(arg, str) else ast.parse(number(arg), mode="eval").body
        )

    def add(self, statement: Statement) -> None:
        """Write one statement, or keep its expression for where it is used."""
        name = statement.target
        loops = statement.function and statement.op != CALL
        if loops and (statement.op == RECUR or len(operands(statement)) > 1):
            self.loop(statement)
            return
        value = self.expression(statement)
        result = statement is self.last and self.function.returns[0] == name
        if not result and (not is_anonymous(name) or len(ast.unparse(value)) > WIDTH):
            value = self.bind(name, value)
        self.values[name] = value

    def bind(self, name: str, value: ast.expr) -> ast.expr:
        """Write an assignment and return the name."""
        given = self.names.numbered("y") if is_anonymous(name) else _local(name)
        self.body.append(f"{given} = {ast.unparse(value)}")
        return ast.Name(given)

    def loop(self, statement: Statement) -> None:
        """Write the applications of one copy again and again, or of copies that take more."""
        first, *more = (self.value(a) for a in operands(statement))
        name = self.bind(statement.target, first)
        here = attribute(self.attributes[statement.target])
        again = statement.op == RECUR
        head = f"_ in range({copies(statement)})" if again else f"part in {ast.unparse(here)}"
        call = ast.Call(here if again else ast.Name("part"), [name, *more], [])
        self.body.append(f"for {head}:")
        self.body.append(f"    {ast.unparse(name)} = {ast.unparse(call)}")
        self.values[statement.target] = name

    def expression(self, statement: Statement) -> ast.expr:
        """Return what a statement computes."""
        if statement.function:
            given = [self.value(a) for a in operands(statement)]
            return ast.Call(attribute(self.attributes[statement.target]), given, [])
        layer = self.kind.ops[statement.op]
        assert isinstance(layer, Layer)
        pairs = list(zip(layer.params, statement.args, strict=True))
        values = {p.name: a for p, a in pairs if p.attribute is None}
        if layer.weighted:
            given = [self.value(a) for a in values.values()]
            return ast.Call(attribute(self.attributes[statement.target]), given, [])
        new = {p.name: self.value(a) for p, a in pairs}
        if "causal" in layer.context:
            new["causal"] = ast.Constant(self._is_causal(statement))
        text = self.plain(layer, values)
        self.share(text, values, new)
        return self.folded(rewritten(text, new), values)

    def plain(self, layer: Layer, values: Mapping[str, Argument]) -> str:
        """Return a layer's expression, without alignment where nothing needs it."""
        simple = _SIGNS.get(layer.name)
        if simple is None and all(isinstance(a, str) for a in values.values()):
            simple = _EXTREMA.get(layer.name)
        sorts = [self.sorts(a) for a in values.values() if isinstance(a, str)]
        vectors = {"vector" in s for s in sorts}
        even = len(vectors) == 1 and all(len(s) == 1 or "vector" not in s for s in sorts)
        return simple if simple and even else layer.expression

    def sorts(self, arg: Argument) -> set[str]:
        """Return what a value is, over all instances: sequence, image or vector."""
        types = (i.types[arg] for i in self.here if isinstance(arg, str))
        return {t.sort for t in types if isinstance(t, Feature)}

    def _is_causal(self, statement: Statement) -> bool:
        x = self.here[0].given(statement, self.kind)[0]
        return isinstance(x, Feature) and x.causal

    def share(self, text: str, values: Mapping[str, Argument], new: dict[str, ast.expr]) -> None:
        """Give a name to what an expression reads more than once."""
        nodes = list(ast.walk(ast.parse(text)))
        for name, arg in values.items():
            read = [n for n in nodes if isinstance(n, ast.Name) and n.id == name]
            # `features(x)` will be a number where every instance agrees.
            folded = len(self.sorts(arg)) == 1
            gone = [n for n in nodes if folded and _calls(n, set(_DIMENSIONS))]
            is_plain = isinstance(new[name], ast.Name | ast.Constant)
            if len(read) - len(gone) > 1 and not is_plain:
                new[name] = self.bind(".", new[name])

    def folded(self, tree: ast.expr, values: Mapping[str, Argument]) -> ast.expr:
        """Write `features(x)` and `positions(x)` as the dimensions they are."""
        first = next(iter(values.values()))
        sorts = self.sorts(first)
        if len(sorts) != 1:
            return tree
        place = 1 if sorts == {"image"} else 0

        class Fold(ast.NodeTransformer):
            def visit_Call(self, node: ast.Call) -> ast.expr:
                self.generic_visit(node)
                if _calls(node, set(_DIMENSIONS)):
                    return ast.parse(_DIMENSIONS[ast.unparse(node.func)][place], mode="eval").body
                return node

        return Fold().visit(tree)


def _calls(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _local(name: str) -> str:
    """Return a name that hides nothing the method needs."""
    base = base_of(name)
    taken = base in known_functions() or base in (
        "F",
        "math",
        "nn",
        "part",
        "range",
        "self",
        "torch",
    )
    return f"{base}_" if taken else base
