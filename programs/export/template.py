"""The fixed parts of an exported optimiser: the class, and what joins it to the program."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from programs.export.counting import begun, counting, placed
from programs.export.groups import add_param_group
from programs.export.parts import Line, parts_of, tuple_of
from programs.export.shape import Shape
from programs.export.steps import function, indented, part_name, step
from programs.render import number


def reading(states: Sequence[str]) -> str:
    """Say what the names in an optimiser's program mean."""
    text = "`w` is a weight tensor and `g` its gradient"
    if states:
        are = "is a state that starts" if len(states) == 1 else "are states that start"
        text += f"; {', '.join(f'`{s}`' for s in states)} {are} at zero"
    text += ". The first value returned is subtracted from `w`"
    return text + (", the others are the new states." if states else ".")


def optimizer(shape: Shape) -> str:
    """Return the class."""
    parts = [
        _constructor(shape),
        add_param_group(shape.name, _settings(shape), placed(shape)),
        counting(shape),
        step(shape),
        _shared(shape),
        _tensors(shape),
    ]
    body = "\n".join(textwrap.indent(p.strip("\n"), "    ") + "\n" for p in parts if p)
    on = " unless on a CPU" if shape.matrix else ""
    total = "\n        total_steps: steps in all, which the program's plan depends on"
    return (
        f"class {shape.name}(torch.optim.Optimizer):\n"
        f'    """{shape.name}, with the usage of any PyTorch optimiser.\n'
        "\n"
        "    Args:\n"
        "        params: parameters, or dicts that define parameter groups\n"
        "        lr: learning rate"
        f"{total if shape.total else ''}\n"
        f"        foreach: update whole lists of tensors at once, which is the default{on}\n"
        "        capturable: never wait for the device, so that steps fit into a CUDA graph\n"
        '    """\n'
        "\n"
        f"{body}"
    )


def _constructor(shape: Shape) -> str:
    total = "total_steps, " if shape.total else ""
    check = (
        "if not total_steps >= 1:\n"
        '        raise ValueError(f"expected total_steps of at least 1, found {total_steps}")\n    '
    )
    stored = ", ".join(f"{n}={n}" for n in _settings(shape))
    return f"""
def __init__(self, params, lr={number(shape.lr)}, *, {total}foreach=None, capturable=False):
    if not lr >= 0:
        raise ValueError(f"expected a learning rate of 0 or more, found {{lr}}")
    {check if shape.total else ""}super().__init__(params, dict({stored}))
"""


def _settings(shape: Shape) -> list[str]:
    """Return what the constructor takes, and each group may have otherwise."""
    return ["lr", *(["total_steps"] if shape.total else []), "foreach", "capturable"]


def _shared(shape: Shape) -> str:
    scalars = shape.scalars
    given = {"lr": 'group["lr"]', "total": 'group["total_steps"]'}
    lines = [f"{n} = {given[n]}" for n in scalars.inputs if n in given]
    # A number that lives in a tensor is read here, once, unless that would make the host wait.
    waits = 'if not (group["capturable"] or torch.compiler.is_compiling()):'
    if scalars.plain:
        lines += [waits, "    lr = float(lr)"] if "lr" in scalars.inputs else []
        lines += [*scalars.lines, f"return {tuple_of(scalars.parameters)}"]
    else:
        lines += [f'{n} = as_tensor({n}, group["step"])' for n in scalars.inputs]
        lines += [*scalars.lines, f"shared = {tuple_of(scalars.parameters)}", waits]
        lines += ["    shared = tuple(float(x) for x in shared)", "return shared"]
    step, them = (", step", "take this step") if shape.counts else ("", "of a group")
    doc = f"Return what all tensors {'that ' if step else ''}{them} share."
    return function(f"_shared(self, group{step})", doc, lines)


def _tensors(shape: Shape) -> str:
    first = ['state["step"] = torch.zeros_like(group["step"]) if begun else None']
    first = first if shape.counts else []
    if shape.states:
        names = tuple_of([f'"{s}"' for s in shape.states])
        first += [f"for name in {names}:"]
        first += ["    state[name] = torch.zeros_like(p, memory_format=torch.preserve_format)"]
    fill = ["state = self.state[p]", "if not state:", *indented(first)] if first else []
    # A matrix without elements has counts of 0, and nothing to change.
    idle = "p.grad is None or not p.numel()" if shape.matrix else "p.grad is None"
    held = "".join(f', state["{s}"]' for s in shape.states)
    each = [f"if {idle}:", "    continue", "if p.grad.is_sparse or p.is_complex():"]
    each += [f'    raise RuntimeError("{shape.name} needs dense, real gradients; found others")']
    each += [*fill, f"found.append([p, p.grad{held}])"]
    lines = ["found = []", *begun(shape), 'for p in group["params"]:', *indented(each)]
    doc = "Return weight, gradient and states of each parameter that has a gradient."
    return function("_tensors(self, group)", doc, [*lines, "return found"])


def update(shape: Shape, body: Sequence[Line]) -> str:
    """Return the program itself as a function on tensors."""
    returned = "what to subtract from `w`" + (", then the new states" if shape.states else "")
    return _program(shape, "update", body, f"Return {returned}.")


def update_foreach(shape: Shape, body: Sequence[Line]) -> str:
    """Return the program as a function that changes whole lists."""
    return _program(shape, "update_foreach_", body, "Do the same to whole lists, in place.")


def _program(shape: Shape, name: str, body: Sequence[Line], doc: str) -> str:
    """Return a function, or the functions that its parts are."""
    parts = parts_of(body, shape.parameters)
    if len(parts) == 1:
        return function(f"{name}({', '.join(shape.parameters)})", doc, parts[0].lines)
    asking = "Return what to take the norm of over the whole model, then what is read later."
    docs = [asking] * (len(parts) - 1) + [doc]
    return "\n\n\n".join(
        function(f"{part_name(name, number)}({', '.join(part.params)})", said, part.lines)
        for number, (part, said) in enumerate(zip(parts, docs, strict=True), 1)
    )
