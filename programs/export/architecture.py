"""An architecture as one Python file of plain `nn.Module` classes.

The helpers of the program become modules with their names, `Network` is its entry, and below stand
the layers it uses with the code that they run here. Sizes are those of one place: a task's `Spec`,
or without one the first usual input that fits.
"""

from __future__ import annotations

from collections.abc import Mapping

from programs.check import Typed, check
from programs.errors import InputError
from programs.export.evidence import Evidence
from programs.export.functions import functions_for
from programs.export.header import header
from programs.export.instances import Instance, instances
from programs.export.layers import NORMAL, class_of, layer_class
from programs.export.modules import Module, module
from programs.genome import Genome
from programs.idle import without_idle_arguments
from programs.kind import Kind
from programs.kinds.architecture import KIND, at
from programs.kinds.networks.features import Feature
from programs.kinds.networks.layer import Layer
from programs.kinds.networks.plan import Recipe, recipe_of
from programs.program import Program
from programs.spec import Spec


def export_architecture(
    program: Program,
    evidence: Evidence | Mapping[str, str] | None = None,
    spec: Spec | None = None,
) -> str:
    """Return the text of a Python file with the program as an `nn.Module` named `Network`."""
    if program.kind != "architecture" or program.genome is None:
        raise InputError("expected an architecture in the program language, not free-form Python")
    genome = without_idle_arguments(program.genome, KIND)
    typed = check(genome, at(spec) if spec else KIND)
    if not isinstance(typed, Typed):
        raise InputError(f"the program does not fit this input: {typed}")
    plan, kind = recipe_of(typed), typed.kind
    found = instances(genome, kind)
    classes = [m.text for m in reversed(_modules(genome, kind, found, plan).values())]
    layers = _layers(genome, kind, found)
    body = "\n\n\n".join([*classes, *layers])
    helpers = [NORMAL.strip()] if "normal(" in body else []
    parts = [body, *functions_for([body]), *helpers]
    text = "\n\n\n".join(parts)
    head = header(program, Evidence.of(evidence), _reading(plan), _imports(text))
    return f"{head}\n\n\n{text}\n"


def _modules(
    genome: Genome, kind: Kind, found: Mapping[str, list[Instance]], plan: Recipe
) -> dict[str, Module]:
    taken = {class_of(op) for op in kind.ops} | {"F", "Network", "Tensor"}
    made: dict[str, Module] = {}
    for function in genome.functions:
        own = class_of(function.name)
        while function is not genome.main and own in taken:
            own += "_"
        taken.add(own)
        made[function.name] = Module(own)
        doc = f"The program's `{function.name}`."
        if function is genome.main:
            doc = f"The whole network, from `{_shape(plan.given)}` to `{_shape(plan.gives)}`."
        made[function.name] = module(function, kind, found[function.name], made, doc)
    return made


def _layers(genome: Genome, kind: Kind, found: Mapping[str, list[Instance]]) -> list[str]:
    """Return the classes of the layers with weights, in the order of their first call."""
    calls: dict[str, list] = {}
    for function in reversed(genome.functions):
        for statement in function.body:
            if not statement.function and kind.ops[statement.op].weighted:
                made = [i.weights(statement, kind) for i in found[function.name]]
                calls.setdefault(statement.op, []).extend(made)
    texts = []
    for op, made in calls.items():
        layer = kind.ops[op]
        assert isinstance(layer, Layer)
        buffers = frozenset(n for m in made for n, w in m.items() if w and not w.trained)
        missing = {n for m in made for n in layer.names if m.get(n) is None}
        choice = {p.name for p in layer.params} & set(layer.names)
        texts.append(layer_class(layer, buffers, frozenset(missing | choice)))
    return texts


def _reading(plan: Recipe) -> str:
    given, gives = plan.given, plan.gives
    causal = " of which no position may see a later one" if given.causal else ""
    article, its = _article(given), _article(gives)
    return (
        f"`x` is {article} {given.sort} `{_shape(given)}`{causal}, the result {its} {gives.sort} "
        f"`{_shape(gives)}`. {plan.parameters:,} parameters; {plan.flops:,} FLOPs for one example."
    )


def _article(feature: Feature) -> str:
    return "an" if feature.sort == "image" else "a"


def _shape(feature: Feature) -> str:
    return f"[batch, {', '.join(map(str, feature.shape))}]"


def _imports(text: str) -> str:
    lines = ["import math", ""] if "math." in text else []
    lines.append("import torch")
    if "F." in text:
        lines.append("import torch.nn.functional as F")
    lines.append("from torch import Tensor, nn" if "Tensor" in text else "from torch import nn")
    return "\n".join(lines)
