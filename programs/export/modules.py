"""A function of a network as an `nn.Module` whose `forward` reads as the program does.

The constructor makes a module for each call that has weights. Sizes that differ between the
function's instances are its parameters; all others are written out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from programs.export.forward import Forward
from programs.export.instances import Instance
from programs.export.layers import class_of, facts_of, method
from programs.genome import REPEAT, Function, Statement
from programs.inline import operands
from programs.kind import Kind
from programs.kinds.networks.layer import Layer, Weight

Column = tuple[object, ...]
"""One value for each instance of a function."""


@dataclass(slots=True)
class Module:
    """A function as a class: its text, and the columns of its constructor's parameters by name."""

    name: str
    text: str = ""
    parameters: dict[str, Column] = field(default_factory=dict)


def module(
    function: Function, kind: Kind, here: Sequence[Instance], others: Mapping[str, Module], doc: str
) -> Module:
    """Write a function's class; `others` are those of the functions it may apply."""
    writer = _Writer(function, kind, here, others)
    made = {s.target: writer.made(s) for s in function.body}
    attributes = _attributes(function, {t for t, text in made.items() if text})
    forward = Forward(function, kind, here, attributes).lines()
    lines = [f"self.{attributes[t]} = {text}" for t, text in made.items() if text]
    signature = ", ".join(["self", *writer.parameters])
    name = others[function.name].name
    init = method(f"__init__({signature})", ["super().__init__()", *lines])
    body = method(f"forward({', '.join(['self', *forward.parameters])})", forward.body)
    text = f'class {name}(nn.Module):\n    """{doc}"""\n\n{init}\n\n{body}'
    return Module(name, text, writer.parameters)


def _attributes(function: Function, made: set[str]) -> dict[str, str]:
    """Name the module of each call: by its layer or helper, numbered if there are several."""
    stems = {s.target: s.function or s.op for s in function.body if s.target in made}
    found: dict[str, str] = {}
    for target, stem in stems.items():
        several = list(stems.values()).count(stem) > 1
        place = sum(stems[t] == stem for t in found) + 1
        name = f"{stem}{place}" if several else stem
        while _is_taken(name) or name in found.values():
            name += "_"
        found[target] = name
    return found


_ACTIONS = (
    "add_module",
    "apply",
    "compile",
    "eval",
    "extra_repr",
    "forward",
    "share_memory",
    "train",
)
_TYPES = ("bfloat16", "cpu", "cuda", "double", "float", "half", "ipu", "mtia", "to", "type", "xpu")
_PARTS = ("buffers", "children", "load_state_dict", "modules", "parameters", "state_dict")
_FLAGS = ("call_super_init", "dump_patches", "training", "to_empty", "zero_grad", "T_destination")
_METHODS = frozenset((*_ACTIONS, *_TYPES, *_PARTS, *_FLAGS, "requires_grad_"))
_STEMS = ("_", "get_", "named_", "register_", "set_")


def _is_taken(name: str) -> bool:
    """Tell whether `nn.Module` may have the name for itself."""
    return name in _METHODS or (name.startswith(_STEMS) and not name.endswith("_"))


class _Writer:
    """Write the calls that make a function's parts; `parameters` collects what they depend on."""

    def __init__(
        self,
        function: Function,
        kind: Kind,
        here: Sequence[Instance],
        others: Mapping[str, Module],
    ) -> None:
        self.function, self.kind, self.here, self.others = function, kind, here, others
        self.parameters: dict[str, Column] = {}

    def leaf(self, column: Column, stem: str) -> str:
        """Write a value: itself where all instances agree, else a parameter's name."""
        texts = [repr(v) for v in column]
        if len(set(texts)) == 1:
            return texts[0]
        for name, known in self.parameters.items():
            if [repr(v) for v in known] == texts:
                return name
        # What a helper needs has a numbered name already, and the number is another's here.
        stem = stem.rstrip("0123456789")
        count = sum(n.rstrip("0123456789") == stem for n in self.parameters)
        name = f"{stem}{count + 1}" if count else stem
        self.parameters[name] = column
        return name

    def made(self, statement: Statement) -> str:
        """Return the text that makes a call's module, or nothing if it has none."""
        if statement.function:
            return self.applied(statement)
        layer = self.kind.ops[statement.op]
        assert isinstance(layer, Layer)
        if not layer.weighted:
            return ""
        columns = [i.weights(statement, self.kind) for i in self.here]
        given = []
        for name in layer.names:
            weights = [w for c in columns if (w := c.get(name)) is not None]
            if weights:
                optional = name == "bias" and "bias" in {p.name for p in layer.params}
                text = self.start(weights)
                given.append(f"{name}={text}" if optional else text)
        given += self.facts(layer, statement)
        return f"{class_of(layer.name)}({', '.join(given)})"

    def start(self, weights: Sequence[Weight]) -> str:
        """Write a weight's first value."""
        first = weights[0]
        shape = ", ".join(
            self.leaf(c, "width") for c in zip(*(w.shape for w in weights), strict=True)
        )
        if first.ramp is not None:
            ends = [self.leaf(c, "end") for c in zip(*(w.ramp or () for w in weights), strict=True)]
            steps = self.leaf(tuple(w.shape[-1] for w in weights), "width")
            line = f"torch.linspace({', '.join(ends)}, {steps})"
            return (
                line if len(first.shape) == 1 else f"{line}.repeat({shape[: shape.rindex(',')]}, 1)"
            )
        if first.std:
            stds = tuple(None if _keeps_scale(w) else w.std for w in weights)
            std = self.leaf(stds, "std")
            drawn = f"normal({shape})" if std == "None" else f"normal({shape}, std={std})"
            mean = self.leaf(tuple(w.mean for w in weights), "mean")
            shifted = f"{drawn} - {mean[1:]}" if mean.startswith("-") else f"{drawn} + {mean}"
            return drawn if mean == "0.0" else shifted
        mean = self.leaf(tuple(w.mean for w in weights), "mean")
        plain = {"0.0": f"torch.zeros({shape})", "1.0": f"torch.ones({shape})"}
        comma = "," if len(first.shape) == 1 else ""
        return plain.get(mean, f"torch.full(({shape}{comma}), {mean})")

    def facts(self, layer: Layer, statement: Statement) -> list[str]:
        """Write the attributes that differ from their defaults."""
        given = dict(zip((p.name for p in layer.params), statement.args, strict=True))
        found = []
        for name, default in facts_of(layer).items():
            first = self.here[0].given(statement, self.kind)[0]
            value = given.get(name, getattr(first, name, None))
            text = (
                repr(int(value))
                if isinstance(value, float) and value == int(value)
                else repr(value)
            )
            if text != default:
                found.append(f"{name}={text}")
        return found

    def applied(self, statement: Statement) -> str:
        """Write the modules of a helper's copies."""
        other = self.others[statement.function]
        copies = [i.children[statement.target] for i in self.here]
        columns = [
            [tuple(column[places[k]] for places in copies) for column in other.parameters.values()]
            for k in range(len(copies[0]))
        ]
        rows = [
            [self.leaf(c, n) for c, n in zip(row, other.parameters, strict=True)] for row in columns
        ]
        if statement.op != REPEAT:
            return f"{other.name}({', '.join(rows[0])})"
        holder = "nn.Sequential(*{})" if len(operands(statement)) == 1 else "nn.ModuleList({})"
        return holder.format(_all(other.name, rows, list(other.parameters)))


def _all(name: str, rows: list[list[str]], parameters: list[str]) -> str:
    """Write the making of several copies as a generator."""
    if all(row == rows[0] for row in rows):
        return f"({name}({', '.join(rows[0])}) for _ in range({len(rows)}))"
    if len(parameters) == 1:
        values = ", ".join(row[0] for row in rows)
        return f"({name}({parameters[0]}) for {parameters[0]} in ({values}))"
    values = ", ".join(f"({', '.join(row)})" for row in rows)
    return f"({name}(*sizes) for sizes in ({values}))"


def _keeps_scale(weight: Weight) -> bool:
    return math.isclose(weight.std, math.prod(weight.shape[1:]) ** -0.5)
