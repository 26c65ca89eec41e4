"""The layers with weights that a network uses, each as a plain `nn.Module`.

What a layer computes is the vocabulary's own expression; its weights come to it as first values,
so that the place where it is made shows how it begins.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Mapping

from programs.kinds.networks.layer import Layer
from programs.render import number

LONGEST_LINE = 90
_CAPITALS = {"kan": "KAN", "moe": "MoE", "gru": "GRU", "lstm": "LSTM", "ssm": "SSM", "rms": "RMS"}


def class_of(name: str) -> str:
    """Return the class name of a layer or a helper: `rms_norm` is `RMSNorm`."""
    words = [w for w in name.split("_") if w]
    return "".join(_CAPITALS.get(w, w[0].upper() + w[1:]) for w in words) or "Part"


def facts_of(layer: Layer) -> dict[str, str]:
    """Return the attributes and context that a layer's expression reads, with their defaults."""
    used = {n.id for n in ast.walk(ast.parse(layer.expression)) if isinstance(n, ast.Name)}
    attributes = {
        p.name: "" if p.default is None else number(p.default)
        for p in layer.params
        if p.attribute is not None and p.name not in layer.names
    }
    known = {**attributes, **({"causal": "False"} if "causal" in layer.context else {})}
    return {name: default for name, default in known.items() if name in used}


def rewritten(expression: str, new: Mapping[str, ast.expr]) -> ast.expr:
    """Return an expression with names replaced."""

    class Rename(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return new.get(node.id, node)

    return Rename().visit(ast.parse(expression, mode="eval").body)


def attribute(name: str) -> ast.expr:
    """Return `self.name`."""
    return ast.parse(f"self.{name}", mode="eval").body


def layer_class(layer: Layer, buffers: frozenset[str], optional: frozenset[str]) -> str:
    """Return the class of a layer; weights in `optional` may be `None`."""
    facts = facts_of(layer)
    given = [f"{n}=None" if n in optional else n for n in layer.names]
    required = [n for n, default in facts.items() if not default]
    defaults = [f"{n}={default}" for n, default in facts.items() if default]
    order = [p for p in given if "=" not in p] + required + [p for p in given if "=" in p]
    lines = [_kept(n, n in buffers, n in optional) for n in layer.names]
    lines += [f"self.{n} = {n}" for n in facts]
    values = [p.name for p in layer.params if p.attribute is None]
    own = {n: attribute(n) for n in (*layer.names, *facts)}
    if "training" in layer.context:
        own["training"] = attribute("training")
    result = ast.unparse(rewritten(layer.expression, own))
    init = method(
        f"__init__(self, {', '.join([*order, *defaults])})", ["super().__init__()", *lines]
    )
    forward = method(f"forward(self, {', '.join(values)})", [f"return {result}"])
    doc = f'"""{layer.doc[0].upper()}{layer.doc[1:]}."""'
    return f"class {class_of(layer.name)}(nn.Module):\n    {doc}\n\n{init}\n\n{forward}"


def method(signature: str, body: Iterable[str]) -> str:
    """Write a method of a class, its long lines broken."""
    lines = "\n".join(_broken(line) for line in body)
    return f"    def {signature}:\n{textwrap.indent(lines, ' ' * 8)}"


def _broken(line: str) -> str:
    """Put the arguments of a long line's last call on a line of their own."""
    if len(line) <= LONGEST_LINE or not line.endswith(")"):
        return line
    depth = 0
    for place in range(len(line) - 1, 0, -1):
        depth += (line[place] == ")") - (line[place] == "(")
        if depth == 0:
            given = line[place + 1 : -1]
            given = given if len(given) <= LONGEST_LINE else _one_each(given)
            return f"{line[: place + 1]}\n    {given}\n)"
    return line


def _one_each(given: str) -> str:
    """Put each argument on a line of its own."""
    call = ast.parse(f"f({given})", mode="eval").body
    assert isinstance(call, ast.Call)
    return ",\n    ".join(ast.unparse(a) for a in (*call.args, *call.keywords)) + ","


def _kept(name: str, is_buffer: bool, is_optional: bool) -> str:
    if is_buffer:
        return f'self.register_buffer("{name}", {name})'
    absent = f"None if {name} is None else " if is_optional else ""
    return f"self.{name} = {absent}nn.Parameter({name})"


NORMAL = '''
def normal(*shape, std=None):
    """Draw first weights; without `std`, such as keep the scale of what they map."""
    return torch.randn(shape) * (math.prod(shape[1:]) ** -0.5 if std is None else std)
'''
