"""The fixed parts of an exported optimiser: the class, and what joins it to the program."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from programs.export.parts import Line, parts_of, tuple_of
from programs.export.shape import Shape
from programs.export.steps import function, part_name, step
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
    parts = [_constructor(shape), _counter(shape), step(shape), _shared(shape), _tensors(shape)]
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
    names = ["lr", *(["total_steps"] if shape.total else [])]
    names += ["foreach", "capturable"]
    stored = ", ".join(f"{n}={n}" for n in names)
    return f"""
def __init__(self, params, lr={number(shape.lr)}, *, {total}foreach=None, capturable=False):
    if not lr >= 0:
        raise ValueError(f"expected a learning rate of 0 or more, found {{lr}}")
    {check if shape.total else ""}super().__init__(params, dict({stored}))
"""


def _counter(shape: Shape) -> str:
    if not shape.counts:
        return ""
    return '''
def add_param_group(self, param_group):
    super().add_param_group(param_group)
    group = self.param_groups[-1]
    group.setdefault("step", torch.zeros((), dtype=torch.float64))
    self._place_counter(group)

def __setstate__(self, state):
    super().__setstate__(state)
    for group in self.param_groups:
        self._place_counter(group)

def _place_counter(self, group):
    """Keep the count of steps where it can be read without waiting for the device."""
    device = group["params"][0].device if group["capturable"] else "cpu"
    group["step"] = group["step"].to(device)
'''


def _shared(shape: Shape) -> str:
    scalars = shape.scalars
    given = {"lr": 'group["lr"]', "step": 'group["step"]', "total": 'group["total_steps"]'}
    lines = ['group["step"] += 1'] if shape.counts else []
    lines += [f"{n} = {given[n]}" for n in scalars.inputs]
    # A number that lives in a tensor is read here, once, unless that would make the host wait.
    waits = 'if not (group["capturable"] or torch.compiler.is_compiling()):'
    if scalars.plain:
        read = [n for n in scalars.inputs if n != "total"]
        if read:
            lines += [waits, *(f"    {n} = float({n})" for n in read)]
        lines += [*scalars.lines, f"return {tuple_of(scalars.parameters)}"]
    else:
        lines += [f"{n} = as_tensor({n}, step)" for n in scalars.inputs if n != "step"]
        lines += [*scalars.lines, f"shared = {tuple_of(scalars.parameters)}", waits]
        lines += ["    shared = tuple(float(x) for x in shared)", "return shared"]
    doc = "Count the step and compute" if shape.counts else "Return"
    return function("_shared(self, group)", f"{doc} what all tensors of a group share.", lines)


def _tensors(shape: Shape) -> str:
    states = tuple_of([f'"{s}"' for s in shape.states])
    fill = f"""\
        state = self.state[p]
        if not state:
            for name in {states}:
                state[name] = torch.zeros_like(p, memory_format=torch.preserve_format)
"""
    fill = fill if shape.states else ""
    # A matrix without elements has counts of 0, and nothing to change.
    idle = "p.grad is None or not p.numel()" if shape.matrix else "p.grad is None"
    held = "".join(f', state["{s}"]' for s in shape.states)
    return f'''
def _tensors(self, group):
    """Return weight, gradient and states of each parameter that has a gradient."""
    found = []
    for p in group["params"]:
        if {idle}:
            continue
        if p.grad.is_sparse or p.is_complex():
            raise RuntimeError("{shape.name} needs dense, real gradients; found others")
{fill}        found.append([p, p.grad{held}])
    return found
'''


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
